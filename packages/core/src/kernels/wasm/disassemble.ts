import { opcodes } from "./opcodes.ts"
import type { Opcode, ValueType } from "./types.ts"
import { typeCodes } from "./types.ts"

const decoder = new TextDecoder()
let rowsByCode: Map<number, readonly [string, Opcode]> | null = null
const typeNames = new Map<number, string>(Object.entries(typeCodes).map(([name, code]) => [code, name]))

/** Reads what `ByteWriter` writes. */
class ByteReader {
  readonly #bytes: Uint8Array
  readonly #view: DataView
  position = 0

  constructor(bytes: Uint8Array) {
    this.#bytes = bytes
    this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  }

  get done(): boolean {
    return this.position >= this.#bytes.length
  }

  byte(): number {
    if (this.done) throw new Error("disassemble: the bytes end in the middle of a module")
    return this.#bytes[this.position++]
  }

  leb(signed: boolean): bigint {
    let value = 0n
    let shift = 0n
    for (;;) {
      const byte = this.byte()
      value |= BigInt(byte & 0x7f) << shift
      shift += 7n
      if (byte < 0x80) return signed && byte & 0x40 ? value - (1n << shift) : value
    }
  }

  /** Four bytes, not LEB128. */
  u32Fixed(): number {
    this.position += 4
    return this.#bytes.length < this.position ? 0 : this.#view.getUint32(this.position - 4, true)
  }

  u32(): number {
    return Number(this.leb(false))
  }

  f32(): number {
    this.position += 4
    return this.#view.getFloat32(this.position - 4, true)
  }

  f64(): number {
    this.position += 8
    return this.#view.getFloat64(this.position - 8, true)
  }

