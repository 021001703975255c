import { checkNumber } from "@selvedge/core"
import { messageOf, misfit, type Refuse, refuseIn, show, UNNAMED } from "../fail.ts"
import { type FilePart, readPart } from "../reader.ts"
import { decodeAttribute, decodeDataset, planAttribute, planDataset } from "./decode.ts"
import { LocalEngine, loadH5, type Request, RequestError } from "./engine.ts"
import { RemoteEngine, TimeoutError } from "./remote.ts"
import { emptyGroup, type Hdf5Group, type Hdf5Tree } from "./types.ts"
import type { Walk } from "./walk.ts"

/** How to read an HDF5 file. */
export interface Hdf5Options {
  /** Name for errors. */
  name?: string
  /**
   * Milliseconds after which parsing is ended; 5,000 plus 50 per megabyte when absent, and then more while other
   * processes have the processor. It does not include the start of the worker.
   */
  timeoutMs?: number
  /** Parse in this thread, without a time limit: for files of your own. */
  trusted?: boolean
  /** The bytes may be handed to the worker: they are gone afterwards, and no copy is made. */
  owned?: boolean
  /** Bytes that compressed data may inflate to in all; four times the file plus 64 MB when absent. */
  maxBytes?: number
}

/** Deeper groups are refused: a hard link to a parent makes a file endless. */
const MAX_DEPTH = 64
/** Keras needs some ten objects a layer. */
const MAX_OBJECTS = 200_000
/** The least that an object takes in a file: with more of them, one is counted under many names. */
const OBJECT_BYTES = 32
/** Requests that go to the worker at once: each has a reply that takes memory. */
const BATCH = 1000
/** A worker that has held more is ended: its memory is free at once, not when a collector comes. */
const KEEP_BYTES = 8 << 20
/** Memory that the library may take for its own tables, beside the data it reads. */
const LIBRARY_BYTES = 64 << 20

interface Place {
  readonly path: string
  readonly group: Hdf5Group
}

/**
 * Reads a whole HDF5 file: groups, attributes, datasets. Links that are not hard links, and named types, are left out:
 * nothing leads out of the file or round in circles. Shapes are checked against the file's size before memory is taken.
 *
 * The file is parsed in a worker that is ended after `timeoutMs`; a worker that has met an error is never used again.
 *
 * @throws FormatError naming the object in the file: damaged or cut off, a type or filter that is not supported, data
 *   beyond the limits, too deep, too slow.
 */
export async function readHdf5(bytes: Uint8Array, options: Hdf5Options = {}): Promise<Hdf5Tree> {
  return readHdf5Part(bytes, options)
}

/** The same for a part of a file on disk as well, which is read piece by piece and never held. */
export async function readHdf5Part(from: Uint8Array | FilePart, options: Hdf5Options): Promise<Hdf5Tree> {
  const { name = UNNAMED, trusted = false, owned = false } = options
  // A buffer that was handed to the worker has no length any more.
  const size = from.length
  const timeoutMs = checkNumber("readHdf5", "timeoutMs", options.timeoutMs ?? 5000 + size / 20_000, { above: 0 })
  const maxBytes = options.maxBytes ?? 4 * size + (64 << 20)
  const refuse = refuseIn(name)
  checkSignature(from instanceof Uint8Array ? from : firstOf(from), refuse)
  const engine = trusted
    ? new LocalEngine((await loadH5()).module)
    : await RemoteEngine.start(timeoutMs, options.timeoutMs === undefined)
  let keep = false
  try {
    const body = trusted || owned || !(from instanceof Uint8Array) ? from : new Uint8Array(from)
    const walk: Walk = { engine, refuse, fileBytes: size, maxBytes, spent: 0, objects: 0, grew: false }
    await ask(walk, [{ op: "open", from: body, limit: Math.min(maxBytes, 1 << 30) + LIBRARY_BYTES }])
    const tree = await readTree(walk)
    await ask(walk, [{ op: "close" }])
    keep = !walk.grew && (size < KEEP_BYTES || !(from instanceof Uint8Array))
    return tree
  } catch (error) {
    throw explain(error, name, timeoutMs)
  } finally {
    await engine.end(keep)
  }
}

/** True when the bytes begin with HDF5's signature. */
export function looksLikeHdf5(bytes: Uint8Array): boolean {
  return [0x89, 0x48, 0x44, 0x46, 0x0d, 0x0a, 0x1a, 0x0a].every((byte, i) => bytes[i] === byte)
}

function firstOf(part: FilePart): Uint8Array {
  const first = new Uint8Array(Math.min(8, part.length))
  return first.subarray(0, readPart({ ...part, length: first.length }, first))
}

function checkSignature(bytes: Uint8Array, refuse: Refuse): void {
  if (looksLikeHdf5(bytes)) return
  const found =
    bytes.length === 0 ? "an empty file" : [...bytes.subarray(0, 8)].map(b => b.toString(16).padStart(2, "0")).join(" ")
  throw refuse("first 8 bytes", "the HDF5 signature", found)
}

function explain(error: unknown, file: string, timeoutMs: number): unknown {
  if (error instanceof TimeoutError) {
    const hint = "pass a larger timeoutMs if the file is good, { trusted: true } if it is your own"
    return misfit({
      file,
      place: "HDF5 data",
      expected: `to be read within ${Math.round(timeoutMs)} ms`,
      found: "no end",
      hint,
    })
  }
  if (error instanceof Error && error.name.endsWith("Error") && "code" in error) return error
  return misfit({ file, place: "HDF5 data", expected: "an undamaged file", found: messageOf(error), cause: error })
}

