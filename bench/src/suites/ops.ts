import { type CopyLoop, copyLoop, type Streams } from "../kernels.ts"
import { type Contestant, measure } from "../measure.ts"
import { fewOperations, type Operation, operations } from "../operations.ts"
import { elsewhere } from "../peers/elsewhere.ts"
import type { Report, SuiteOptions } from "../suite.ts"
import type { Cell } from "../table.ts"
import { columns, onNumbers } from "../work/numbers.ts"

/** Numbers in each buffer: 4 MB, more than the second cache holds. */
const large = 1_000_000
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
  const threaded = elsewhere({ kind: "operation", of: each.name, size: large }, 2, options)
  const contestants = [
    onNumbers(each, large),
    threaded,
    copying(big, copies, options),
    onNumbers(each, cached),
    onNumbers(each, fewer),
  ]
  const rounds = { rounds: options.quick ? 3 : 7, turn: options.quick ? 15 : 30 }
  const [one = 0, two = 0, copy = 0, more = 0, less = 0] = (await measure(contestants, rounds)).map(t => t.best * 1e6)
  threaded.close()
  // What a call costs beside its numbers falls out of the difference.
  const bound = (more - less) / (cached - fewer)
  const streams = ["r", "w", "u"].map(letter => big.filter(other => other === letter).length)
  const text = streams.flatMap((count, i) => (count > 0 ? [`${count}${"rwu"[i]}`] : [])).join(" ")
  const bounds = [copy / large, bound]
  return [each.name, text, one / large, two / large, ...bounds, Math.max(...bounds) / (one / large)]
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
