import { classNamed, fromConfig, type Serialized } from "../config.ts"
import { CosineDecay, CosineDecayRestarts } from "./cosine.ts"
import { ExponentialDecay, InverseTimeDecay, PiecewiseConstantDecay, PolynomialDecay } from "./decay.ts"
import { OneCycle, OneCycleMomentum } from "./oneCycle.ts"
import type { Schedule } from "./schedule.ts"

/** Every schedule, by its Keras name. */
export const schedules = {
  ExponentialDecay,
  InverseTimeDecay,
  PiecewiseConstantDecay,
  PolynomialDecay,
  CosineDecay,
  CosineDecayRestarts,
  OneCycle,
  OneCycleMomentum,
}

/**
 * A schedule from Keras's `{ class_name, config }`.
 * @throws OptionError for an unknown class or a wrong option.
 */
export function deserializeSchedule({ class_name, config }: Serialized): Schedule {
  const { name: _, ...options } = fromConfig(config)
  return new (classNamed("schedule", schedules, class_name))(options)
}

export { CosineDecay, CosineDecayRestarts } from "./cosine.ts"
export { ExponentialDecay, InverseTimeDecay, PiecewiseConstantDecay, PolynomialDecay } from "./decay.ts"
export { exponentialScheduling, piecewiseScheduling, powerScheduling } from "./functions.ts"
export { OneCycle, OneCycleMomentum } from "./oneCycle.ts"
export { type LearningRate, Schedule } from "./schedule.ts"
