/** A worker of either kind of host. */
export interface HostWorker {
  /** Resolves when it has ended and touches nothing any more; in a browser, when a second has gone by. */
  terminate(): Promise<void>
}

/** What a worker is given at its start. */
export interface WorkerData {
  readonly memory: object
  readonly scratch: number
  /** Its place among the workers: it takes part while more than that many are wanted. */
  readonly index: number
}

interface NodeProcess {
  readonly env: Record<string, string | undefined>
  readonly versions: { readonly node?: string }
  getBuiltinModule?(name: "node:worker_threads"): typeof import("node:worker_threads")
  getBuiltinModule?(name: "node:os"): typeof import("node:os")
  getBuiltinModule?(name: "node:v8"): typeof import("node:v8")
}

/** Node's `process`, or undefined in a browser. Modules of Node are asked for at run time: no bundler sees them. */
export function nodeProcess(): NodeProcess | undefined {
  const process: NodeProcess | undefined = Reflect.get(globalThis, "process")
  return process?.versions?.node ? process : undefined
}

/** An environment variable; undefined in a browser. */
export const environment = (name: string): string | undefined => nodeProcess()?.env[name]

/** How many threads the machine runs at once. */
export function availableThreads(): number {
  const os = nodeProcess()?.getBuiltinModule?.("node:os")
  const navigator: { readonly hardwareConcurrency?: number } | undefined = Reflect.get(globalThis, "navigator")
  return os?.availableParallelism() ?? navigator?.hardwareConcurrency ?? 1
}

/** False on a browser's main thread, which must not sleep. */
export function allowsWaiting(): boolean {
  return nodeProcess() !== undefined || typeof Reflect.get(globalThis, "window") === "undefined"
}

/**
 * Starts a worker from the text of its program. Browsers may forbid it later than at once: then `refused` is called.
 * @throws whatever the host says where workers are forbidden.
 */
export function startWorker(source: string, data: WorkerData, refused: () => void): HostWorker {
  const threads = nodeProcess()?.getBuiltinModule?.("node:worker_threads")
  return threads ? startNodeWorker(threads, source, data) : startWebWorker(source, data, refused)
}

function startNodeWorker(threads: typeof import("node:worker_threads"), source: string, data: WorkerData): HostWorker {
  const worker = new threads.Worker(source, { eval: true, workerData: data, execArgv: [], env: {} })
  worker.unref()
  worker.on("error", () => {})
  return { terminate: () => worker.terminate().then(() => {}) }
}

interface WebWorker {
  onerror: (event: { readonly message?: string }) => void
  postMessage(data: unknown): void
  terminate(): void
}

function startWebWorker(source: string, data: WorkerData, refused: () => void): HostWorker {
  const WorkerClass: (new (url: string) => WebWorker) | undefined = Reflect.get(globalThis, "Worker")
  if (!WorkerClass) throw new Error("this host has no workers")
  const url = URL.createObjectURL(new Blob([source], { type: "text/javascript" }))
  const worker = new WorkerClass(url)
  // An error without a message is not one of the program: it was never run.
  worker.onerror = ({ message }) => {
    if (message === undefined) refused()
  }
  worker.postMessage(data)
  return {
    terminate() {
      worker.terminate()
      URL.revokeObjectURL(url)
      // Browsers do not tell when it has ended. They stop it where it next jumps back, once it has a processor again.
      return new Promise(resolve => setTimeout(resolve, 1_000))
    },
  }
}
