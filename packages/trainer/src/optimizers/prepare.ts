import { alloc, type Buffer, elasticSum, simd, vectorizedLater } from "@selvedge/core"
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
  if (clipnorm !== null)
    return gradients.map(g => scaled(g, clipnorm / Math.max(Math.sqrt(elasticSum(g, 0, 1)), clipnorm)))
  if (globalClipnorm !== null) {
    const norm = Math.sqrt(gradients.reduce((sum, g) => sum + elasticSum(g, 0, 1), 0))
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
