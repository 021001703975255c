import { ShapeError } from "../errors.ts"
import { resolveAxes } from "../shape.ts"
import { reshape } from "./reshape.ts"
import { read, type Tensor } from "./shared/op.ts"

/**
 * Without the axes of size 1: all of them, or those named. Numbers are not copied; dx += dy.
 * @throws ShapeError for a named axis that does not exist or is not 1.
 */
export function squeeze(x: Tensor, axis?: number | readonly number[]): Tensor {
  read("squeeze", x)
  const axes = resolveAxes("squeeze", axis, x.rank).filter(i => axis !== undefined || x.shape[i] === 1)
  const wide = axes.find(i => x.shape[i] !== 1)
  if (wide !== undefined) {
    throw new ShapeError(`squeeze: axis ${wide} has size ${x.shape[wide]}, not 1`, { facts: { x: x.shape } })
  }
  return reshape(
    x,
    x.shape.filter((_, i) => !axes.includes(i)),
  )
}
