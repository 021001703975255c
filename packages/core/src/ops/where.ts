import * as simd from "../kernels/simd/index.ts"
import { alloc, type Buffer, record, sizeOf, type Tensor, vectorized } from "./shared/op.ts"
import { type Operand, stretch } from "./shared/stretch.ts"

/**
 * Chooses entry by entry.                                                 condition, a, b: broadcast
 *
 *   y  = a where condition is other than 0, else b
 *   da += dy where condition is other than 0
 *   db += dy where condition is 0
 *
 * The condition takes no gradient.
 * @throws ShapeError when the shapes do not broadcast.
 */
export function where(condition: Operand, a: Operand, b: Operand): Tensor {
  const [[c, u, v], shape] = stretch("where", condition, a, b)
  const y = alloc(sizeOf(shape))
  whereForward(c.data, u.data, v.data, y)
  return record("where", y, shape, [u.tensor, v.tensor], (dy, da, db) => {
    u.gather(da, full => whereTrueBackward(c.data, dy, full))
    v.gather(db, full => whereFalseBackward(c.data, dy, full))
  })
}

const whereForward = vectorized(
  "whereForward",
  (condition: Buffer, a: Buffer, b: Buffer, y: Buffer) => {
    for (let i = 0; i < y.length; i++) y[i] = condition[i] !== 0 ? a[i] : b[i]
  },
  simd.whereForward,
)

const whereTrueBackward = vectorized("whereTrueBackward", (condition: Buffer, dy: Buffer, da: Buffer) => {
  for (let i = 0; i < da.length; i++) if (condition[i] !== 0) da[i] += dy[i]
})

const whereFalseBackward = vectorized("whereFalseBackward", (condition: Buffer, dy: Buffer, db: Buffer) => {
  for (let i = 0; i < db.length; i++) if (condition[i] === 0) db[i] += dy[i]
})
