import { read, type Tensor } from "./shared/op.ts"

/**
 * The same numbers, not copied, as a constant.                            shape kept
 *
 *   y  = x
 *   dx += 0: no gradient flows through it
 */
export function stopGradient(x: Tensor): Tensor {
  read("stopGradient", x)
  return x.detach()
}
