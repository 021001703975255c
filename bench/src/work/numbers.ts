import { timedInStep } from "../arena.ts"
import type { Contestant } from "../measure.ts"
import type { Operation } from "../operations.ts"

/** Columns of the matrices that the data is for operations on rows and columns. */
export const columns = 100

/** An operation on so many numbers in linear memory, as inside a step. The size is a multiple of the columns. */
export function onNumbers({ name, kernel, buffers, numbers }: Operation, size: number): Contestant {
  const rows = size / columns
  const contents = [...buffers].map(letter => content(letter, size, rows))
  return {
    name,
    run(times) {
      return timedInStep(contents, taken => {
        const args = [...taken, ...numbers(rows, columns)]
        for (let t = 0; t < times; t++) {
          if (Reflect.apply(kernel.run, kernel, args) !== true) throw new Error(`bench: "${name}" did not run`)
        }
      })
    },
  }
}

/** Numbers that are good for every operation: positive, for logarithms and second moments; class numbers for rows. */
function content(letter: string, size: number, rows: number): Float32Array {
  if (letter === "e") return Float32Array.from({ length: rows }, (_, i) => i % columns)
  const length = letter === "c" ? columns : letter === "n" ? 2 * Math.ceil(size / 1024) : size
  return Float32Array.from({ length }, (_, i) => 0.01 + ((i * 7919) % 1009) / 1009)
}
