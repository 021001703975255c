import { describe, OptionError } from "../../errors.ts"
import { finishRuns } from "../../kernels/queue.ts"
import { alloc, type Buffer, isFloat64 } from "../../storage.ts"
import { isTensor, Tensor } from "../../tensor.ts"

// What nearly every op needs, so that an op's file begins with its mathematics.
export { attach, byKernels, record, recordProducts, recordVectorized } from "../../autograd.ts"
export { vectorized } from "../../kernels/vectorized.ts"
export { type Shape, sizeOf } from "../../shape.ts"
export { alloc, allocZeros, type Buffer } from "../../storage.ts"
export { type Tensor, wrap } from "../../tensor.ts"

/**
 * The buffer of an op's input, wherever it lives.
 * @throws OptionError for anything but a tensor, and for a tensor of another copy of this library: its order of creation
 *   and its `noGrad` are not this copy's, so a graph through both would be silently wrong.
 */
export function read(op: string, x: Tensor): Buffer {
  const buffer = operand(op, x)
  finishRuns()
  return buffer
}

/** The same for an op every loop of which is `vectorized`: kernels may still be computing what it holds. */
export function operand(op: string, x: Tensor): Buffer {
  if (x instanceof Tensor) return x.operand()
  throw isTensor(x) ? foreign(op) : notATensor(op, x)
}

/** An op's input, and what a `vectorized` loop makes of it, number by number. */
export function mapped(op: string, x: Tensor, forward: (x: Buffer, y: Buffer) => void): [x: Buffer, y: Buffer] {
  const [a, y] = [operand(op, x), alloc(x.size)]
  forward(a, y)
  return [a, y]
}

/** A buffer of zeros that outlives every step, for tensors that are made rather than computed. */
export function heap(size: number): Buffer {
  return isFloat64() ? new Float64Array(size) : new Float32Array(size)
}

function foreign(op: string): OptionError {
  return new OptionError(`${op}: this tensor belongs to another copy of @selvedge/core`, {
    rule: "all tensors of a computation come from one copy of the library",
    hint: "find the copies with: npm ls @selvedge/core; or pass the numbers: tensor(x.data, x.shape)",
  })
}

function notATensor(op: string, x: unknown): OptionError {
  return new OptionError(`${op}: needs a tensor, got ${Array.isArray(x) ? "an array" : describe(x)}`, {
    hint: "make one with tensor(values)",
  })
}
