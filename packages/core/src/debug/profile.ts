import { type Watcher, watch } from "../autograd.ts"
import type { Tensor } from "../tensor.ts"

/** What an op cost, times in milliseconds. */
export interface OpCost {
  readonly op: string
  readonly calls: number
  /** From the end of the event before to the end of this op: what surrounds the op is in it. */
  readonly forward: number
  readonly gradients: number
  readonly backward: number
}

/** What `profile` found. */
export interface Profile {
  /** Milliseconds in all. */
  readonly total: number
  /** The costliest first. */
  readonly ops: readonly OpCost[]
  /** Names of the weights that somebody may look at (`data`, `view()`), so that each step copies them. */
  readonly exposed: readonly string[]
  /** A table of it. */
  toString(): string
}

/**
 * Runs `fn` and measures where its time goes: for every differentiable op how often it ran, forward and backward, and
 * for how long, on the calling thread. An op's forward time is what has passed since the op before it, so that work
 * outside of ops (an optimizer's update) is in the next op's.
 *
 *     console.log(String(await profile(() => trainer.trainOnBatch(x, y))))
 *
 * It also names the weights that are exposed: each step copies them back to the array that somebody may hold.
 * `fn` may return a promise.
 * @throws whatever `fn` throws.
 */
export async function profile(fn: () => unknown): Promise<Profile> {
  const recorder = new Recorder()
  const before = watch(recorder)
  const start = performance.now()
  try {
    await fn()
  } finally {
    watch(before)
  }
  return recorder.report(performance.now() - start)
}

class Recorder implements Watcher {
  readonly #costs = new Map<
    string,
    { op: string; calls: number; forward: number; gradients: number; backward: number }
  >()
  readonly #exposed = new Set<string>()
  #since = performance.now()

  made(op: string, _: Tensor, inputs: readonly Tensor[]): void {
    const cost = this.#costOf(op)
    cost.calls++
    cost.forward += this.#lap()
    for (const x of inputs)
      if (x.node === null && x.requiresGrad && x.storage.exposed) this.#exposed.add(x.name || "a tensor")
  }

  passing(): void {
    this.#lap()
  }

  passed(op: string): void {
    const cost = this.#costOf(op)
    cost.gradients++
    cost.backward += this.#lap()
  }

  report(total: number): Profile {
    const ops = [...this.#costs.values()].sort((a, b) => b.forward + b.backward - a.forward - a.backward)
    const exposed = [...this.#exposed]
    return { total, ops, exposed, toString: () => table(total, ops, exposed) }
  }

  #costOf(op: string) {
    const known = this.#costs.get(op)
    if (known) return known
    const cost = { op, calls: 0, forward: 0, gradients: 0, backward: 0 }
    this.#costs.set(op, cost)
    return cost
  }

  #lap(): number {
    const now = performance.now()
    const passed = now - this.#since
    this.#since = now
    return passed
  }
}

function table(total: number, ops: readonly OpCost[], exposed: readonly string[]): string {
  const ms = (time: number) => time.toFixed(2)
  const rows = [
    ["op", "calls", "forward ms", "gradients", "backward ms"],
    ...ops.map(c => [c.op, String(c.calls), ms(c.forward), String(c.gradients), ms(c.backward)]),
  ]
  const widths = rows[0].map((_, column) => Math.max(...rows.map(row => row[column].length)))
  const lines = rows.map(row => row.map((t, i) => (i === 0 ? t.padEnd(widths[i]) : t.padStart(widths[i]))).join("  "))
  const copied = exposed.length
    ? `copied after each step, because exposed: ${exposed.join(", ")}`
    : "no weight is exposed"
  return [...lines, `${ms(total)} ms in all; ${copied}`].join("\n")
}
