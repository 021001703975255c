import { existsSync } from "node:fs"
import { join } from "node:path"
import {
  cifar10,
  type FashionMnistOptions,
  fashionMnist,
  type ImageDataset,
  type LabelledImages,
  scaleImages,
  sliceImages,
  splitDataset,
  standardize,
} from "@selvedge/datasets"
import { bytesDataset } from "@selvedge/trainer"

/** How many training images, the first ones, are held out for validation throughout the chapter. */
export const heldOut = 5_000

/** Which images: Fashion-MNIST, its classes without sandals and shirts, these two alone, or CIFAR-10. */
export type Images = "fashion" | "A" | "B" | "cifar10"

/** Pixels from 0 to 255, from 0 to 1, or with mean 0 and deviation 1 at each place of the training images. */
export type Pixels = "bytes" | "scaled" | "standardized"

/** A data set as the chapter splits it. */
export interface ChapterData {
  readonly source: ImageDataset["source"]
  readonly description: string
  readonly classNames: readonly string[]
  readonly train: LabelledImages
  readonly validation: LabelledImages
  readonly test: LabelledImages
}

/** Images with their labels as a trainer takes them: `fit(x, y)`. A dataset brings its labels itself; y is null then. */
export interface Examples {
  readonly x: unknown
  readonly y: unknown
  readonly count: number
}

/** The three parts of a data set, ready to be trained on. */
export interface Prepared {
  readonly train: Examples
  readonly validation: Examples
  readonly test: Examples
}

/** Loads the images, from the folder named or wherever they are found, and holds the first 5,000 out. */
export async function loadChapterData(options: FashionMnistOptions = {}): Promise<ChapterData> {
  return holdOut(await fashionMnist.load(options))
}

function holdOut({ train, test, source, description, classNames }: ImageDataset): ChapterData {
  // A smaller set (of synthetic garments, say) holds out the same share.
  const held = Math.min(heldOut, Math.floor(train.labels.length / 12))
  return {
    source,
    description,
    classNames,
    train: sliceImages(train, held),
    validation: sliceImages(train, 0, held),
    test,
  }
}

/** How many images of each part a quick run has. */
const few = { train: 640, validation: 160, test: 320 }

/** What `loadImages` is told. */
export interface LoadOptions {
  readonly folder?: string | undefined
  /** Few images, and never a download. */
  readonly quick?: boolean
  readonly onProgress?: NonNullable<FashionMnistOptions["onProgress"]>
}

/** Fashion-MNIST or CIFAR-10 in the chapter's split, of a quick run the first images of it. */
export async function loadImages(images: Images, options: LoadOptions = {}): Promise<ChapterData> {
  const { folder, quick = false, onProgress } = options
  const total = few.train + few.validation
  const common = {
    ...(quick ? { offline: true, synthetic: { train: total * 2, test: few.test } } : {}),
    ...(onProgress ? { onProgress } : {}),
  }
  const named = folder !== undefined && (images !== "cifar10" || holdsCifar10(folder)) ? { folder } : {}
  const data =
    images === "cifar10"
      ? holdOut(await cifar10.load({ ...common, ...named }))
      : await loadChapterData({ ...common, ...named })
  return quick ? firstImages(data) : data
}

// A folder named on the command line need not have the images of the last exercise, too.
function holdsCifar10(folder: string): boolean {
  return ["cifar-10-binary.tar.gz", "cifar-10", "cifar-10-batches-bin"].some(name => existsSync(join(folder, name)))
}

function firstImages(data: ChapterData): ChapterData {
  const { train, validation, test } = data
  return {
    ...data,
    train: sliceImages(train, 0, few.train),
    validation: sliceImages(validation, 0, few.validation),
    test: sliceImages(test, 0, few.test),
  }
}

/** How many images of B are trained on: too few to learn much from. */
export const imagesOfB = 200

/** Fashion-MNIST without sandals and shirts (A), or sandals and shirts alone (B), of which 200 are trained on. */
export function partOf(data: ChapterData, part: "A" | "B"): ChapterData {
  const take = ({ images, labels, shape }: LabelledImages): LabelledImages => {
    const split = splitDataset(images, labels)[part]
    return {
      images: split.images,
      labels: Uint8Array.from(split.labels),
      shape: [split.labels.length, ...shape.slice(1)],
    }
  }
  const isB = (name: string) => name === data.classNames[5] || name === data.classNames[6]
  const train = take(data.train)
  return {
    ...data,
    classNames: data.classNames.filter(name => isB(name) === (part === "B")),
    train: part === "B" ? sliceImages(train, 0, imagesOfB) : train,
    validation: take(data.validation),
    test: take(data.test),
  }
}

/** Images as a trainer takes them: bytes, as they are or divided by 255, batch by batch; or standardized numbers. */
export function prepare(data: ChapterData, pixels: Pixels = "scaled"): Prepared {
  const { train, validation, test } = data
  if (pixels !== "standardized") {
    const decode = decoded(pixels === "bytes" ? 1 : 1 / 255)
    return { train: decode(train), validation: decode(validation), test: decode(test) }
  }
  const size = train.images.length / train.labels.length
  const parts = standardize(
    scaleImages(train.images),
    [validation, test].map(part => scaleImages(part.images)),
    size,
  )
  const [ofValidation = new Float32Array(0), ofTest = new Float32Array(0)] = parts.others
  return {
    train: numbers(parts.train, train),
    validation: numbers(ofValidation, validation),
    test: numbers(ofTest, test),
  }
}

const decoded =
  (scale: number) =>
  ({ images, labels, shape }: LabelledImages): Examples => ({
    x: bytesDataset({ images, labels, shape: shape.slice(1), scale }),
    y: null,
    count: labels.length,
  })

const numbers = (data: Float32Array, { labels, shape }: LabelledImages): Examples => ({
  x: { data, shape },
  y: { data: labels, shape: [labels.length] },
  count: labels.length,
})

/** The first images of a part as numbers in one batch. */
export function firstExamples({ x }: Examples, count: number): { data: ArrayLike<number>; shape: readonly number[] } {
  if (isShaped(x)) {
    const [all = 0, ...inner] = x.shape
    const size = x.data.length / all
    const n = Math.min(count, all)
    return { data: Array.prototype.slice.call(x.data, 0, n * size), shape: [n, ...inner] }
  }
  const dataset = x as ReturnType<typeof bytesDataset>
  const n = Math.min(count, dataset.length)
  const batch = dataset.batch(Uint32Array.from({ length: n }, (_, i) => i))
  return batch.x as { data: ArrayLike<number>; shape: readonly number[] }
}

function isShaped(x: unknown): x is { data: ArrayLike<number>; shape: readonly number[] } {
  return typeof x === "object" && x !== null && "data" in x && "shape" in x
}
