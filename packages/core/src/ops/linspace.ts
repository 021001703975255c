import { checkNumber } from "../errors.ts"
import { heap, type Tensor, wrap } from "./shared/op.ts"

/**
 * `count` evenly spaced numbers from `start` to `stop`, both included.    -> [count]
 *
 *   y[i] = start + i (stop - start) / (count - 1)
 *
 * @throws OptionError unless count is an integer from 0 on and the ends are finite.
 */
export function linspace(start: number, stop: number, count: number): Tensor {
  for (const [name, value] of Object.entries({ start, stop })) checkNumber("linspace", name, value)
  const y = heap(checkNumber("linspace", "count", count, { min: 0, integer: true }))
  for (let i = 0; i < count; i++) y[i] = i === 0 ? start : start + (i * (stop - start)) / (count - 1)
  if (count > 1) y[count - 1] = stop
  return wrap(y, [count])
}
