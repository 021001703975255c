import { setVectorWidth } from "@selvedge/core"

/** Asks for vectors of 256 bits, unless told not to: the same numbers in less time. @returns what came of it, as a line. */
export function useWideVectors(asked: boolean): string {
  if (!asked) return "Vectors of 128 bits, as asked for"
  const { bits, reason } = setVectorWidth(256)
  return `Vectors of ${bits} bits${reason === "" ? "" : `: ${reason}`}`
}
