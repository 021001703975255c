import { backward, noGrad, ones, setThreads } from "@selvedge/core"
import { inSteps, timedInStep } from "../arena.ts"
import { type CopyLoop, copyLoop, type Streams } from "../kernels.ts"
import { type Contestant, measure } from "../measure.ts"
import { fewOperations, type Operation, operations } from "../operations.ts"
import { fewPlainLoops, type Inputs, inputsOf, type PlainLoop, plainLoops } from "../plainLoops.ts"
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
        "of the bound: the larger of copy and in cache, to 1 thread. In cache still loads and stores: a loop in registers alone",
        "could only be quicker, and would need the formula, which the kernel keeps to itself.",
        "decode bytes: copy writes as much, without reading the bytes.",
      ],
    },
    await plain(options),
  ]
}

/** The same for operations whose forward or gradient has no SIMD form: there is nothing to hold them against. */
async function plain({ quick }: SuiteOptions): Promise<Report> {
  const inputs = inputsOf(large)
  const rows: Cell[][] = []
  setThreads(1)
  for (const loop of quick ? fewPlainLoops : plainLoops) {
    const contestants = [forward(loop, inputs), ...(loop.hasGradient ? [forwardAndBackward(loop, inputs)] : [])]
    const [once = null, both = null] = (await measure(contestants, roundsOf(quick))).map(t => (t.best * 1e6) / large)
    rows.push([loop.name, once, both])
  }
  return {
    title: `Operations with plain loops on ${large} numbers, ns per number, one thread (best of all rounds)`,
    header: ["operation", "forward", "forward and gradient"],
    rows,
    notes: [
      "numbers: those of the input or of the result, whichever are more. Gradients of all inputs that have one.",
      "Reductions: rows of 100. Images: 25 x 25 with 4 channels; pools of 2 x 2; conv2d: 8 filters of 3 x 3.",
      "batchNormInference, where: only the gradient is a plain loop.",
    ],
  }
}

function forward({ name, run }: PlainLoop, inputs: Inputs): Contestant {
  return {
    name,
    run(times) {
      inSteps(times, () => noGrad(() => run(inputs)))
      return undefined
    },
  }
}

function forwardAndBackward({ name, run }: PlainLoop, inputs: Inputs): Contestant {
  const cotangent = ones(noGrad(() => run(inputs)).shape)
  return {
    name,
    run(times) {
      inSteps(times, () => backward(run(inputs), cotangent))
      return undefined
    },
  }
}

/** Runs an operation of the second table as its row does, on few numbers. */
export async function tryPlainLoop(loop: PlainLoop): Promise<void> {
  const inputs = inputsOf(5000)
  await forward(loop, inputs).run(1)
  if (loop.hasGradient) await forwardAndBackward(loop, inputs).run(1)
}

const roundsOf = (quick: boolean) => ({ rounds: quick ? 3 : 7, turn: quick ? 15 : 30 })

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
  const timings = await measure(contestants, roundsOf(options.quick))
  const [one = 0, two = 0, copy = 0, more = 0, less = 0] = timings.map(timing => timing.best * 1e6)
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
        const args = [
          ...taken.map((buffer, i) => (buffers[i] === "b" ? bytesOf(buffer) : buffer)),
          ...numbers(rows, columns),
        ]
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
  const lengths: Record<string, number> = { c: columns, n: 2 * Math.ceil(size / 1024), t: 256, b: size / 4 }
  return Float32Array.from({ length: lengths[letter] ?? size }, (_, i) => 0.01 + ((i * 7919) % 1009) / 1009)
}

const bytesOf = ({ buffer, byteOffset, byteLength }: Float32Array) => new Uint8Array(buffer, byteOffset, byteLength)

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
