import { type Buffer, checkNumber, type Shape, ShapeError, type Stream, sizeOf } from "@selvedge/core"
import { nameOfClass } from "../configurable.ts"
import { Initializer, type SeedOptions } from "./initializer.ts"

/** Options of `Orthogonal`. */
export interface OrthogonalOptions extends SeedOptions {
  /** Factor on the orthogonal matrix. Default 1. */
  readonly gain?: number
}

/**
 * A random orthogonal matrix times `gain`, every one equally likely: Q of the QR decomposition of a matrix of normal
 * numbers, with the signs that make R's diagonal positive. A weight of more than two axes is seen as
 * [all but the last, last]; the longer side's vectors are orthonormal across the shorter one.
 * [Keras](https://keras.io/api/layers/initializers/#orthogonal-class); Saxe et al., "Exact solutions to the nonlinear
 * dynamics of learning in deep linear neural networks", 2014.
 */
export class Orthogonal extends Initializer {
  static override readonly className: string = "Orthogonal"
  readonly gain: number

  /** @throws OptionError for an unknown option or a gain that is not a number. */
  constructor(options: OrthogonalOptions = {}) {
    super(options, ["gain", "seed"])
    this.gain = checkNumber(nameOfClass(new.target), "gain", options.gain ?? 1)
  }

  /** @throws ShapeError for a weight of fewer than two axes. */
  fill(out: Buffer, shape: Shape, from: Stream): void {
    const columns = shape[shape.length - 1]
    if (shape.length < 2 || columns === undefined) {
      throw new ShapeError("Orthogonal: needs at least two axes", { facts: { weight: shape } })
    }
    const rows = sizeOf(shape.slice(0, -1))
    const [count, length] = [Math.min(rows, columns), Math.max(rows, columns)]
    const vectors = orthonormal(from.normal(new Float64Array(count * length)), count, length)
    const upright = rows >= columns
    for (let v = 0; v < count; v++) {
      for (let i = 0; i < length; i++) {
        out[upright ? i * columns + v : v * columns + i] = this.gain * (vectors[v * length + i] ?? 0)
      }
    }
  }

  override options(): Record<string, unknown> {
    return { gain: this.gain, seed: this.seed }
  }
}

/** Makes `count` vectors of `length` orthonormal, one after the other (Gram and Schmidt, done twice against rounding). */
function orthonormal(vectors: Float64Array, count: number, length: number): Float64Array {
  for (let v = 0; v < count; v++) {
    const own = vectors.subarray(v * length, (v + 1) * length)
    for (let pass = 0; pass < 2; pass++) {
      for (let u = 0; u < v; u++) {
        const other = vectors.subarray(u * length, (u + 1) * length)
        const along = dot(own, other)
        for (let i = 0; i < length; i++) own[i] = (own[i] ?? 0) - along * (other[i] ?? 0)
      }
    }
    const norm = Math.sqrt(dot(own, own))
    for (let i = 0; i < length; i++) own[i] = (own[i] ?? 0) / norm
  }
  return vectors
}

function dot(a: Float64Array, b: Float64Array): number {
  let sum = 0
  for (let i = 0; i < a.length; i++) sum += (a[i] ?? 0) * (b[i] ?? 0)
  return sum
}
