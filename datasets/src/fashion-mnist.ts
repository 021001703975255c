import { checkKeys, type FormatError } from "@selvedge/core"
import { checkSha256, gunzip, isGzip, malformed } from "./bytes.ts"
import { fashionClassNames, type GarmentOptions, syntheticGarments } from "./garments.ts"
import { readIdx } from "./idx.ts"
import type { ImageDataset, LabelledImages } from "./images.ts"
import { type DatasetFile, type DatasetSpec, type ObtainOptions, obtain, obtainKeys } from "./obtain.ts"

/** Options of `fashionMnist.load`. */
export interface FashionMnistOptions extends ObtainOptions {
  /** Seed of the synthetic garments, where they stand in; default 42. */
  readonly seed?: number
  /** How many synthetic garments to draw; default 60,000 and 10,000. */
  readonly synthetic?: Pick<GarmentOptions, "train" | "test">
}

function idxFile(name: string, maxBytes: number, shape: readonly number[], sha256: string): DatasetFile<Uint8Array> {
  const inflated = shape.reduce((a, b) => a * b, 1) + 4 + 4 * shape.length
  return {
    names: [`${name}.gz`, name],
    maxBytes: Math.max(maxBytes, inflated),
    async open(bytes, place) {
      // One byte above the right size, so that a longer file is told apart by its header and not by this limit.
      const content = isGzip(bytes) ? await gunzip(bytes, place, inflated + 1) : bytes
      const array = readIdx(content, place)
      if (!(array.data instanceof Uint8Array) || array.shape.join() !== shape.join()) {
        throw wrongArray(place, array, shape)
      }
      await checkSha256(content, sha256, place)
      return array.data
    },
  }
}

function wrongArray(file: string, array: ReturnType<typeof readIdx>, shape: readonly number[]): FormatError {
  const type = array.data.constructor.name.replace("Array", "").toLowerCase()
  return malformed("the IDX file holds another array", {
    file,
    offset: "2 (type, rank and dimensions)",
    expected: `uint8 ${shape.join(" x ")}`,
    found: `${type} ${array.shape.join(" x ")}`,
  })
}

/** The publisher's files and the SHA-256 of each when inflated. */
export const fashionMnistSpec: DatasetSpec<Uint8Array> = {
  key: "fashion-mnist",
  title: "Fashion-MNIST",
  layouts: [
    {
      folders: ["", "fashion-mnist"],
      files: [
        idxFile(
          "train-images-idx3-ubyte",
          30_000_000,
          [60_000, 28, 28],
          "c59f468a2f672dc815687fe0f83887768d799fd8a3f3276145d20f83aa44d888",
        ),
        idxFile(
          "train-labels-idx1-ubyte",
          60_100,
          [60_000],
          "bad3541b69d912435c50bb6ba87bec294ff4f6a2e1246121d8633921760443d9",
        ),
        idxFile(
          "t10k-images-idx3-ubyte",
          6_000_000,
          [10_000, 28, 28],
          "5b4141f0afbad91edebe8549f8fcffe087ea10ca49f1dbef5c9a5cd8815ce37b",
        ),
        idxFile(
          "t10k-labels-idx1-ubyte",
          10_100,
          [10_000],
          "0402a96d92fd2663957122ceb108a494c5af83dab82d92729df917d7dec38c34",
        ),
      ],
    },
  ],
  mirrors: [
    "http://fashion-mnist.s3-website.eu-central-1.amazonaws.com",
    "https://raw.githubusercontent.com/zalandoresearch/fashion-mnist/master/data/fashion",
  ],
}

/**
 * Loads Fashion-MNIST (Xiao, Rasul, Vollgraf, 2017): 60,000 + 10,000 grey images of 28 x 28 in ten classes.
 *
 * Looks into `options.folder` or the folder that the environment variable `SELVEDGE_DATASETS` names (the files
 * themselves or a folder `fashion-mnist` with them, as published or inflated), then into the user's cache folder, then
 * downloads from the publisher into the cache. Only when no server can be reached, or with `offline`, the result is
 * `syntheticGarments`: source `"synthetic"`, and a description that says so. Every file is checked in full (gzip, IDX
 * header, SHA-256) each time.
 *
 * @throws OptionError when a named folder lacks files; FormatError for a damaged file, which is left as it is;
 *   DownloadError when servers answer but do not give the files; the signal's reason when aborted.
 */
async function load(options: FashionMnistOptions = {}): Promise<ImageDataset> {
  checkKeys("fashionMnist.load", options, [...obtainKeys, "seed", "synthetic"])
  const { seed = 42, synthetic = {}, ...where } = options
  const obtained = await obtain(fashionMnistSpec, where)
  if (obtained.source === "none") {
    const garments = syntheticGarments({ ...synthetic, seed })
    return { ...garments, description: `${garments.description}, in place of Fashion-MNIST: ${obtained.reason}` }
  }
  const [trainImages, trainLabels, testImages, testLabels] = obtained.contents
  const { source, place } = obtained
  const verb = { folder: "from the folder", cache: "from the cache", download: "downloaded from" }[source]
  const train = labelled(trainImages, trainLabels)
  const test = labelled(testImages, testLabels)
  const counts = `${train.labels.length.toLocaleString("en")} training and ${test.labels.length.toLocaleString("en")} test images`
  const description = `Fashion-MNIST, ${counts}, ${verb} ${place}`
  return { source, description, train, test, classNames: fashionClassNames }
}

function labelled(images: Uint8Array = new Uint8Array(0), labels: Uint8Array = new Uint8Array(0)): LabelledImages {
  return { images, labels, shape: [labels.length, 28, 28] }
}

/** Fashion-MNIST. */
export const fashionMnist = { load, classNames: fashionClassNames }
