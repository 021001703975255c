import { Session } from "node:inspector/promises"
import { setFlagsFromString } from "node:v8"
import { runInNewContext } from "node:vm"
import { memory } from "@selvedge/core"

/** Where the time of some work went: a kernel or "JavaScript", and its share of the whole. */
export interface Share {
  readonly name: string
  readonly share: number
}

/** Runs work under V8's sampling profiler. What is not a kernel counts as JavaScript, idle time not at all. */
export async function shares(work: () => Promise<void>): Promise<Share[]> {
  const session = new Session()
  session.connect()
  await session.post("Profiler.enable")
  await session.post("Profiler.setSamplingInterval", { interval: 200 })
  await session.post("Profiler.start")
  await work()
  const { profile } = await session.post("Profiler.stop")
  session.disconnect()
  const names = new Map(profile.nodes.map(({ id, callFrame }) => [id, nameOf(callFrame)]))
  const times = new Map<string, number>()
  for (const [i, id] of (profile.samples ?? []).entries()) {
    const name = names.get(id)
    if (name !== undefined) times.set(name, (times.get(name) ?? 0) + (profile.timeDeltas?.[i] ?? 0))
  }
  const total = [...times.values()].reduce((sum, time) => sum + time, 0)
  return [...times].map(([name, time]) => ({ name, share: time / total })).sort((a, b) => b.share - a.share)
}

/** The kernel of a stack frame, "JavaScript" or "collector", undefined for idle time. */
function nameOf({ functionName, url }: { functionName: string; url: string }): string | undefined {
  if (url.startsWith("wasm")) return functionName
  if (functionName === "(idle)" || functionName === "(root)") return undefined
  return functionName === "(garbage collector)" ? "collector" : "JavaScript"
}

/** The shares as a line: the largest, until what is left is small. */
export function describeShares(found: readonly Share[], most = 8): string {
  const large = found.filter(({ share }) => share >= 0.02).slice(0, most)
  const rest = 1 - large.reduce((sum, { share }) => sum + share, 0)
  const all = rest >= 0.005 ? [...large, { name: "rest", share: rest }] : large
  return all.map(({ name, share }) => `${name} ${(100 * share).toFixed(0)} %`).join(", ")
}

/** The bytes of objects that some work made on the JavaScript heap, from samples, whether they survive or not. */
export async function allocated(work: () => Promise<void>): Promise<number> {
  const session = new Session()
  session.connect()
  await session.post("HeapProfiler.startSampling", {
    samplingInterval: 4096,
    includeObjectsCollectedByMajorGC: true,
    includeObjectsCollectedByMinorGC: true,
  })
  await work()
  const { profile } = await session.post("HeapProfiler.stopSampling")
  session.disconnect()
  return sizeOf(profile.head)
}

interface Allocations {
  readonly selfSize: number
  readonly children: readonly Allocations[]
}

function sizeOf({ selfSize, children }: Allocations): number {
  return children.reduce((sum, child) => sum + sizeOf(child), selfSize)
}

/** Bytes of everything that survives a collection: objects, arrays, linear memory in use. */
export function surviving(): number {
  setFlagsFromString("--expose-gc")
  const collect: unknown = runInNewContext("gc")
  if (typeof collect === "function") for (let i = 0; i < 3; i++) collect()
  const { heapUsed, arrayBuffers } = process.memoryUsage()
  return heapUsed + arrayBuffers + memory().used
}
