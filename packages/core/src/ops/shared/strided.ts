import { finishRuns } from "../../kernels/queue.ts"
import { type Shape, sizeOf, stridesOf } from "../../shape.ts"
import type { Buffer } from "../../storage.ts"

/** Where a block of numbers lies in a buffer: entry [i, j, ...] at offset + i * strides[0] + j * strides[1] + ... */
export interface Layout {
  readonly offset: number
  readonly strides: readonly number[]
}

/** The layout of a buffer that holds the block and nothing else, row-major. */
export function contiguous(shape: Shape): Layout {
  return { offset: 0, strides: stridesOf(shape) }
}

/** The layout of a small block repeated to fill a larger shape: stride 0 along every axis that it stretches. */
export function stretchedLayout(small: Shape, large: Shape): Layout {
  const own = stridesOf(small)
  const missing = large.length - small.length
  return { offset: 0, strides: large.map((_, i) => (i < missing || small[i - missing] === 1 ? 0 : own[i - missing])) }
}

/** The layout of a block whose axes are taken in another order. */
export function permutedLayout(shape: Shape, order: readonly number[]): Layout {
  const own = stridesOf(shape)
  return { offset: 0, strides: order.map(axis => own[axis]) }
}

/** Copies a block of the given shape from one layout to another. */
export function copyStrided(from: ArrayLike<number>, source: Layout, to: Buffer, target: Layout, shape: Shape): void {
  finishRuns()
  const [n, ds, dt] = innermost(shape, source, target)
  eachRow(shape, source, target, (s, t) => {
    for (let i = 0; i < n; i++) to[t + i * dt] = from[s + i * ds]
  })
}

/** Adds a block of the given shape, from one layout to another. */
export function addStrided(from: Buffer, source: Layout, to: Buffer, target: Layout, shape: Shape): void {
  finishRuns()
  const [n, ds, dt] = innermost(shape, source, target)
  eachRow(shape, source, target, (s, t) => {
    for (let i = 0; i < n; i++) to[t + i * dt] += from[s + i * ds]
  })
}

function innermost(shape: Shape, source: Layout, target: Layout): [n: number, ds: number, dt: number] {
  const last = shape.length - 1
  return last < 0 ? [1, 0, 0] : [shape[last], source.strides[last], target.strides[last]]
}

function eachRow(shape: Shape, source: Layout, target: Layout, visit: (s: number, t: number) => void): void {
  if (sizeOf(shape) === 0) return
  const outer = shape.slice(0, -1)
  const index = outer.map(() => 0)
  let s = source.offset
  let t = target.offset
  for (let rows = sizeOf(outer); rows > 0; rows--) {
    visit(s, t)
    for (let axis = outer.length - 1; axis >= 0; axis--) {
      s += source.strides[axis]
      t += target.strides[axis]
      if (++index[axis] < outer[axis]) break
      s -= source.strides[axis] * outer[axis]
      t -= target.strides[axis] * outer[axis]
      index[axis] = 0
    }
  }
}
