import { ShapeError } from "../../errors.ts"
import * as simd from "../../kernels/simd/index.ts"
import { vectorized } from "../../kernels/vectorized.ts"
import { fillWords } from "../../random/philox.ts"
import type { Stream } from "../../random/stream.ts"
import { broadcastShapes, sameShape, sizeOf } from "../../shape.ts"
import { alloc, type Buffer } from "../../storage.ts"
import type { Tensor } from "../../tensor.ts"
import { spread } from "./stretch.ts"

/** What a dropout may be told besides its rate. */
export interface NoiseOptions {
  /** The shape in which numbers are drawn: 1 along an axis that shares them, null for all of that axis. */
  readonly noiseShape?: readonly (number | null)[] | null
}

/** One uniform number for each entry of x, those along shared axes the same. */
export function drawUniform(op: string, x: Tensor, stream: Stream, options: NoiseOptions): Buffer {
  const shape = options.noiseShape?.map((n, i) => n ?? x.shape[i] ?? 1) ?? x.shape
  if (!sameShape(broadcastShapes(op, shape, x.shape), x.shape)) {
    throw new ShapeError(`${op}: the noise shape is larger than the input`, { facts: { x: x.shape, noise: shape } })
  }
  const numbers = alloc(sizeOf(shape))
  const [, c1, c2, c3] = stream.counter
  philoxUniform(numbers, ...stream.key, c1, c2, c3)
  return spread(numbers, shape, x.shape)
}

/** The first numbers of the stream with this key and counter, as `Stream.uniform` gives them. */
const philoxUniform = vectorized(
  "philoxUniform",
  (out: Buffer, k0: number, k1: number, c1: number, c2: number, c3: number) => {
    const words = new Uint32Array(out.length)
    fillWords(words, 0, words.length, [k0, k1], [0, c1, c2, c3])
    for (let i = 0; i < out.length; i++) out[i] = (words[i] >>> 8) / 16777216
  },
  simd.philoxUniform,
)
