import { alloc, type Buffer, record, ShapeError, type Tensor } from "@selvedge/core"
import type { mat2d } from "gl-matrix"

/** What is seen beyond the edges of an image, in Keras's names. */
export const fillModes = ["reflect", "wrap", "constant", "nearest"] as const

/** How a value between pixels is found. */
export const interpolations = ["bilinear", "nearest"] as const

/** What `affineSample` may be told. */
export interface AffineOptions {
  readonly fillMode: (typeof fillModes)[number]
  readonly interpolation: (typeof interpolations)[number]
  /** The value beyond the edges, for fill mode `"constant"`. */
  readonly fillValue: number
}

/**
 * Images seen through affine maps, one for each: the output at (x, y) is the input at map (x, y), x to the right and y
 * down in pixels.                                        [b, h, w, c], b maps -> [b, h, w, c]
 *
 *   y  = sum over the pixels around map(x, y) of weight * pixel
 *   dx += weight * dy, to each of those pixels
 *
 * [Keras](https://keras.io/api/ops/image/#affinetransform-function)
 */
export function affineSample(x: Tensor, maps: readonly mat2d[], options: AffineOptions): Tensor {
  const [batch = 0, height = 0, width = 0, channels = 0] = x.shape
  if (x.rank !== 4 || maps.length !== batch) {
    throw new ShapeError("affineSample: takes images [batch, height, width, channels] and a map for each", {
      facts: { x: x.shape, maps: maps.length },
    })
  }
  const taps = new Taps(maps, height, width, options)
  const [a, y] = [x.read(), alloc(x.size)]
  gather(a, y, taps, channels, options.fillValue)
  return record("affineSample", y, x.shape, [x], (dy, dx) => dx && scatter(dy, dx, taps, channels))
}

/** For every output pixel the four input pixels around its place, -1 beyond the edges, and their weights. */
class Taps {
  readonly pixels: Int32Array
  readonly weights: Float64Array
  readonly #height: number
  readonly #width: number
  readonly #options: AffineOptions

  constructor(maps: readonly mat2d[], height: number, width: number, options: AffineOptions) {
    this.#height = height
    this.#width = width
    this.#options = options
    const size = height * width
    this.pixels = new Int32Array(4 * size * maps.length)
    this.weights = new Float64Array(4 * size * maps.length)
    for (const [image, [a = 1, b = 0, c = 0, d = 1, tx = 0, ty = 0]] of maps.entries()) {
      for (let i = 0; i < size; i++) {
        const [right, down] = [i % width, Math.floor(i / width)]
        this.#put(4 * (image * size + i), image * size, a * right + c * down + tx, b * right + d * down + ty)
      }
    }
  }

  #put(at: number, first: number, right: number, down: number): void {
    const nearest = this.#options.interpolation === "nearest"
    const [left, top] = nearest ? [Math.round(right), Math.round(down)] : [Math.floor(right), Math.floor(down)]
    const [u, v] = nearest ? [0, 0] : [right - left, down - top]
    for (let k = 0; k < 4; k++) {
      const [i, j] = [k % 2, k >> 1]
      const pixel = this.#pixel(left + i, top + j)
      this.pixels[at + k] = pixel < 0 ? -1 : first + pixel
      this.weights[at + k] = (i === 1 ? u : 1 - u) * (j === 1 ? v : 1 - v)
    }
  }

  #pixel(right: number, down: number): number {
    const { fillMode } = this.#options
    const [column, row] = [inside(right, this.#width, fillMode), inside(down, this.#height, fillMode)]
    return column < 0 || row < 0 ? -1 : row * this.#width + column
  }
}

/** The place on an axis of n pixels that a place beyond its ends shows; -1 for none. */
function inside(i: number, n: number, fillMode: AffineOptions["fillMode"]): number {
  if (i >= 0 && i < n) return i
  if (fillMode === "constant") return -1
  if (fillMode === "nearest") return i < 0 ? 0 : n - 1
  if (fillMode === "wrap") return ((i % n) + n) % n
  const twice = ((i % (2 * n)) + 2 * n) % (2 * n)
  return twice < n ? twice : 2 * n - 1 - twice
}

function gather(x: Buffer, y: Buffer, taps: Taps, channels: number, fillValue: number): void {
  const { pixels, weights } = taps
  for (let i = 0; i < pixels.length / 4; i++) {
    for (let c = 0; c < channels; c++) {
      let sum = 0
      for (let k = 4 * i; k < 4 * i + 4; k++) {
        const pixel = pixels[k] ?? -1
        const value = pixel < 0 ? fillValue : (x[pixel * channels + c] ?? 0)
        const weight = weights[k] ?? 0
        if (weight !== 0) sum += weight * value
      }
      y[i * channels + c] = sum
    }
  }
}

function scatter(dy: Buffer, dx: Buffer, taps: Taps, channels: number): void {
  const { pixels, weights } = taps
  for (let k = 0; k < pixels.length; k++) {
    const pixel = pixels[k] ?? -1
    if (pixel < 0) continue
    for (let c = 0; c < channels; c++) {
      const at = pixel * channels + c
      dx[at] = (dx[at] ?? 0) + (weights[k] ?? 0) * (dy[(k >> 2) * channels + c] ?? 0)
    }
  }
}
