import { describe, OptionError, ShapeError } from "@selvedge/core"

/** Images of one byte per value with a label each. */
export interface LabelledImages {
  /** Row-major, of `shape`. */
  readonly images: Uint8Array
  /** One class per image, counted from 0. */
  readonly labels: Uint8Array
  /** `[count, height, width]` or `[count, height, width, channels]`. */
  readonly shape: readonly number[]
}

/** A data set in its two parts. */
export interface ImageDataset {
  /** Where it came from; `"synthetic"` is drawn here and is not the data set that was asked for. */
  readonly source: "folder" | "cache" | "download" | "synthetic"
  /** One line for the user. It contains the word "synthetic" where the images are. */
  readonly description: string
  readonly train: LabelledImages
  readonly test: LabelledImages
  /** Names by label. */
  readonly classNames: readonly string[]
}

/**
 * Images `begin` to `end` (exclusive) as `Array.slice` counts them, sharing memory: `sliceImages(train, 0, 5000)` holds
 * the first 5,000 out, `sliceImages(train, 5000)` leaves the rest.
 */
export function sliceImages(set: LabelledImages, begin: number, end?: number): LabelledImages {
  const [count = 0, ...rest] = set.shape
  const size = rest.reduce((a, b) => a * b, 1)
  const labels = set.labels.subarray(begin, end)
  const first = Math.min(count, Math.max(0, begin < 0 ? count + begin : begin))
  const images = set.images.subarray(first * size, (first + labels.length) * size)
  return { images, labels, shape: [labels.length, ...rest] }
}

/** Pixels of 0 to 255 as float32 numbers of 0 to 1: float32(pixel) / float32(255), rounded once, as NumPy does it. */
export function scaleImages(pixels: Uint8Array): Float32Array {
  const table = Float32Array.from({ length: 256 }, (_, pixel) => pixel / 255)
  const out = new Float32Array(pixels.length)
  for (let i = 0; i < out.length; i++) out[i] = table[pixels[i] ?? 0] ?? 0
  return out
}

/** What `standardize` returns. */
export interface Standardized {
  readonly train: Float32Array
  readonly others: Float32Array[]
  /** Per pixel, over the training images. */
  readonly mean: Float32Array
  /** Per pixel, over the training images; biased (divided by their number), as NumPy's `std`. */
  readonly std: Float32Array
}

/**
 * Standardizes images pixel by pixel with the training images' mean and standard deviation (Géron, chapter 11):
 *
 *     out[n, p] = (x[n, p] - mean[p]) / std[p]
 *
 * Sums are in float64, each step of the formula is rounded to float32. A pixel that is the same in all training images
 * has no deviation to divide by; it is divided by 1. Nothing is changed in place.
 *
 * @param train [count, pixels], flat.
 * @param others validation and test images, flat, to be treated alike.
 * @param pixels values per image, default 784.
 * @throws ShapeError when a length is not a multiple of `pixels`, or there is no training image.
 */
export function standardize(train: Float32Array, others: readonly Float32Array[] = [], pixels = 784): Standardized {
  for (const images of [train, ...others]) checkRows("standardize", images.length, pixels)
  const count = train.length / pixels
  if (count === 0) throw new ShapeError("standardize: there is no training image")
  const mean = columnMeans(train, pixels, value => value)
  const variance = columnMeans(train, pixels, (value, p) => (value - (mean[p] ?? 0)) * (value - (mean[p] ?? 0)))
  const shift = Float32Array.from(mean)
  const std = Float32Array.from(variance, value => Math.sqrt(value))
  const apply = (images: Float32Array) => {
    const out = new Float32Array(images.length)
    for (let i = 0; i < out.length; i++) {
      const p = i % pixels
      out[i] = Math.fround((images[i] ?? 0) - (shift[p] ?? 0)) / (std[p] || 1)
    }
    return out
  }
  return { train: apply(train), others: others.map(apply), mean: shift, std }
}

function columnMeans(x: Float32Array, columns: number, f: (value: number, column: number) => number): Float64Array {
  const sums = new Float64Array(columns)
  for (let i = 0; i < x.length; i++) {
    const column = i % columns
    sums[column] = (sums[column] ?? 0) + f(x[i] ?? 0, column)
  }
  const rows = x.length / columns
  return sums.map(sum => sum / rows)
}

/** One side of the chapter's split. */
export interface SplitPart<X, Y> {
  readonly images: X
  readonly labels: Y
}

/**
 * The split for transfer learning (Géron, chapter 11, `split_dataset`): B has the sandals (5) and shirts (6) with a
 * label 1 for shirts and 0 for sandals, A the other eight classes, counted anew from 0 to 7 (7, 8, 9 become 5, 6, 7).
 * Both keep the order of the images and are copies.
 *
 * @param images [count, pixels], flat, of either type.
 * @throws ShapeError when the images are not a whole number per label; OptionError for a label above 9.
 */
export function splitDataset<T extends Uint8Array | Float32Array>(
  images: T,
  labels: Uint8Array,
): { readonly A: SplitPart<T, Uint8Array>; readonly B: SplitPart<T, Float32Array> } {
  if (labels.length === 0) throw new ShapeError("splitDataset: there is no image")
  checkRows("splitDataset", images.length, labels.length)
  const rowsA: number[] = []
  const rowsB: number[] = []
  for (const [row, label] of labels.entries()) {
    if (label > 9) throw new OptionError(`splitDataset: label ${describe(label)} of image ${row} is not 0 to 9`)
    if (label === 5 || label === 6) rowsB.push(row)
    else rowsA.push(row)
  }
  const size = images.length / labels.length
  const at = (row: number) => labels[row] ?? 0
  return {
    A: { images: takeRows(images, rowsA, size), labels: Uint8Array.from(rowsA, r => (at(r) > 6 ? at(r) - 2 : at(r))) },
    B: { images: takeRows(images, rowsB, size), labels: Float32Array.from(rowsB, r => (at(r) === 6 ? 1 : 0)) },
  }
}

function takeRows<T extends Uint8Array | Float32Array>(images: T, rows: readonly number[], size: number): T {
  const out = images.slice(0, rows.length * size) as T
  for (const [i, row] of rows.entries()) out.set(images.subarray(row * size, (row + 1) * size), i * size)
  return out
}

function checkRows(owner: string, length: number, divisor: number): void {
  if (Number.isInteger(divisor) && divisor > 0 && length % divisor === 0) return
  throw new ShapeError(`${owner}: ${length} values are no whole number of images`, {
    facts: { values: length, divisor },
    rule: "values = images x values per image",
  })
}
