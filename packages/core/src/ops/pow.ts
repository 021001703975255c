import * as math from "../math.ts"
import { type Buffer, record, type Tensor, vectorized } from "./shared/op.ts"
import { entrywise, type Operand } from "./shared/stretch.ts"

/**
 * Power.                                                                  a, b: broadcast
 *
 *   y  = a^b
 *   da += b a^(b - 1) dy, 0 where b = 0
 *   db += y log(a) dy, 0 where a <= 0
 *
 * NaN where a < 0 and b is not an integer.
 * @throws ShapeError when the shapes do not broadcast.
 */
export function pow(a: Operand, b: Operand): Tensor {
  const { u, v, y, shape } = entrywise("pow", a, b, powForward)
  return record("pow", y, shape, [u.tensor, v.tensor], (dy, da, db) => {
    u.gather(da, full => powLeftBackward(u.data, v.data, dy, full))
    v.gather(db, full => powRightBackward(u.data, y, dy, full))
  })
}

const powForward = vectorized("powForward", (a: Buffer, b: Buffer, y: Buffer) => {
  for (let i = 0; i < y.length; i++) y[i] = math.pow(a[i], b[i])
})

const powLeftBackward = vectorized("powLeftBackward", (a: Buffer, b: Buffer, dy: Buffer, da: Buffer) => {
  for (let i = 0; i < da.length; i++) if (b[i] !== 0) da[i] += b[i] * math.pow(a[i], b[i] - 1) * dy[i]
})

const powRightBackward = vectorized("powRightBackward", (a: Buffer, y: Buffer, dy: Buffer, db: Buffer) => {
  for (let i = 0; i < db.length; i++) if (a[i] > 0) db[i] += y[i] * math.log(a[i]) * dy[i]
})
