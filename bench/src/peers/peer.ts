import { type ChildProcessWithoutNullStreams, spawn } from "node:child_process"
import { existsSync } from "node:fs"
import { createInterface } from "node:readline"
import type { Contestant } from "../measure.ts"

/** The Python that `--python` names, or the one of a `.venv` here; null when there is none. */
export function findPython(named: string | undefined): string | null {
  if (named !== undefined) return named
  return existsSync(".venv/bin/python") ? ".venv/bin/python" : null
}

/**
 * A peer in a process of its own that answers on lines: to a number of repetitions with `ms` and the milliseconds they
 * took. It starts once and waits between its turns.
 */
export class Peer implements Contestant {
  readonly name: string
  readonly #process: ChildProcessWithoutNullStreams
  readonly #lines: AsyncIterableIterator<string>
  #errors = ""

  constructor(name: string, command: string, args: readonly string[], env: Record<string, string> = {}) {
    this.name = name
    this.#process = spawn(command, args, { env: { ...process.env, ...env } })
    this.#process.on("error", error => {
      this.#errors += error.message
    })
    this.#process.stdin.on("error", () => {})
    this.#process.stderr.on("data", chunk => {
      this.#errors = (this.#errors + String(chunk)).slice(-2000)
    })
    this.#lines = createInterface({ input: this.#process.stdout })[Symbol.asyncIterator]()
  }

  async run(times: number): Promise<number> {
    this.#process.stdin.write(`${times}\n`)
    for (;;) {
      const { value, done } = await this.#lines.next()
      if (done) throw new Error(`bench: the peer "${this.name}" ended:\n${this.#errors}`)
      if (String(value).startsWith("ms ")) return Number(String(value).slice(3))
    }
  }

  close(): void {
    this.#process.stdin.end()
    this.#process.kill()
  }
}
