import { ByteWriter } from "./bytes.ts"
import { f32, i32, literal } from "./expression.ts"
import { FunctionBuilder, type FunctionReference, type GlobalReference, type Local, type Params } from "./function.ts"
import { typeCodes, type ValueType } from "./types.ts"

/** The memory that a module imports as `env.memory`, in pages of 64 KiB. A shared memory needs a maximum. */
export interface MemoryLimits {
  readonly min: number
  readonly max?: number
  readonly shared?: boolean
}

/** What the words of a kernel's argument block are, in order. */
export type Layout = Readonly<Record<string, "i32" | "f32">>

/** A kernel of a module: its exported name, and the names and types of the words of its argument block. */
export interface Kernel<A extends Layout = Layout> {
  readonly name: string
  readonly layout: A
}

/** The locals that belong to named parameters or arguments. */
export type Locals<P extends Params> = { readonly [K in keyof P]: Local<P[K]> }

interface Signature<P extends Params, R extends ValueType | "void"> {
  readonly params?: P
  readonly result?: R
  /** Whether the host can call the function under its name. */
  readonly exported?: boolean
}

interface Definition extends FunctionReference {
  readonly body: Uint8Array
  readonly exported: boolean
  readonly localNames: readonly string[]
}

interface Import {
  readonly from: string
  readonly reference: FunctionReference
}

interface Global extends GlobalReference {
  readonly initial: number | bigint
}

/** The `args` of every kernel: the byte address of its argument block; then the range of its work units. */
const kernelParams = { args: "i32", begin: "i32", end: "i32" } as const

/**
 * A WebAssembly module in the making. Functions are written as they are added; `assemble` gives the bytes.
 * @throws Error naming function and instruction when something does not fit.
 */
export class ModuleBuilder {
  readonly name: string
  readonly memory: MemoryLimits
  readonly kernels: Kernel[] = []
  readonly #imports: Import[] = []
  readonly #functions: Definition[] = []
  readonly #globals: Global[] = []
  readonly #fusing: boolean

  /** `fusing`: functions are written for an engine that fuses pairs of vectors; for others they can be shorter. */
  constructor(name: string, memory: MemoryLimits, fusing = true) {
    this.#fusing = fusing
    if (memory.shared && memory.max === undefined) throw new Error("assembler: a shared memory needs a maximum size")
    this.name = name
    this.memory = memory
  }

