import { type ChildProcessWithoutNullStreams, spawn } from "node:child_process"
import { existsSync } from "node:fs"
import { createInterface } from "node:readline"
import type { Contestant } from "../measure.ts"

/** The Python that `--python` names, or the one of a `.venv` here; null when there is none. */
export function findPython(named: string | undefined): string | null {
  if (named !== undefined) return named
  return existsSync(".venv/bin/python") ? ".venv/bin/python" : null
}

type Running = { readonly child: ChildProcessWithoutNullStreams; readonly lines: AsyncIterableIterator<string> }

/** Peers whose processes run or are stopped. A stopped one would not see that the bench has ended. */
const running = new Set<Peer>()
let watching = false

/** Ends the peers of a bench that is interrupted. */
function watch(): void {
  if (watching) return
  watching = true
  for (const [signal, code] of [["SIGINT", 130] as const, ["SIGTERM", 143] as const]) {
    process.once(signal, () => {
      for (const peer of running) peer.close()
      process.exit(code)
    })
  }
}

/**
 * A peer in a process of its own that answers on lines: to a number of repetitions with `ms` and the milliseconds they
 * took. It starts with its first turn and is stopped between its turns (not on Windows, which cannot): threads of some go
 * on looking for work when a turn is over, on processors that then belong to the next contestant.
 */
export class Peer implements Contestant {
  readonly name: string
  readonly #start: () => ChildProcessWithoutNullStreams
  #running: Running | null = null
  #errors = ""

  constructor(name: string, command: string, args: readonly string[], env: Record<string, string> = {}) {
    this.name = name
    this.#start = () => spawn(command, args, { env: { ...process.env, ...env } })
  }

  async run(times: number): Promise<number> {
    this.#running ??= this.#begin()
    const { child, lines } = this.#running
    this.#signal("SIGCONT")
    child.stdin.write(`${times}\n`)
    for (;;) {
      const { value, done } = await lines.next()
      if (done) throw new Error(`bench: the peer "${this.name}" ended:\n${this.#errors}`)
      if (!String(value).startsWith("ms ")) continue
      this.#signal("SIGSTOP")
      return Number(String(value).slice(3))
    }
  }

  #begin(): Running {
    const child = this.#start()
    child.on("error", error => {
      this.#errors += error.message
    })
    child.stdin.on("error", () => {})
    child.stderr.on("data", chunk => {
      this.#errors = (this.#errors + String(chunk)).slice(-2000)
    })
    watch()
    running.add(this)
    return { child, lines: createInterface({ input: child.stdout })[Symbol.asyncIterator]() }
  }

  #signal(signal: "SIGCONT" | "SIGSTOP"): void {
    if (process.platform !== "win32") this.#running?.child.kill(signal)
  }

  /** Ends the process, which may be stopped and then heeds no other signal. */
  close(): void {
    this.#running?.child.kill("SIGKILL")
    running.delete(this)
  }
}
