import { checkKeys } from "@selvedge/core"
import { checkSha256, concatenate, gunzip, malformed } from "./bytes.ts"
import { readCifar10 } from "./cifar.ts"
import type { ImageDataset, LabelledImages } from "./images.ts"
import { type DatasetFile, type DatasetSpec, type ObtainOptions, obtain, obtainKeys } from "./obtain.ts"
import { type ShapeImageOptions, syntheticImages } from "./shapes.ts"
import { readTar } from "./tar.ts"

/** Options of `cifar10.load`. */
export interface Cifar10Options extends ObtainOptions {
  /** Seed of the synthetic images, where they stand in; default 42. */
  readonly seed?: number
  /** How many synthetic images to draw; default 50,000 and 10,000. */
  readonly synthetic?: Pick<ShapeImageOptions, "train" | "test">
}

const classNames = ["airplane", "automobile", "bird", "cat", "deer", "dog", "frog", "horse", "ship", "truck"] as const
/** 10,000 records of 3,073 bytes. */
const BATCH_BYTES = 30_730_000

/** The six batches with the SHA-256 of each; the last is the test set. */
const batches = {
  "data_batch_1.bin": "cee916563c9f80d84e3cc88e17fdc0941787f1244f00a67874d45b261883ada5",
  "data_batch_2.bin": "a591ca11fa1708a91ee40f54b3da4784ccd871ecf2137de63f51ada8b3fa57ed",
  "data_batch_3.bin": "bbe8596564c0f86427f876058170b84dac6670ddf06d79402899d93ceea26f67",
  "data_batch_4.bin": "014e562d6e23c72197cc727519169a60359f5eccd8945ad5a09d710285ff4e48",
  "data_batch_5.bin": "755304fc0b379caeae8c14f0dac912fbc7d6cd469eb67a1029a08a39453a9add",
  "test_batch.bin": "8e2eb146ae340b09e24670f29cabc6326dba54da8789dab6768acf480273f65b",
} as const

type Batches = ReadonlyMap<string, LabelledImages>

const archive: DatasetFile<Batches> = {
  names: ["cifar-10-binary.tar.gz"],
  maxBytes: 171_000_000,
  async open(bytes, place) {
    await checkSha256(bytes, "c4a38c50a1bc5f3a1c5537f2155ab9d68f9f25eb1ed8d9ddda3db29a59bca1dd", place)
    return readArchive(await gunzip(bytes, place, 190_000_000), place)
  },
}

/**
 * The batches in the (inflated) archive of CIFAR-10.
 * @throws FormatError for a damaged archive, and one that lacks a batch.
 */
export function readArchive(tar: Uint8Array, place: string): Batches {
  const files = readTar(tar, place)
  const found = new Map<string, LabelledImages>()
  for (const name of Object.keys(batches)) {
    const path = `cifar-10-batches-bin/${name}`
    const bytes = files.get(path)
    if (!bytes) {
      const listed = [...files.keys()].slice(0, 8).join(", ")
      throw malformed("the archive lacks a file", { file: place, offset: tar.length, expected: path, found: listed })
    }
    found.set(name, readCifar10(bytes, `${place}:${path}`))
  }
  return found
}

function batchFile(name: string, sha256: string): DatasetFile<Batches> {
  return {
    names: [name],
    maxBytes: BATCH_BYTES,
    async open(bytes, place) {
      const images = readCifar10(bytes, place)
      await checkSha256(bytes, sha256, place)
      return new Map([[name, images]])
    },
  }
}

const spec: DatasetSpec<Batches> = {
  key: "cifar-10",
  title: "CIFAR-10",
  layouts: [
    { folders: ["", "cifar-10"], files: [archive] },
    {
      folders: ["", "cifar-10-batches-bin", "cifar-10", "cifar-10/cifar-10-batches-bin"],
      files: Object.entries(batches).map(([name, sha256]) => batchFile(name, sha256)),
    },
  ],
  mirrors: ["https://www.cs.toronto.edu/~kriz"],
  optionalInEnvironment: true,
}

/**
 * Loads CIFAR-10 (Krizhevsky, 2009): 50,000 + 10,000 colour images of 32 x 32 in ten classes, from the archive
 * `cifar-10-binary.tar.gz` or its unpacked files.
 *
 * Looks where `fashionMnist.load` looks, except that a folder of `SELVEDGE_DATASETS` without CIFAR-10 is passed over.
 * Only when no server can be reached, or with `offline`, the result is `syntheticImages`: source `"synthetic"`, other
 * class names, and a description that says so.
 *
 * @throws as `fashionMnist.load`.
 */
async function load(options: Cifar10Options = {}): Promise<ImageDataset> {
  checkKeys("cifar10.load", options, [...obtainKeys, "seed", "synthetic"])
  const { seed = 42, synthetic = {}, ...where } = options
  const obtained = await obtain(spec, where)
  if (obtained.source === "none") {
    const images = syntheticImages({ ...synthetic, seed })
    return { ...images, description: `${images.description}, in place of CIFAR-10: ${obtained.reason}` }
  }
  const all = new Map(obtained.contents.flatMap(content => [...content]))
  const parts = Object.keys(batches).map(name => all.get(name))
  const train = join(parts.slice(0, 5))
  const test = join(parts.slice(5))
  const { source, place } = obtained
  const verb = { folder: "from the folder", cache: "from the cache", download: "downloaded from" }[source]
  const description = `CIFAR-10, ${train.labels.length} training and ${test.labels.length} test images, ${verb} ${place}`
  return { source, description, train, test, classNames }
}

function join(parts: readonly (LabelledImages | undefined)[]): LabelledImages {
  const present = parts.filter(part => part !== undefined)
  const count = present.reduce((sum, part) => sum + part.labels.length, 0)
  const images = concatenate(
    present.map(part => part.images),
    count * 3072,
  )
  const labels = concatenate(
    present.map(part => part.labels),
    count,
  )
  return { images, labels, shape: [count, 32, 32, 3] }
}

/** CIFAR-10. */
export const cifar10 = { load, classNames: classNames as readonly string[] }
