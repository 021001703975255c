import { type Config, toConfig } from "../config.ts"

/** A learning rate, or another number, that depends on the step. */
export abstract class Schedule {
  static readonly className: string = "LearningRateSchedule"

  /** Its Keras name. */
  get className(): string {
    return (this.constructor as typeof Schedule).className
  }

  /** The value in training step `step`, counted from 0. */
  abstract at(step: number): number

  /** The options it was made with. */
  protected abstract readonly options: object

  /** Its options under Keras's names. */
  getConfig(): Config {
    return toConfig(this.options)
  }
}

/** Anything that gives a learning rate: a number, a schedule, or a function of the step. */
export type LearningRate = number | Schedule | ((step: number) => number)
