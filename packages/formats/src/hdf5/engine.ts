import type * as H5 from "h5wasm"
import { messageOf } from "../fail.ts"
import { type FilePart, readPart } from "../reader.ts"

/**
 * One request to the HDF5 library. Requests go in batches, so that a whole level of a file costs one trip to the worker.
 *
 * - `open`: take these bytes, or a part of a file on disk, as the file to read; limit is how far the library's memory may
 *   grow.
 * - `call`: a function of h5wasm's module with the file's id before `args`.
 * - `read`: raw little-endian bytes of a dataset or, with `attribute`, of an attribute; texts when `vlen`.
 * - `close`: forget the file.
 */
export type Request =
  | { op: "open"; from: Uint8Array | FilePart; limit: number }
  | { op: "call"; name: Callable; args: readonly (string | boolean)[] }
  | {
      op: "read"
      path: string
      attribute: string | null
      size: number
      rows: number
      slab: number
      dims: number[]
      vlen: boolean
    }
  | { op: "close" }

/** The module functions that reading needs. */
export type Callable =
  | "get_names"
  | "get_type"
  | "get_symbolic_link"
  | "get_external_link"
  | "get_attribute_names"
  | "get_attribute_metadata"
  | "get_dataset_metadata"
  | "get_dataset_filters"

/** Runs requests and gives one reply each; rejects at the first that fails. */
export interface Engine {
  run(requests: readonly Request[]): Promise<unknown[]>
  /** Gives the engine back; with `keep` it may serve the next file. */
  end(keep: boolean): Promise<void>
}

/** A request that failed: which one, and what the library said. */
export class RequestError extends Error {
  readonly index: number

  constructor(message: string, index: number) {
    super(message)
    this.index = index
  }
}

/** Lets a file of Emscripten's file system in memory, known by its node there, be a part of one on disk. */
function readInPlace(node: object, { fd, offset, length }: FilePart): void {
  const read = (_: unknown, buffer: Int8Array, at: number, count: number, position: number) => {
    const size = Math.max(0, Math.min(count, length - position))
    return readPart({ fd, offset: offset + position, length: size }, new Uint8Array(buffer.buffer, at, size))
  }
  Object.assign(node, { usedBytes: length, stream_ops: { ...Reflect.get(node, "stream_ops"), read } })
}

type Module = Awaited<typeof H5.ready>

/** Loads h5wasm's in-memory build: it has no access to the real file system, so no link can lead out of a file. */
export async function loadH5(): Promise<{ h5: typeof H5; module: Module }> {
  const h5 = await import("h5wasm")
  const module = await h5.ready
  // Without this the C library prints its errors and h5wasm ignores them.
  module.activate_throwing_error_handler()
  return { h5, module }
}

/** The engine in this thread, for bytes that are trusted: nothing can end it while it works. */
export class LocalEngine implements Engine {
  readonly #module: Module
  #file = 0n
  readonly #path: string
  static #count = 0

  constructor(module: Module) {
    this.#module = module
    this.#path = `/read-${LocalEngine.#count++}.h5`
  }

  async run(requests: readonly Request[]): Promise<unknown[]> {
    return requests.map((request, index) => {
      try {
        return this.#one(request)
      } catch (error) {
        throw new RequestError(messageOf(error), index)
      }
    })
  }

  async end(): Promise<void> {
    this.#close()
  }

  #one(request: Request): unknown {
    if (request.op === "open") return this.#open(request.from)
    if (request.op === "call") return call(this.#module, this.#file, request.name, request.args)
    if (request.op === "read") return read(this.#module, this.#file, request)
    return this.#close()
  }

  #open(from: Uint8Array | FilePart): void {
    const { FS, H5F_ACC_RDONLY } = this.#module
    const bytes = from instanceof Uint8Array ? from : new Uint8Array(0)
    FS.createDataFile("/", this.#path.slice(1), bytes, true, true, true)
    if (!(from instanceof Uint8Array)) readInPlace(FS.analyzePath(this.#path).object, from)
    this.#file = this.#module.open(this.#path, H5F_ACC_RDONLY, false, -1, -1)
  }

  #close(): void {
    if (!this.#module.FS.analyzePath(this.#path).exists) return
    if (this.#file > 0n) this.#module.close_file(this.#file)
    this.#file = 0n
    this.#module.FS.unlink(this.#path)
  }
}

function call(module: Module, file: bigint, name: Callable, args: readonly (string | boolean)[]): unknown {
  const run = module[name] as (file: bigint, ...args: readonly (string | boolean)[]) => unknown
  return run(file, ...args)
}

function read(module: Module, file: bigint, request: Extract<Request, { op: "read" }>): Uint8Array | string[] {
  const { path, attribute, size, rows, slab, vlen } = request
  const out = new Uint8Array(vlen ? 0 : size)
  const step = rows > 0 ? (size / rows) * slab : size
  const pointer = module._malloc(Math.max(step, 8))
  if (pointer === 0) throw new Error(`no memory for ${step} bytes`)
  try {
    if (attribute !== null) check(module.get_attribute_data(file, path, attribute, BigInt(pointer)))
    else if (slab >= rows) check(module.get_dataset_data(file, path, null, null, null, BigInt(pointer)))
    else return readSlabs(module, file, request, pointer, out)
    if (!vlen) {
      out.set(module.HEAPU8.subarray(pointer, pointer + size))
      return out
    }
    const pointers = new Uint32Array(module.HEAPU8.slice(pointer, pointer + size).buffer)
    const texts = Array.from(pointers, at => (at === 0 ? "" : module.UTF8ToString(at)))
    module.reclaim_vlen_memory(file, path, attribute ?? "", BigInt(pointer))
    return texts
  } finally {
    module._free(pointer)
  }
}

/** A few rows at a time, so that the library's memory, which never shrinks, stays small. */
function readSlabs(
  module: Module,
  file: bigint,
  { path, size, rows, slab, dims }: Extract<Request, { op: "read" }>,
  pointer: number,
  out: Uint8Array,
): Uint8Array {
  const rest = dims.slice(1).map(BigInt)
  const strides = dims.map(() => 1n)
  for (let row = 0; row < rows; row += slab) {
    const count = Math.min(slab, rows - row)
    const offset = [BigInt(row), ...rest.map(() => 0n)]
    check(module.get_dataset_data(file, path, [BigInt(count), ...rest], offset, strides, BigInt(pointer)))
    const bytes = (size / rows) * count
    out.set(module.HEAPU8.subarray(pointer, pointer + bytes), (size / rows) * row)
  }
  return out
}

function check(status: number): void {
  if (status < 0) throw new Error("the HDF5 library could not read it")
}
