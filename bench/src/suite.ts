import type { Arithmetic } from "@selvedge/core"
import type { Cell } from "./table.ts"

export interface SuiteOptions {
  readonly quick: boolean
  readonly peers: boolean
  /** The peers to take, by the names in the tables' headers; all when none is named. */
  readonly only: readonly string[]
  /** A Python with the peers, or null. */
  readonly python: string | null
  /** What the kernels are made of in this run. */
  readonly width: 128 | 256
  readonly arithmetic: Arithmetic
}

/** What a suite found: a table and what has to be said about it. */
export interface Report {
  readonly title: string
  readonly header: readonly string[]
  readonly rows: readonly (readonly Cell[])[]
  readonly notes: readonly string[]
}

export type Suite = (options: SuiteOptions) => Promise<Report[]>
