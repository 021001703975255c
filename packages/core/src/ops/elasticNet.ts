import { checkNumber } from "../errors.ts"
import { finishRuns } from "../kernels/queue.ts"
import * as simd from "../kernels/simd/index.ts"
import { isFloat64 } from "../storage.ts"
import { alloc, type Buffer, read, record, type Tensor, vectorized } from "./shared/op.ts"

/**
 * The penalty of an elastic net, in double.                               [...] -> []
 *
 *   y  = l1 sum |x| + l2 sum x²
 *   dx += (l1 sign(x) + 2 l2 x) dy
 *
 * A factor of 0 leaves out its sum, also where that is infinite.
 * @throws OptionError unless both factors are numbers of a size below 1e38.
 */
export function elasticNet(x: Tensor, l1: number, l2: number): Tensor {
  for (const [name, factor] of Object.entries({ l1, l2 })) checkNumber("elasticNet", name, factor, limits)
  const [a, y] = [read("elasticNet", x), alloc(1)]
  y[0] = elasticSum(a, l1, l2)
  return record("elasticNet", y, [], [x], (dy, dx) => dx && elasticBackward(a, dx, l1 * dy[0], 2 * l2 * dy[0]))
}

const limits = { min: -1e38, max: 1e38 }
/** How many numbers each part of the sum stands for. */
const block = 1024

/** l1 sum |x| + l2 sum x², with l1 and l2 rounded as the numbers of x are. Internal. */
export function elasticSum(x: Buffer, l1: number, l2: number): number {
  const parts = alloc(2 * Math.ceil(x.length / block))
  const [first, second] = isFloat64() ? [l1, l2] : [l1, l2].map(Math.fround)
  elasticParts(x, parts, first, second)
  finishRuns()
  return new Float64Array(parts.buffer, parts.byteOffset, parts.length / 2).reduce((sum, part) => sum + part, 0)
}

/** The sums of blocks of 1,024 numbers, in double in eight lanes: the same bits from a SIMD kernel and any number of threads. */
const elasticParts = vectorized(
  "elasticParts",
  (x: Buffer, parts: Buffer, l1: number, l2: number) => {
    const sums = new Float64Array(parts.buffer, parts.byteOffset, Math.ceil(x.length / block))
    const lanes = new Float64Array(8)
    for (let b = 0; b < sums.length; b++) {
      lanes.fill(0)
      const end = Math.min((b + 1) * block, x.length)
      for (let i = b * block; i < end; i++) lanes[i & 7] += Math.abs(x[i]) * (l1 + (l2 && l2 * Math.abs(x[i])))
      sums[b] = lanes[0] + lanes[2] + (lanes[4] + lanes[6]) + (lanes[1] + lanes[3] + (lanes[5] + lanes[7]))
    }
  },
  simd.elasticParts,
)

const elasticBackward = vectorized(
  "elasticBackward",
  (x: Buffer, dx: Buffer, l1: number, l2: number) => {
    for (let i = 0; i < dx.length; i++) dx[i] += l1 * Math.sign(x[i]) + (l2 && l2 * x[i])
  },
  simd.elasticBackward,
)
