import { OptionError } from "@selvedge/core"
import { nodeFs } from "../source.ts"
import { type Engine, type Request, RequestError } from "./engine.ts"
import { WORKER_SOURCE } from "./worker.ts"

/** What a thread needs, whether it is Node's or a browser's. */
interface Thread {
  post(data: object, move: ArrayBuffer[]): void
  listen(message: (data: Reply) => void, fail: (error: Error) => void): void
  end(): Promise<unknown>
  /** Lets the process end, or keeps it, while a request is under way. */
  hold(busy: boolean): void
}

type Reply = { ready: true } | { replies: unknown[] } | { error: string; index?: number }

/** Starting a thread and compiling h5wasm is no part of a file's time; this long is plenty on any machine. */
const START_TIMEOUT = 60_000

/** A patient engine waits at most so many times longer. */
const PATIENCE = 10
const STARVED_TICK = 100

interface Patience {
  readonly timeoutMs: number
  /** What this process had computed when the time began, in milliseconds. */
  readonly computed: number
  readonly last: number
}

/** Processor time of all threads of this process so far; without an answer, as in a browser, no waiting is excused. */
function computedMs(): number {
  const used = globalThis.process?.cpuUsage?.()
  return used ? (used.user + used.system) / 1000 : Infinity
}

let moduleUrl: string | undefined
/** A thread that waits for the next file, or is on its way up. */
let idle: Promise<RemoteEngine> | undefined

/**
 * Where a browser's worker finds h5wasm (an absolute URL of `h5wasm/dist/esm/hdf5_hl.js`), for pages without an import
 * map. Node finds it by itself.
 */
export function setHdf5Url(url: string | URL): void {
  moduleUrl = String(url)
}

/** Time ran out. Its message is completed by the caller, who knows the file. */
export class TimeoutError extends Error {}

/** The engine in a thread of its own, which can be ended at any moment. */
export class RemoteEngine implements Engine {
  readonly #thread: Thread
  #settle: { done: (replies: unknown[]) => void; fail: (error: Error) => void } | undefined
  #deadline = Infinity
  #patience: Patience | null = null
  #dead = false

  private constructor(thread: Thread) {
    this.#thread = thread
    thread.listen(
      reply => this.#receive(reply),
      error => this.#fail(error),
    )
  }

  /** Lets a thread come up meanwhile, for the file that is about to be read. Whoever takes it hears when that fails. */
  static prepare(): void {
    idle ??= RemoteEngine.#create()
    idle.catch(() => {})
  }

  /**
   * A ready thread: one that waits, or a new one. From here on the time of `timeoutMs` runs. A `patient` one waits on
   * while this process is kept from computing by others.
   */
  static async start(timeoutMs: number, patient: boolean): Promise<RemoteEngine> {
    const waiting = idle
    idle = undefined
    let engine = await (waiting ?? RemoteEngine.#create())
    if (engine.#dead) engine = await RemoteEngine.#create()
    engine.#deadline = performance.now() + timeoutMs
    engine.#patience = patient
      ? { timeoutMs, computed: computedMs(), last: engine.#deadline + PATIENCE * timeoutMs }
      : null
    return engine
  }

  static async #create(): Promise<RemoteEngine> {
    const engine = new RemoteEngine(newThread())
    engine.#deadline = performance.now() + START_TIMEOUT
    await engine.#exchange({ url: resolveUrl() }, [])
    return engine
  }

  async run(requests: readonly Request[]): Promise<unknown[]> {
    const held = requests.flatMap(request => (request.op === "open" ? [request.from] : []))
    const move = held.flatMap(from => (from instanceof Uint8Array ? [from.buffer as ArrayBuffer] : []))
    return this.#exchange(requests, move)
  }

  async end(keep: boolean): Promise<void> {
    if (keep && !this.#dead && !idle) idle = Promise.resolve(this)
    else await this.#kill()
  }

  async #exchange(data: object, move: ArrayBuffer[]): Promise<unknown[]> {
    const left = this.#deadline - performance.now()
    if (left <= 0 && !this.#isStarved()) throw this.#timeout()
    this.#thread.hold(true)
    let timer: ReturnType<typeof setTimeout> | undefined
    try {
      return await new Promise<unknown[]>((done, fail) => {
        this.#settle = { done, fail }
        const expire = () => {
          if (!this.#isStarved()) fail(this.#timeout())
          else timer = setTimeout(expire, STARVED_TICK)
        }
        // A timer cannot hold more than 2^31 - 1 milliseconds.
        if (left < 0x7fffffff) timer = setTimeout(expire, Math.max(left, 0))
        this.#thread.post(data, move)
      })
    } finally {
      clearTimeout(timer)
      this.#settle = undefined
      this.#thread.hold(false)
    }
  }

  /** Whether the time ran out only because other processes had the processor. */
  #isStarved(): boolean {
    if (!this.#patience) return false
    const { timeoutMs, computed, last } = this.#patience
    return performance.now() < last && computedMs() - computed < timeoutMs
  }

  #timeout(): TimeoutError {
    void this.#kill()
    return new TimeoutError("the time allowed ran out")
  }

  #receive(reply: Reply): void {
    if ("error" in reply) this.#settle?.fail(new RequestError(reply.error, reply.index ?? -1))
    else this.#settle?.done("replies" in reply ? reply.replies : [])
  }

  #fail(error: Error): void {
    void this.#kill()
    this.#settle?.fail(error)
  }

  async #kill(): Promise<void> {
    this.#dead = true
    await this.#thread.end()
  }
}

function resolveUrl(): string {
  if (moduleUrl !== undefined) return moduleUrl
  try {
    return import.meta.resolve("h5wasm")
  } catch (cause) {
    throw new OptionError("files are parsed in a worker, which cannot find h5wasm by its name here", {
      hint: "call setHdf5Url(url of h5wasm/dist/esm/hdf5_hl.js), or pass { trusted: true } for your own files",
      cause,
    })
  }
}

function newThread(): Thread {
  return nodeFs() ? nodeThread() : webThread()
}

function nodeThread(): Thread {
  const { Worker } = process.getBuiltinModule("node:worker_threads")
  const worker = new Worker(WORKER_SOURCE, { eval: true, execArgv: [], stdout: true, stderr: true })
  return {
    post: (data, move) => worker.postMessage(data, move),
    listen: (message, fail) => {
      worker.on("message", message)
      worker.on("error", fail)
      worker.on("exit", () => fail(new Error("the worker ended")))
    },
    end: () => worker.terminate(),
    hold: busy => (busy ? worker.ref() : worker.unref()),
  }
}

/** The part of a browser's Worker that is used: the library is compiled without the DOM's types. */
interface WebWorker {
  postMessage(data: object, move: ArrayBuffer[]): void
  addEventListener(type: string, listener: (event: { data: Reply; message?: string }) => void): void
  terminate(): void
}

function webThread(): Thread {
  const { Worker } = globalThis as { Worker?: new (url: string, options: { type: "module" }) => WebWorker }
  if (!Worker) throw new OptionError("there are no workers here", { hint: "pass { trusted: true } for your own files" })
  const url = URL.createObjectURL(new Blob([WORKER_SOURCE], { type: "text/javascript" }))
  const worker = new Worker(url, { type: "module" })
  return {
    post: (data, move) => worker.postMessage(data, move),
    listen: (message, fail) => {
      worker.addEventListener("message", event => message(event.data))
      worker.addEventListener("error", event => fail(new Error(event.message ?? "the worker failed")))
    },
    end: async () => {
      worker.terminate()
      URL.revokeObjectURL(url)
    },
    hold: () => {},
  }
}
