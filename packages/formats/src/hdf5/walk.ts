import type { Refuse } from "../fail.ts"
import type { Engine } from "./engine.ts"

/** What is known about the file while it is read. */
export interface Walk {
  readonly engine: Engine
  readonly refuse: Refuse
  /** Bytes in the file: unfiltered data cannot be more. */
  readonly fileBytes: number
  readonly maxBytes: number
  /** Bytes that have been asked for so far. */
  spent: number
  objects: number
  /** Whether a dataset was so large that the library's memory, which never shrinks, had to grow for it. */
  grew: boolean
}
