import { fileURLToPath } from "node:url"
import type { Row } from "../nets.ts"
import type { SuiteOptions } from "../suite.ts"
import type { Shape } from "../work/product.ts"
import { Peer } from "./peer.ts"

/** Work of ours for a process of its own. */
export type Task =
  | { readonly kind: "product"; readonly of: Shape }
  | { readonly kind: "operation"; readonly of: string; readonly size: number }
  | { readonly kind: "step"; readonly of: Row; readonly batch: number }

/**
 * Work of ours on a number of threads, in a process of its own: a process whose number of threads went up and down in
 * turns would end its workers and start them anew each time, and time that.
 */
export function elsewhere(task: Task, threads: number, { width, arithmetic }: SuiteOptions): Peer {
  const program = fileURLToPath(new URL("self.ts", import.meta.url))
  const args = [...process.execArgv, program, JSON.stringify(task), String(width), arithmetic]
  const name = threads === 1 ? "1 thread" : `${threads} threads`
  return new Peer(name, process.execPath, args, { SELVEDGE_THREADS: String(threads) })
}
