import { alloc, record, type Tensor } from "@selvedge/core"
import type { Options } from "../config.ts"
import { Loss, type LossOptions, lossDefaults, settleLoss } from "./loss.ts"
import { rowsOf } from "./rowwise.ts"

/**
 * `max(max((1 - yTrue) yPred) - sum(yTrue yPred) + 1, 0)` along the last axis: how far the true class leads.
 * https://keras.io/api/losses/hinge_losses/
 */
export class CategoricalHinge extends Loss {
  static override readonly className = "CategoricalHinge"
  protected readonly options: LossOptions

  constructor(options: Options<LossOptions> = {}) {
    super()
    this.options = settleLoss("CategoricalHinge", lossDefaults, options)
  }

  override perSample(yTrue: Tensor, yPred: Tensor): Tensor {
    return categoricalHinge(yTrue, yPred)
  }
}

function categoricalHinge(yTrue: Tensor, yPred: Tensor): Tensor {
  const [rows, n, shape] = rowsOf(yPred.shape)
  const [t, p, y] = [yTrue.read(), yPred.read(), alloc(rows)]
  const rival = (r: number) => {
    let best = -Infinity
    for (let j = r * n; j < (r + 1) * n; j++) best = Math.max(best, (1 - t[j]!) * p[j]!)
    return best
  }
  for (let r = 0; r < rows; r++) {
    let positive = 0
    for (let j = r * n; j < (r + 1) * n; j++) positive += t[j]! * p[j]!
    y[r] = Math.max(rival(r) - positive + 1, 0)
  }
  return record("categoricalHinge", y, shape, [yPred], (dy, dp) => {
    if (!dp) return
    for (let r = 0; r < rows; r++) {
      if (y[r] === 0) continue
      const best = rival(r)
      let ties = 0
      for (let j = r * n; j < (r + 1) * n; j++) if ((1 - t[j]!) * p[j]! === best) ties++
      for (let j = r * n; j < (r + 1) * n; j++) {
        const leads = (1 - t[j]!) * p[j]! === best ? (1 - t[j]!) / ties : 0
        dp[j]! += dy[r]! * (leads - t[j]!)
      }
    }
  })
}
