import { hasDiverged, type RunRecord } from "../running/record.ts"

/** Where the runs of an experiment ended, one entry a seed; null where a loss was not finite. */
export interface Finals {
  readonly seeds: readonly number[]
  readonly val_loss: readonly (number | null)[]
  readonly val_accuracy: readonly (number | null)[]
  /** Accuracy on the test images. */
  readonly test_accuracy?: readonly (number | null)[]
  /** Seconds of training, on average. */
  readonly seconds: number
}

/** The runs of one experiment as they stand in Keras's file and in ours. */
export type KeyRuns = Readonly<
  Record<
    string,
    {
      readonly loss: readonly (number | null)[]
      readonly val_loss: readonly (number | null)[]
      readonly val_accuracy: readonly (number | null)[]
      readonly seconds: number
      readonly test?: readonly (number | null)[] | null
    }
  >
>

/** Where these runs ended, in the order of their seeds. */
export function finalsOf(runs: KeyRuns): Finals {
  const all = Object.entries(runs).sort(([a], [b]) => Number(a) - Number(b))
  const finite = (x: number | null | undefined) => (typeof x === "number" && Number.isFinite(x) ? x : null)
  const last = (metric: "val_loss" | "val_accuracy") =>
    all.map(([, run]) => (run.loss.some(x => finite(x) === null) ? null : finite(run[metric].at(-1))))
  const tested = all.some(([, { test }]) => test)
  return {
    seeds: all.map(([seed]) => Number(seed)),
    val_loss: last("val_loss"),
    val_accuracy: last("val_accuracy"),
    ...(tested ? { test_accuracy: all.map(([, { test }]) => finite(test?.[1])) } : {}),
    seconds: all.reduce((sum, [, { seconds }]) => sum + seconds, 0) / all.length,
  }
}

/** Where runs ended, by key; only those under the book's own conditions can be compared with Keras's. */
export const finalsOfRecords = (records: readonly RunRecord[]): Record<string, Finals> =>
  finalsOfAll(records.filter(({ settings }) => !settings.quick && settings.epochs === null))

/** Where runs ended, by key, under whatever conditions. */
export function finalsOfAll(records: readonly RunRecord[]): Record<string, Finals> {
  const keys: Record<string, Record<string, KeyRuns[string]>> = {}
  for (const { key, seed, history, seconds, test } of records) {
    const { loss = [], val_loss = [], val_accuracy = [] } = history
    if (val_loss.length > 0) keys[key] = { ...keys[key], [seed]: { loss, val_loss, val_accuracy, seconds, test } }
  }
  return Object.fromEntries(Object.entries(keys).map(([key, runs]) => [key, finalsOf(runs)]))
}

/** Which of the runs diverged. */
export const divergedOf = ({ val_loss }: Finals): boolean[] => val_loss.map(last => hasDiverged({ val_loss: [last] }))
