import { checkNumber, OptionError } from "../errors.ts"
import { heap, type Tensor, wrap } from "./shared/op.ts"

/**
 * Evenly spaced numbers from `start` up to but without `stop`; of one argument, from 0 up to it.   -> [n]
 *
 *   y[i] = start + i step, n = ceil((stop - start) / step)
 *
 * @throws OptionError for a step of 0 or anything but finite numbers.
 */
export function arange(start: number, stop?: number, step = 1): Tensor {
  const [from, to] = stop === undefined ? [0, start] : [start, stop]
  for (const [name, value] of Object.entries({ start: from, stop: to, step })) checkNumber("arange", name, value)
  if (step === 0) throw new OptionError("arange: a step of 0 never arrives")
  const y = heap(Math.max(0, Math.ceil((to - from) / step)))
  for (let i = 0; i < y.length; i++) y[i] = from + i * step
  return wrap(y, [y.length])
}