  block(length = this.u32()): ByteReader {
    this.position += length
    return new ByteReader(this.#bytes.subarray(this.position - length, this.position))
  }

  text(): string {
    return decoder.decode(this.block().#bytes)
  }

  list<T>(read: (reader: this) => T): T[] {
    return Array.from({ length: this.u32() }, () => read(this))
  }
}

interface Names {
  readonly functions: Map<number, string>
  readonly locals: Map<number, Map<number, string>>
  readonly globals: Map<number, string>
}

interface Signature {
  readonly params: readonly string[]
  readonly results: readonly string[]
}

interface Sections {
  readonly types: Signature[]
  /** The type of each function, imported ones first. */
  readonly functions: number[]
  readonly bodies: ByteReader[]
  readonly names: Names
}

/**
 * A module, or one function of it, as readable text: one instruction a line, under its name in the WebAssembly
 * specification, with the names that the module's name section gives to functions, locals and globals.
 * @throws Error if there is no function of that name, or the bytes are not a module that this assembler could write.
 */
export function disassemble(bytes: Uint8Array, functionName?: string): string {
  const sections = readSections(bytes)
  const imported = sections.functions.length - sections.bodies.length
  const texts: string[] = []
  for (const [i, body] of sections.bodies.entries()) {
    const index = imported + i
    const name = sections.names.functions.get(index) ?? String(index)
    if (functionName === undefined || functionName === name) texts.push(functionText(sections, index, name, body))
  }
  if (texts.length === 0 && functionName !== undefined) {
    throw new Error(`disassemble: the module has no function "${functionName}"`)
  }
  return texts.join("\n\n")
}

function readSections(bytes: Uint8Array): Sections {
  const reader = new ByteReader(bytes)
  if (reader.u32Fixed() !== 0x6d736100) throw new Error("disassemble: not a WebAssembly module")
  reader.position = 8
  const names: Names = { functions: new Map(), locals: new Map(), globals: new Map() }
  const sections: Sections = { types: [], functions: [], bodies: [], names }
  while (!reader.done) {
    const id = reader.byte()
    const content = reader.block()
    if (id === 1) sections.types.push(...content.list(readSignature))
    else if (id === 2) sections.functions.push(...content.list(readImport).flat())
    else if (id === 3) sections.functions.push(...content.list(r => r.u32()))
    else if (id === 10) sections.bodies.push(...content.list(r => r.block()))
    else if (id === 0 && content.text() === "name") readNames(content, names)
  }
  return sections
}

function readSignature(r: ByteReader): Signature {
  r.byte()
  return { params: r.list(readType), results: r.list(readType) }
}

function readType(r: ByteReader): string {
  return typeNames.get(r.byte()) ?? "?"
}

/** The type of an imported function; nothing for a memory. */
function readImport(r: ByteReader): number[] {
  r.text()
  r.text()
  if (r.byte() === 0) return [r.u32()]
  const flags = r.byte()
  r.u32()
  if (flags & 1) r.u32()
  return []
}

function readNames(r: ByteReader, names: Names): void {
  const fill = (content: ByteReader, map: Map<number, string>) => {
    content.list(c => map.set(c.u32(), c.text()))
  }
  while (!r.done) {
    const id = r.byte()
    const content = r.block()
    if (id === 1) fill(content, names.functions)
    if (id === 7) fill(content, names.globals)
    if (id !== 2) continue
    content.list(c => {
      const locals = new Map<number, string>()
      names.locals.set(c.u32(), locals)
      fill(c, locals)
    })
  }
}

function functionText({ types, functions, names }: Sections, index: number, name: string, body: ByteReader): string {
  const { params, results } = types[functions[index]]
  const local = (i: number) => names.locals.get(index)?.get(i) ?? String(i)
  const title = [`(func $${name}`, ...params.map((type, i) => `(param $${local(i)} ${type})`)]
  const lines = [[...title, ...results.map(type => `(result ${type})`)].join(" ")]
  let count = params.length
  body.list(r => {
    const run = r.u32()
    const type = readType(r)
    for (let i = 0; i < run; i++) lines.push(`  (local $${local(count++)} ${type})`)
  })
  let depth = 1
  while (!body.done) {
    const [opcodeName, row] = readOpcode(body)
    if (opcodeName === "end" || opcodeName === "else") depth--
    const immediates = readImmediates(body, row, names, local)
    if (depth > 0) lines.push(["  ".repeat(depth) + opcodeName, ...immediates].join(" "))
    if (row.immediate === "block" || opcodeName === "else") depth++
  }
  return `${lines.join("\n")})`
}

function readOpcode(r: ByteReader): readonly [string, Opcode] {
  const first = r.byte()
  const code = first >= 0xfc ? first * 0x10000 + r.u32() : first
  rowsByCode ??= new Map(Object.entries<Opcode>(opcodes).map(([name, row]) => [row.code, [name, row]]))
  const row = rowsByCode.get(code)
  if (!row) throw new Error(`disassemble: unknown instruction 0x${code.toString(16)}`)
  return row
}

function readImmediates(r: ByteReader, row: Opcode, names: Names, local: (i: number) => string): string[] {
  switch (row.immediate) {
    case "none":
      return []
    case "block":
    case "zero":
    case "zero-zero":
      r.position += row.immediate === "zero-zero" ? 2 : 1
      return []
    case "memory":
    case "memory-lane": {
      r.u32()
      const offset = r.u32()
      const place = offset > 0 ? [`offset=${offset}`] : []
      return row.immediate === "memory" ? place : [...place, String(r.byte())]
    }
    case "lane":
      return [String(r.byte())]
    case "shuffle":
      return Array.from({ length: 16 }, () => String(r.byte()))
    case "literal":
      return [readLiteral(r, row.result)]
    default:
      return [reference(row, r.u32(), names, local)]
  }
}

function reference(row: Opcode, index: number, names: Names, local: (i: number) => string): string {
  if (row.immediate === "local") return `$${local(index)}`
  if (row.immediate === "function") return `$${names.functions.get(index) ?? index}`
  if (row.immediate === "global") return `$${names.globals.get(index) ?? index}`
  return String(index)
}

function readLiteral(r: ByteReader, type: ValueType | "void"): string {
  if (type === "f32") return String(r.f32())
  if (type === "f64") return String(r.f64())
  if (type !== "v128") return String(r.leb(true))
  const words = Array.from({ length: 16 }, () => r.byte().toString(16).padStart(2, "0"))
  return ["i8x16", ...words.map(word => `0x${word}`)].join(" ")
}
