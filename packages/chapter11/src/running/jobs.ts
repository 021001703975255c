import { type ChildProcess, fork } from "node:child_process"
import { availableParallelism } from "node:os"
import { fileURLToPath } from "node:url"
import { expected } from "../comparison/expected.ts"
import { experiments } from "../experiments/index.ts"
import type { Message } from "./child.ts"
import type { RunRequest } from "./run.ts"
import type { Progress } from "./watch.ts"

/** A run that is to be done. */
export interface Job {
  readonly key: string
  readonly seed: number
}

/** What is told about jobs while they run. */
export interface JobListener {
  started(job: Job): void
  progress(job: Job, progress: Progress): void
  done(job: Job): void | Promise<void>
  failed(job: Job, error: string): void
}

/**
 * The jobs for these experiments and seeds, in the order of the book, with those that they need put before them: an
 * experiment that builds on another one's file comes after it.
 */
export function jobsFor(keys: readonly string[], seeds: readonly number[]): Job[] {
  const wanted = new Set<string>()
  const want = (key: string) => {
    for (const needed of experiments[key]?.needs ?? []) want(needed)
    wanted.add(key)
  }
  for (const key of keys) want(key)
  const inOrder = Object.keys(experiments).filter(key => wanted.has(key))
  return seeds.flatMap(seed => inOrder.map(key => ({ key, seed })))
}

/** Runs jobs in processes of their own, so many at once. What a run gives does not depend on how many there are. */
export class JobRunner {
  readonly #running = new Map<Job, ChildProcess>()
  readonly #listener: JobListener
  readonly #request: (job: Job) => RunRequest & { readonly wide: boolean }
  readonly #atOnce: number
  #stopped = false

  constructor(atOnce: number, request: (job: Job) => RunRequest & { readonly wide: boolean }, listener: JobListener) {
    this.#atOnce = atOnce
    this.#request = request
    this.#listener = listener
  }

  /** Whether it was told to stop, or one of its processes was. */
  get stopped(): boolean {
    return this.#stopped
  }

  /** Ends all processes; what they have done so far stays. */
  stop(): void {
    this.#stopped = true
    for (const child of this.#running.values()) child.kill("SIGTERM")
  }

  /** Runs all of them; those in `finished` are there already. One that fails takes those that need it with it. */
  async run(jobs: readonly Job[], finished: readonly Job[]): Promise<void> {
    // The longest first: then no process is left to go on alone at the end.
    const waiting = [...jobs].sort((a, b) => expectedSeconds(b) - expectedSeconds(a))
    const over = new Set(finished.map(nameOf))
    const failed = new Set<string>()
    const running = new Set<Promise<void>>()
    while (!this.#stopped && (waiting.length > 0 || running.size > 0)) {
      for (let job = this.#next(waiting, over, failed); job !== null; job = this.#next(waiting, over, failed)) {
        const started = job
        const ends = this.#runOne(started).then(fine => {
          running.delete(ends)
          if (fine) over.add(nameOf(started))
          else failed.add(nameOf(started))
        })
        running.add(ends)
      }
      if (running.size > 0) await Promise.race(running)
    }
    await Promise.all(running)
  }

  /** Takes the first job out that may begin now; null when there is none, or no room. */
  #next(waiting: Job[], over: ReadonlySet<string>, failed: Set<string>): Job | null {
    if (this.#running.size >= this.#atOnce || this.#stopped) return null
    for (const [i, job] of waiting.entries()) {
      const needs = (experiments[job.key]?.needs ?? []).map(key => nameOf({ key, seed: job.seed }))
      const missing = needs.find(name => failed.has(name))
      if (missing !== undefined) {
        waiting.splice(i, 1)
        failed.add(nameOf(job))
        this.#listener.failed(job, `it needs ${missing}, which failed`)
        return this.#next(waiting, over, failed)
      }
      if (needs.every(name => over.has(name))) return waiting.splice(i, 1)[0] ?? null
    }
    return null
  }

  /** Runs a job in its process; true when it came to its end. */
  async #runOne(job: Job): Promise<boolean> {
    const child = startProcess()
    this.#running.set(job, child)
    this.#listener.started(job)
    const error = await this.#follow(child, job)
    this.#running.delete(job)
    if (error === null) await this.#listener.done(job)
    else if (!this.#stopped) this.#listener.failed(job, error)
    return error === null
  }

  /** Waits for the end of a process; null when it did its job, else what went wrong. */
  #follow(child: ChildProcess, job: Job): Promise<string | null> {
    const threads = Math.max(1, Math.floor(availableParallelism() / this.#atOnce))
    return new Promise(resolve => {
      let error: string | null = "its process ended before it was done"
      child.on("message", (message: Message) => {
        if (message.kind === "progress") this.#listener.progress(job, message.progress)
        else error = message.kind === "done" ? null : message.error
      })
      child.on("error", cause => {
        error = cause.message
        // A process that never began does not close; one that was only sent something in vain does.
        if (child.pid === undefined) resolve(error)
      })
      child.on("close", (_, signal) => {
        // A terminal interrupts all processes, and this one may hear of the other's end before it hears its own signal.
        if (signal === "SIGINT" || signal === "SIGTERM") this.stop()
        resolve(error)
      })
      child.send({ ...this.#request(job), threads })
    })
  }
}

/** About how long a job takes: what Keras took, or what an epoch takes most often. */
const expectedSeconds = ({ key }: Job) => expected[key]?.seconds ?? 2 * (experiments[key]?.epochs ?? 0)

/** What a job is called among others. */
export const nameOf = ({ key, seed }: Job): string => `${key} ${seed}`

function startProcess(): ChildProcess {
  // The sources run as they are, and so does what is built from them.
  const own = import.meta.url
  const file = new URL(own.endsWith(".ts") ? "child.ts" : "child.js", own)
  return fork(fileURLToPath(file), { stdio: ["ignore", "ignore", "inherit", "ipc"] })
}
