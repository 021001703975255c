import type { Callback } from "./callback.ts"

/**
 * Ends training at a loss that is not finite instead of throwing: the step is not applied, and the epoch's loss is NaN.
 * https://keras.io/api/callbacks/terminate_on_nan/
 */
export class TerminateOnNaN implements Callback {
  readonly name = "TerminateOnNaN"
}