  /** A function of the host. Imports come first: they take the first places in the order of functions. */
  importFunction(from: string, name: string, params: Params, result: ValueType | "void" = "void"): FunctionReference {
    if (this.#functions.length > 0) throw new Error(`assembler: import "${name}" before the first function is added`)
    const reference = { name, index: this.#imports.length, params: Object.values(params), result }
    this.#imports.push({ from, reference })
    return reference
  }

  /** A mutable variable of the instance, exported under its name. */
  global<T extends ValueType>(name: string, type: T, initial: number | bigint = 0): GlobalReference<T> {
    const index = this.#globals.length
    const get = { type, emit: (code: FunctionBuilder["code"]) => code.typed("global.get", [], type, index) }
    const reference = { name, index, type, get }
    this.#globals.push({ ...reference, initial })
    return reference
  }

  /** Writes a function: `body` gets the builder and the parameters by name. */
  func<const P extends Params, const R extends ValueType | "void" = "void">(
    name: string,
    signature: Signature<P, R>,
    body: (f: FunctionBuilder, params: Locals<P>) => void,
  ): FunctionReference<R> {
    this.#checkFresh(name)
    const result = signature.result ?? ("void" as R)
    const f = new FunctionBuilder(name, signature.params ?? {}, result, this.#fusing)
    body(f, Object.fromEntries(f.params.map(local => [local.name, local])) as Locals<P>)
    const definition = {
      name,
      index: this.#imports.length + this.#functions.length,
      params: f.params.map(local => local.type),
      result,
      body: f.finish(),
      exported: signature.exported ?? false,
      localNames: f.localNames(),
    }
    this.#functions.push(definition)
    return definition
  }

  /**
   * Writes and exports a kernel, `(args, begin, end) -> ()`: `args` is the byte address of a block of 32-bit words laid
   * out as `layout` says, which `body` gets as locals under the same names; units [begin, end) are to be worked on.
   */
  kernel<const A extends Layout>(
    name: string,
    layout: A,
    body: (f: FunctionBuilder, args: Locals<A>, begin: Local<"i32">, end: Local<"i32">) => void,
  ): Kernel<A> {
    this.func(name, { params: kernelParams, exported: true }, (f, { args, begin, end }) => {
      const words = Object.entries(layout).map(([key, type], i) => [
        key,
        f.let(key, type === "f32" ? f32.load(args, 4 * i) : i32.load(args, 4 * i)),
      ])
      body(f, Object.fromEntries(words) as Locals<A>, begin, end)
    })
    const kernel = { name, layout }
    this.kernels.push(kernel)
    return kernel
  }

  /** The module in the binary format; the names of locals are for `disassemble` only and can be left out. */
  assemble(localNames = true): Uint8Array {
    const out = new ByteWriter()
    out.append([0x00, 0x61, 0x73, 0x6d, 0x01, 0x00, 0x00, 0x00])
    const types = new TypeList()
    const imports = this.#importSection(types)
    const declarations = vector(this.#functions, (w, f) => w.u32(types.index(f)))
    section(out, 1, types.write())
    section(out, 2, imports)
    section(out, 3, declarations)
    section(out, 6, vector(this.#globals, writeGlobal))
    section(out, 7, this.#exportSection())
    section(
      out,
      10,
      vector(this.#functions, (w, f) => w.block(f.body)),
    )
    section(out, 0, this.#nameSection(localNames))
    return out.bytes
  }

  #checkFresh(name: string): void {
    if (this.#functions.some(f => f.name === name)) throw new Error(`assembler: a second function named "${name}"`)
  }

  #importSection(types: TypeList): ByteWriter {
    const w = new ByteWriter()
    w.u32(this.#imports.length + 1)
    for (const { from, reference } of this.#imports) {
      w.name(from)
      w.name(reference.name)
      w.byte(0x00)
      w.u32(types.index(reference))
    }
    const { min, max, shared } = this.memory
    w.name("env")
    w.name("memory")
    w.byte(0x02)
    w.byte((max === undefined ? 0 : 1) | (shared ? 2 : 0))
    w.u32(min)
    if (max !== undefined) w.u32(max)
    return w
  }

  #exportSection(): ByteWriter {
    const exports = [
      ...this.#functions.filter(f => f.exported).map(f => ({ name: f.name, kind: 0x00, index: f.index })),
      ...this.#globals.map(g => ({ name: g.name, kind: 0x03, index: g.index })),
    ]
    return vector(exports, (w, entry) => {
      w.name(entry.name)
      w.byte(entry.kind)
      w.u32(entry.index)
    })
  }

  /** Names of module, functions, locals and globals, for stack traces and `disassemble`. */
  #nameSection(localNames: boolean): ByteWriter {
    const functions = [...this.#imports.map(({ reference }) => reference), ...this.#functions]
    const moduleName = new ByteWriter()
    moduleName.name(this.name)
    const w = new ByteWriter()
    w.name("name")
    section(w, 0, moduleName)
    section(
      w,
      1,
      vector(functions, (v, f) => named(v, f.index, f.name)),
    )
    if (localNames) section(w, 2, vector(this.#functions, writeLocalNames))
    section(
      w,
      7,
      vector(this.#globals, (v, g) => named(v, g.index, g.name)),
    )
    return w
  }
}

function named(w: ByteWriter, index: number, name: string): void {
  w.u32(index)
  w.name(name)
}

function writeLocalNames(w: ByteWriter, f: Definition): void {
  w.u32(f.index)
  w.append(vector(f.localNames, (u, name, i) => named(u, i, name)).bytes)
}

/** The distinct signatures of a module, numbered as they are met. */
class TypeList {
  readonly #signatures: string[] = []
  readonly #functions: FunctionReference[] = []

  index(f: FunctionReference): number {
    const signature = `${f.params.join(" ")} -> ${f.result}`
    const known = this.#signatures.indexOf(signature)
    if (known >= 0) return known
    this.#functions.push(f)
    return this.#signatures.push(signature) - 1
  }

  write(): ByteWriter {
    return vector(this.#functions, (w, { params, result }) => {
      const results = result === "void" ? [] : [result]
      w.byte(0x60)
      for (const types of [params, results]) w.block(Uint8Array.from(types, type => typeCodes[type]))
    })
  }
}

function vector<T>(items: readonly T[], write: (w: ByteWriter, item: T, index: number) => void): ByteWriter {
  const w = new ByteWriter()
  w.u32(items.length)
  for (const [i, item] of items.entries()) write(w, item, i)
  return w
}

function section(out: ByteWriter, id: number, content: ByteWriter): void {
  out.byte(id)
  out.block(content.bytes)
}

function writeGlobal(w: ByteWriter, { type, initial }: Global): void {
  const code = new FunctionBuilder("global", {}, type, false).code
  literal(type, initial).emit(code)
  code.finish(type)
  w.byte(typeCodes[type])
  w.byte(1)
  w.append(code.bytes.bytes)
}
