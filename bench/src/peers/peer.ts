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
 * took. It starts with its first turn, and is stopped between its turns: the threads of some look for work for a while
 * after the last, on processors that then belong to the next contestant.
 */
export class Peer implements Contestant {
  readonly name: string
  readonly #start: () => ChildProcessWithoutNullStreams
  #process: ChildProcessWithoutNullStreams | null = null
  #lines: AsyncIterableIterator<string> | null = null
  #errors = ""

  constructor(name: string, command: string, args: readonly string[], env: Record<string, string> = {}) {
    this.name = name
    this.#start = () => spawn(command, args, { env: { ...process.env, ...env } })
  }

  async run(times: number): Promise<number> {
    const peer = this.#process ?? this.#begin()
    peer.kill("SIGCONT")
    peer.stdin.write(`${times}\n`)
    for (;;) {
      const { value, done } = (await this.#lines?.next()) ?? { done: true }
      if (done) throw new Error(`bench: the peer "${this.name}" ended:\n${this.#errors}`)
      if (!String(value).startsWith("ms ")) continue
      peer.kill("SIGSTOP")
      return Number(String(value).slice(3))
    }
  }

  #begin(): ChildProcessWithoutNullStreams {
    const peer = this.#start()
    peer.on("error", error => {
      this.#errors += error.message
    })
    peer.stdin.on("error", () => {})
    peer.stderr.on("data", chunk => {
      this.#errors = (this.#errors + String(chunk)).slice(-2000)
    })
    this.#process = peer
    this.#lines = createInterface({ input: peer.stdout })[Symbol.asyncIterator]()
    return peer
  }

  /** Ends the process, which may be stopped and then heeds no other signal. */
  close(): void {
    this.#process?.kill("SIGKILL")
  }
}
