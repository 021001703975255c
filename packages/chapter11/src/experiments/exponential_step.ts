import { math } from "@selvedge/core"
import { type Callback, Nadam, type Trainer } from "@selvedge/trainer"
import type { Training } from "../experiment.ts"
import { seluNetwork } from "../networks.ts"

/** Multiplies the rate by the same factor before every step: to a tenth in `s` of them. */
class ExponentialDecayByStep implements Callback {
  readonly #factor: number

  constructor(s: number) {
    this.#factor = math.pow(0.1, 1 / s)
  }

  onTrainBatchBegin(_batch: number, { optimizer }: Trainer): void {
    optimizer.learningRate *= this.#factor
  }
}

/** Exponential scheduling again, with a rate that changes at every step, through a callback of one's own. */
export const exponential_step: Training = {
  title: "Exponential scheduling, by step",
  epochs: 25,
  pixels: "standardized",
  learningRate: 0.01,
  model: seluNetwork,
  optimizer: ({ learningRate }) => new Nadam({ learningRate }),
  callbacks: ({ images }) => [new ExponentialDecayByStep(Math.floor((20 * images) / 32))],
}
