import { describe, OptionError } from "@selvedge/core"

/** Mean, standard deviation and shares of a layer's values. */
export interface ValueStatistics {
  readonly mean: number
  readonly std: number
  /** Share of units that are zero for the whole batch. */
  readonly dead?: number
  /** Share of values in the flat part of the activation. */
  readonly saturated?: number
}

/** What the dashboard shows of a layer. */
export interface LayerRow {
  readonly name: string
  readonly activation?: ValueStatistics
  readonly gradient?: ValueStatistics
  /** Norm of the update divided by the norm of the weights. */
  readonly updateRatio?: number
}

/** What a run tells the dashboard. */
export type DashboardEvent =
  /** After a batch: the step (counted over the run), its metrics, and how fast it went. */
  | {
      readonly type: "batch"
      readonly step: number
      readonly metrics: Readonly<Record<string, number>>
      readonly learningRate?: number
      readonly msPerStep?: number
      readonly samplesPerSecond?: number
    }
  /** After an epoch: its number, from 1, with validation metrics as `val_...`. */
  | { readonly type: "epoch"; readonly epoch: number; readonly metrics: Readonly<Record<string, number>> }
  /** The layers' statistics at a step; they replace the ones before. */
  | {
      readonly type: "layers"
      readonly step: number
      readonly layers: readonly LayerRow[]
    }
  /** Distribution of a weight at a step: `counts[i]` values between `edges[i]` and `edges[i + 1]`. */
  | {
      readonly type: "histogram"
      readonly step: number
      readonly name: string
      readonly edges: readonly number[]
      readonly counts: readonly number[]
    }
  /** What the run is doing. */
  | {
      readonly type: "status"
      readonly state: "running" | "paused" | "stopped" | "finished"
      readonly message?: string
    }

/** What a reader of the page asks of a run. */
export type DashboardCommand = { readonly run: string } & (
  | { readonly command: "pause" | "resume" | "stop" }
  | { readonly command: "setLearningRate"; readonly value: number }
)

const types = ["batch", "epoch", "layers", "histogram", "status"] as const

/** @throws OptionError for what is no name of a run. */
export function checkRun(run: string): void {
  if (typeof run === "string" && run !== "") return
  throw new OptionError(`liveDashboard: a run must have a name, got ${describe(run)}`)
}

/** @throws OptionError for what is no {@link DashboardEvent} */
export function checkEvent(run: string, event: DashboardEvent): void {
  checkRun(run)
  if (event && typeof event === "object" && (types as readonly string[]).includes(event.type)) return
  throw new OptionError(`liveDashboard: an event must have one of the known types, got ${describe(event?.type)}`, {
    facts: { types: types.join(", ") },
  })
}

/** The command in a request's body, or the sentence that says what is wrong with it. */
export function parseCommand(body: string): DashboardCommand | string {
  let parsed: unknown
  try {
    parsed = JSON.parse(body)
  } catch {
    return "the body is no JSON"
  }
  if (typeof parsed !== "object" || parsed === null) return "the body is no object"
  const { run, command, value } = parsed as Record<string, unknown>
  if (typeof run !== "string" || run === "") return "run must be the name of a run"
  if (command === "pause" || command === "resume" || command === "stop") return { run, command }
  if (command !== "setLearningRate") return "command must be pause, resume, stop or setLearningRate"
  if (typeof value === "number" && Number.isFinite(value) && value >= 0) return { run, command, value }
  return "value must be a learning rate, a number >= 0"
}

/** JSON that keeps NaN and infinities, as the texts `"NaN"`, `"Infinity"`, `"-Infinity"`. */
export function toJson(value: unknown): string {
  return JSON.stringify(value, (_, item) => (typeof item === "number" && !Number.isFinite(item) ? String(item) : item))
}
