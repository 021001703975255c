import type { Tensor } from "../../tensor.ts"
import { transpose } from "../transpose.ts"

/**
 * For an op that works along the last axes, to be used along others: x with those moved behind the rest, and the way
 * back; null when they are the last already.
 */
export function toLast(x: Tensor, ...axes: readonly number[]): [moved: Tensor, back: (y: Tensor) => Tensor] | null {
  if (axes.every((axis, i) => axis === x.rank - axes.length + i)) return null
  const order = x.shape.map((_, i) => i).filter(i => !axes.includes(i))
  order.push(...axes)
  const inverse = order.map((_, i) => order.indexOf(i))
  return [transpose(x, order), y => transpose(y, inverse)]
}
