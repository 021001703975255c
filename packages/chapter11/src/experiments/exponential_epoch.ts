import { exponentialScheduling, LearningRateScheduler, Nadam } from "@selvedge/trainer"
import type { Training } from "../experiment.ts"
import { seluNetwork } from "../networks.ts"

/** Exponential scheduling: lr = 0.01 * 0.1^(epoch / 20). */
export const exponential_epoch: Training = {
  title: "Exponential scheduling, by epoch",
  epochs: 25,
  pixels: "standardized",
  model: seluNetwork,
  optimizer: () => new Nadam(),
  callbacks: () => [new LearningRateScheduler(exponentialScheduling(0.01, 20))],
}
