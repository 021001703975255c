import type { DashboardEvent } from "./events.ts"

/** An event with its place in the order of all. */
export interface LoggedEvent {
  readonly id: number
  readonly run: string
  readonly event: DashboardEvent
}

const mostBatches = 4000

/** A run's batches: every `stride`-th, evenly over the whole run, and the latest. */
interface Batches {
  stride: number
  count: number
  kept: LoggedEvent[]
  latest: LoggedEvent
}

/**
 * What a page needs to catch up, bounded: all epochs, batches thinned evenly, and of layers, histograms and status the
 * latest.
 */
export class EventLog {
  #next = 1
  readonly #runs = new Map<string, Map<string, LoggedEvent>>()
  readonly #batches = new Map<string, Batches>()
  /** The id of the latest event; 0 before the first. */
  get last(): number {
    return this.#next - 1
  }

  add(run: string, event: DashboardEvent): LoggedEvent {
    const logged = { id: this.#next++, run, event }
    if (event.type === "batch") this.#addBatch(run, logged)
    else {
      const kept = this.#runs.get(run) ?? new Map<string, LoggedEvent>()
      kept.set(keyOf(event), logged)
      this.#runs.set(run, kept)
    }
    return logged
  }

  /** The kept events after the given id, in their order. */
  since(id: number): LoggedEvent[] {
    const batches = [...this.#batches.values()].flatMap(({ kept, latest }) =>
      kept.at(-1) === latest ? kept : [...kept, latest],
    )
    const others = [...this.#runs.values()].flatMap(kept => [...kept.values()])
    return [...others, ...batches].filter(logged => logged.id > id).sort((a, b) => a.id - b.id)
  }

  #addBatch(run: string, logged: LoggedEvent): void {
    const batches = this.#batches.get(run) ?? { stride: 1, count: 0, kept: [], latest: logged }
    this.#batches.set(run, batches)
    batches.latest = logged
    if (batches.count++ % batches.stride === 0) batches.kept.push(logged)
    if (batches.kept.length <= mostBatches) return
    batches.kept = batches.kept.filter((_, i) => i % 2 === 0)
    batches.stride *= 2
  }
}

function keyOf(event: DashboardEvent): string {
  if (event.type === "epoch") return `epoch ${event.epoch}`
  return event.type === "histogram" ? `histogram ${event.name}` : event.type
}
