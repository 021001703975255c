import { setThreads } from "@selvedge/core"
import { timedInStep } from "../arena.ts"
import { type CopyLoop, copyLoop, type Streams } from "../kernels.ts"
import { type Contestant, measure } from "../measure.ts"
import { fewOperations, type Operation, operations } from "../operations.ts"
import type { Report, SuiteOptions } from "../suite.ts"
import type { Cell } from "../table.ts"

/** Numbers in each buffer: 4 MB, more than the second cache holds. */
const large = 1_000_000
const columns = 100
/** What all buffers of a loop that runs from the first cache hold together. */
const cachedBytes = 20_000

/** Nanoseconds per number, beside the two bounds: moving the same streams, and the same instructions from the cache. */
export async function ops(options: SuiteOptions): Promise<Report[]> {
  const copies = new Map<string, CopyLoop>()
  const rows: Cell[][] = []
  for (const each of options.quick ? fewOperations : operations) rows.push(await row(each, copies, options))
  return [
    {
      title: `Operations on ${large} numbers, ns per number (best of all rounds)`,
      header: ["operation", "streams", "1 thread", "2 threads", "copy", "in cache", "of the bound"],
      rows,
      notes: [
        "streams: buffers of the data's size that are read (r), written (w), updated (u). copy: a loop of 128-bit loads and",
        "stores with as many streams. in cache: the same operation on data in the first cache, without its call.",
        "of the bound: the larger of copy and in cache, to 1 thread.",
      ],
    },
  ]
}

async function row(each: Operation, copies: Map<string, CopyLoop>, options: SuiteOptions): Promise<Cell[]> {
  const big = [...each.buffers].filter(letter => "rwu".includes(letter))
  const cached = Math.floor(cachedBytes / (4 * big.length * columns)) * columns
  const fewer = Math.ceil(cached / columns / 4) * columns
  const contestants = [
    on(each, large, 1),
    on(each, large, 2),
    copying(big, copies, options),
    on(each, cached, 1),
    on(each, fewer, 1),
  ]
  const rounds = { rounds: options.quick ? 3 : 7, turn: options.quick ? 15 : 30 }
  const [one = 0, two = 0, copy = 0, more = 0, less = 0] = (await measure(contestants, rounds)).map(t => t.best * 1e6)
  // What a call costs beside its numbers falls out of the difference.
  const bound = (more - less) / (cached - fewer)
  const streams = ["r", "w", "u"].map(letter => big.filter(other => other === letter).length)
  const text = streams.flatMap((count, i) => (count > 0 ? [`${count}${"rwu"[i]}`] : [])).join(" ")
  const bounds = [copy / large, bound]
  return [each.name, text, one / large, two / large, ...bounds, Math.max(...bounds) / (one / large)]
}

/** Whether an operation runs as its row wants it, on few numbers. */
export function tryOperation(each: Operation): boolean {
  return on(each, 10 * columns, 1).run(1) !== undefined
}

/** An operation on so many numbers, as inside a step. */
function on({ name, kernel, buffers, numbers }: Operation, size: number, threads: number): Contestant {
  const rows = size / columns
  const contents = [...buffers].map(letter => content(letter, size, rows))
  return {
    name,
    run(times) {
      setThreads(threads)
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

function copying(
  big: readonly string[],
  copies: Map<string, CopyLoop>,
  { width, arithmetic }: SuiteOptions,
): Contestant {
  const count = (letter: string) => big.filter(other => other === letter).length
  const streams: Streams = { read: count("r"), write: count("w"), update: count("u") }
  const key = JSON.stringify(streams)
  const loop = copies.get(key) ?? copyLoop(streams, 4 * large, { width, fused: arithmetic === "fused" })
  copies.set(key, loop)
  return {
    name: "copy",
    run(times) {
      for (let t = 0; t < times; t++) loop.run(0, 0, large)
      return undefined
    },
  }
}