/** The last line of HDF5's error stack that says what happened, without its source file and line. */
function deepestReason(message: string): string {
  const lines = message.split("\n").filter(line => /^\s*#\d+: /.test(line))
  const last = lines.at(-1)?.replace(/^\s*#\d+: \S+ line \d+ in (\S+): /, "$1: ")
  return show(last ?? message.split("\n")[0] ?? "").replace(/^"|"$/g, "")
}

async function readTree(walk: Walk): Promise<Hdf5Tree> {
  const root = emptyGroup()
  let level: Place[] = [{ path: "", group: root }]
  for (let depth = 0; level.length > 0; depth++) {
    if (depth > MAX_DEPTH)
      throw walk.refuse(
        level[0]!.path.slice(0, 60),
        `at most ${MAX_DEPTH} levels`,
        "more",
        "a group may contain itself",
      )
    await readAttributes(
      walk,
      level.map(({ path, group }) => ({ path, into: group.attributes })),
    )
    level = await readChildren(walk, level)
  }
  return root
}

async function readChildren(walk: Walk, level: readonly Place[]): Promise<Place[]> {
  const listed = await ask<string[]>(
    walk,
    level.map(({ path }) => call("get_names", path || "/", false)),
  )
  const children = level.flatMap((parent, i) =>
    listed[i]!.map(name => ({ parent: parent.group, name, path: `${parent.path}/${name}` })),
  )
  walk.objects += children.length
  const most = Math.min(MAX_OBJECTS, Math.ceil(walk.fileBytes / OBJECT_BYTES))
  if (walk.objects > most) throw walk.refuse("groups", `at most ${most} objects`, "more", "a group may contain itself")
  const links = await ask<string | null | { filename?: string }>(
    walk,
    children.flatMap(({ path }) => [call("get_symbolic_link", path), call("get_external_link", path)]),
  )
  // One of each child: the name that a soft link has, and the file that an external one has.
  const leads = links.map(link => (typeof link === "object" && link !== null ? link.filename : link) ?? null)
  const hard = children.filter((_, i) => leads[2 * i] === null && leads[2 * i + 1] === null)
  const types = await ask<number>(
    walk,
    hard.map(({ path }) => call("get_type", path)),
  )
  const groups = hard.filter((_, i) => types[i] === 0)
  const datasets = hard.filter((_, i) => types[i] === 1)
  await readDatasets(walk, datasets)
  return groups.map(({ parent, name, path }) => {
    const group = emptyGroup()
    parent.groups.set(name, group)
    return { path, group }
  })
}

async function readDatasets(
  walk: Walk,
  items: readonly { parent: Hdf5Group; name: string; path: string }[],
): Promise<void> {
  const metadata = await ask<unknown>(
    walk,
    items.map(({ path }) => call("get_dataset_metadata", path)),
  )
  const filters = await ask<unknown>(
    walk,
    items.map(({ path }) => call("get_dataset_filters", path)),
  )
  const plans = items.map(({ path }, i) => planDataset(path, metadata[i], filters[i], walk))
  const places = items.map(({ path }) => ({ path, into: new Map() }))
  await readAttributes(walk, places)
  // One at a time: a batch would hold every array twice.
  for (const [i, plan] of plans.entries()) {
    const { request } = plan
    if (request?.op === "read" && request.slab >= request.rows && request.size > KEEP_BYTES) walk.grew = true
    const [raw] = request ? await ask<Uint8Array | string[]>(walk, [request]) : [new Uint8Array(0)]
    const item = items[i]!
    item.parent.datasets.set(item.name, decodeDataset(plan, raw!, places[i]!.into, walk.refuse))
  }
}

async function readAttributes(
  walk: Walk,
  places: readonly { path: string; into: Hdf5Group["attributes"] }[],
): Promise<void> {
  const lists = await ask<string[]>(
    walk,
    places.map(({ path }) => call("get_attribute_names", path || "/")),
  )
  const items = places.flatMap(({ path, into }, i) => lists[i]!.map(name => ({ path: path || "/", name, into })))
  const metadata = await ask<unknown>(
    walk,
    items.map(({ path, name }) => call("get_attribute_metadata", path, name)),
  )
  const plans = items.map(({ path, name }, i) => planAttribute(path, name, metadata[i], walk))
  const requests = plans.flatMap(plan => (plan.request ? [plan.request] : []))
  const raws = await ask<Uint8Array | string[]>(walk, requests)
  let next = 0
  plans.forEach((plan, i) => {
    const raw = plan.request ? raws[next++]! : new Uint8Array(0)
    items[i]!.into.set(items[i]!.name, decodeAttribute(plan, raw, walk.refuse))
  })
}

function call(name: Extract<Request, { op: "call" }>["name"], ...args: (string | boolean)[]): Request {
  return { op: "call", name, args }
}

/** Replies of one kind; an empty batch costs no trip. */
async function ask<T>(walk: Walk, requests: readonly Request[]): Promise<T[]> {
  const replies: T[] = []
  for (let at = 0; at < requests.length; at += BATCH) {
    const batch = requests.slice(at, at + BATCH)
    try {
      for (const reply of await walk.engine.run(batch)) replies.push(reply as T)
    } catch (error) {
      if (!(error instanceof RequestError)) throw error
      throw walk.refuse(placeOf(batch[error.index]), "undamaged HDF5", deepestReason(error.message))
    }
  }
  return replies
}

function placeOf(request: Request | undefined): string {
  if (request?.op === "read") return `data of ${show(request.attribute ?? request.path)}`
  if (request?.op === "call")
    return request.args
      .filter(arg => typeof arg === "string")
      .map(show)
      .join(" ")
  return "HDF5 data"
}
