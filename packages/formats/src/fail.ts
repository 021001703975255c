import { describe, FormatError } from "@selvedge/core"

/** Where in which file something is wrong, what should stand there and what stands there. */
export interface Misfit {
  /** File name or URL; `"(bytes)"` when only bytes were given. */
  readonly file: string
  /** Where in the file: a member, an HDF5 path, a row and column, a byte offset. */
  readonly place: string
  readonly expected: string
  readonly found: string
  readonly hint?: string
  readonly cause?: unknown
}

/** The name used in errors for data that came as bytes without a name. */
export const UNNAMED = "(bytes)"

/** A FormatError that names file, place, expected and found. */
export function misfit({ file, place, expected, found, hint, cause }: Misfit): FormatError {
  return new FormatError(`${file}: ${place}: expected ${expected}, found ${found}`, {
    facts: { file, place, expected, found },
    ...(hint === undefined ? {} : { hint }),
    ...(cause === undefined ? {} : { cause }),
  })
}

/** A misfit whose file is known by the caller; keeps parsers free of repeating the name. */
export type Refuse = (place: string, expected: string, found: string, hint?: string) => FormatError

/** Binds a file name. */
export function refuseIn(file: string): Refuse {
  return (place, expected, found, hint) =>
    misfit({ file, place, expected, found, ...(hint === undefined ? {} : { hint }) })
}

/** A value from a file as short text, safe to print: control characters escaped, at most 80 characters. */
export function show(value: unknown): string {
  if (value === undefined) return "nothing"
  const text = typeof value === "string" ? JSON.stringify(value) : describe(value)
  return text.length > 80 ? `${text.slice(0, 77)}...` : text
}

/** `any error` as its message. */
export function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error)
}
