import { finishRuns } from "../../kernels/queue.ts"
import * as simd from "../../kernels/simd/index.ts"
import { vectorized } from "../../kernels/vectorized.ts"
import { fillWords } from "../../random/philox.ts"
import { type Stream, truncatedNormalOf, uniformOf } from "../../random/stream.ts"
import type { Buffer } from "../../storage.ts"

/** Numbers made at a time: the copies that kernels write stay in the nearest memory. A multiple of 16. */
const part = 8192
/** Fewer are not worth the assembling of a kernel. */
const least = 2048

type Bits = [low: number, high: number]
type Fill = (
  out: Buffer,
  block: number,
  ...keyAndCounter: [number, number, number, number, number, ...factor: Bits, ...offset: Bits]
) => void

/**
 * out = factor u + offset, with the numbers u of `stream.uniform(out)`: the first values of a weight, made in one pass.
 * The sum is rounded once, to the precision of `out`.
 */
export function fillUniform(out: Buffer, stream: Stream, factor = 1, offset = 0): void {
  fill(out.length < least ? uniformLoop : scaledUniform, out, stream, factor, offset)
}

/** out = factor z + offset, with the numbers z of `stream.truncatedNormal(out)`. */
export function fillTruncatedNormal(out: Buffer, stream: Stream, factor = 1, offset = 0): void {
  fill(out.length < least ? truncatedNormalLoop : scaledTruncatedNormal, out, stream, factor, offset)
}

function fill(kernel: Fill, out: Buffer, { key, counter }: Stream, factor: number, offset: number): void {
  const [, c1, c2, c3] = counter
  for (let first = 0; first < out.length; first += part) {
    kernel(out.subarray(first, first + part), first / 4, ...key, c1, c2, c3, ...bitsOf(factor), ...bitsOf(offset))
  }
  finishRuns()
}

const uniformLoop = loop(uniformOf)
const truncatedNormalLoop = loop(truncatedNormalOf)
const scaledUniform = vectorized("scaledUniform", uniformLoop, simd.scaledUniform)
const scaledTruncatedNormal = vectorized("scaledTruncatedNormal", truncatedNormalLoop, simd.scaledTruncatedNormal)

function loop(imageOf: (word: number) => number): Fill {
  return (out, block, k0, k1, c1, c2, c3, ...numbers) => {
    const [factor = 1, offset = 0] = new Float64Array(Int32Array.from(numbers).buffer)
    const words = new Uint32Array(out.length)
    fillWords(words, 4 * block, words.length, [k0, k1], [0, c1, c2, c3])
    for (let i = 0; i < out.length; i++) out[i] = imageOf(words[i])
    for (let i = 0; i < out.length; i++) out[i] = factor * out[i] + offset
  }
}

/** A double as two integers, which is how a kernel takes it. */
function bitsOf(value: number): Bits {
  const [low = 0, high = 0] = new Int32Array(Float64Array.of(value).buffer)
  return [low, high]
}
