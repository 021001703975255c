import { alloc, type Buffer, finishRuns, simd, vectorizedLater } from "@selvedge/core"
import type { CommonOptions } from "./settings.ts"

/** y = x * factor. */
export const scaleInto = vectorizedLater(
  "scaleInto",
  (x: Buffer, y: Buffer, factor: number) => {
    for (let i = 0; i < x.length; i++) y[i] = x[i]! * factor
  },
  simd.scaleInto,
)

/** y = x cut to [-limit, limit]. */
const clipInto = vectorizedLater(
  "clipInto",
  (x: Buffer, y: Buffer, limit: number) => {
    for (let i = 0; i < x.length; i++) y[i] = Math.max(-limit, Math.min(limit, x[i]!))
  },
  simd.clipInto,
)

/** sum += x. */
export const addInto = vectorizedLater(
  "addInto",
  (x: Buffer, sum: Buffer) => {
    for (let i = 0; i < x.length; i++) sum[i]! += x[i]!
  },
  simd.accumulate,
)

/** w -= w * rate. */
export const decayInto = vectorizedLater(
  "decayInto",
  (w: Buffer, rate: number) => {
    for (let i = 0; i < w.length; i++) w[i]! -= w[i]! * rate
  },
  simd.decayInto,
)

/** average += share * (w - average). */
export const averageInto = vectorizedLater(
  "averageInto",
  (w: Buffer, average: Buffer, share: number) => {
    for (let i = 0; i < w.length; i++) average[i]! += share * (w[i]! - average[i]!)
  },
  simd.averageInto,
)

/** x * factor in a buffer of its own; x itself when nothing changes. */
export function scaled(x: Buffer, factor: number): Buffer {
  if (factor === 1) return x
  const y = alloc(x.length)
  scaleInto(x, y, factor)
  return y
}

/**
 * The gradients an update may use: cut entry by entry (`clipvalue`), each scaled to a norm (`clipnorm`), or all to a
 * joint norm (`globalClipnorm`), as Keras does. The given ones are left alone.
 */
export function clip(gradients: readonly Buffer[], options: CommonOptions): readonly Buffer[] {
  const { clipnorm, clipvalue, globalClipnorm } = options
  if (clipnorm !== null) return gradients.map(g => scaled(g, clipnorm / Math.max(Math.sqrt(squares(g)), clipnorm)))
  if (globalClipnorm !== null) {
    const norm = Math.sqrt(gradients.reduce((sum, g) => sum + squares(g), 0))
    return gradients.map(g => scaled(g, globalClipnorm / Math.max(norm, globalClipnorm)))
  }
  if (clipvalue !== null) return gradients.map(g => clipped(g, clipvalue))
  return gradients
}

function clipped(x: Buffer, limit: number): Buffer {
  const y = alloc(x.length)
  clipInto(x, y, limit)
  return y
}

/** The sum of squares, in double. */
export function squares(x: Buffer): number {
  const norms = alloc(2 * Math.ceil(x.length / normBlock))
  squareNorms(x, norms)
  finishRuns()
  let sum = 0
  for (let i = 0; i < norms.length; i += 2) {
    const norm = norms[i] === Infinity ? Infinity : norms[i]! + norms[i + 1]!
    sum += norm * norm
  }
  return sum
}

/** How many numbers each pair of `squareNorms` stands for. */
const normBlock = 1024

/**
 * The norms of blocks of 1,024 numbers, each as a float32 and the float32 that it lacks. Squares are summed in double in
 * eight lanes, so that a SIMD kernel and any number of threads give the same bits.
 */
const squareNorms = vectorizedLater(
  "squareNorms",
  (x: Buffer, norms: Buffer) => {
    const lanes = new Float64Array(8)
    for (let start = 0, at = 0; start < x.length; start += normBlock, at += 2) {
      lanes.fill(0)
      const end = Math.min(start + normBlock, x.length)
      for (let i = start; i < end; i++) lanes[i & 7]! += x[i]! * x[i]!
      const [a = 0, b = 0, c = 0, d = 0, e = 0, f = 0, g = 0, h = 0] = lanes
      const norm = Math.sqrt(a + c + (e + g) + (b + d + (f + h)))
      norms[at] = norm
      norms[at + 1] = norm - norms[at]!
    }
  },
  simd.squareNorms,
)
