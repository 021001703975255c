import { ByteWriter } from "./bytes.ts"
import { type OpcodeName, opcodes } from "./opcodes.ts"
import type { Opcode, ValueType } from "./types.ts"

/** What may follow an opcode in the bytes: numbers, a 64-bit literal, the bytes of a vector or of a shuffle. */
export type ImmediateValue = number | bigint | readonly number[] | Uint8Array

/** The target of a branch: the end of a `block`, the start of a `loop`. Valid inside of its construct only. */
export interface Label {
  readonly name: string
}

interface Frame {
  readonly label: Label
  readonly height: number
  /** After an unconditional branch nothing is left to check until the construct ends. */
  unreachable: boolean
}

/**
 * The body of one function while it is written: bytes, and the operand stack that the bytes written so far leave, by
 * type. Every instruction is checked against that stack before it is written.
 *
 * @throws Error naming the function and the instruction when operands, labels or immediates do not fit.
 */
export class Code {
  readonly bytes = new ByteWriter()
  readonly functionName: string
  readonly #stack: ValueType[] = []
  readonly #frames: Frame[] = [{ label: { name: "function" }, height: 0, unreachable: false }]
  /** Of the innermost frame: what lies below was there before it. */
  #height = 0

  constructor(functionName: string) {
    this.functionName = functionName
  }

  /** Checks and writes an instruction whose operands and result stand in the table. */
  instruction(name: OpcodeName, first?: ImmediateValue, second?: ImmediateValue): void {
    const row: Opcode = opcodes[name]
    this.#write(name, row, row.params, row.result, first, second)
  }

  /** Checks and writes an instruction whose operand and result types depend on what it names (a local, a call). */
  typed(name: OpcodeName, params: readonly ValueType[], result: ValueType | "void", index?: number): void {
    this.#write(name, opcodes[name], params, result, index)
  }

  /** `local.get`: half of all instructions, so it takes the shortest way. */
  get(type: ValueType, index: number): void {
    this.bytes.byte(0x20)
    this.bytes.u32(index)
    this.#stack.push(type)
  }

  #write(
    name: OpcodeName,
    row: Opcode,
    params: readonly ValueType[],
    result: ValueType | "void",
    first?: ImmediateValue,
    second?: ImmediateValue,
  ): void {
    const stack = this.#stack
    for (let i = params.length - 1; i >= 0; i--) {
      if (stack.length > this.#height && stack[stack.length - 1] === params[i]) stack.pop()
      else this.#pop(params[i], name)
    }
    this.bytes.opcode(row)
    if (row.immediate !== "none") this.#immediates(name, row, first, second)
    if (result !== "void") stack.push(result)
  }

  /** Opens a `block`, a `loop` or an `if` without parameters or results. */
  open(name: "block" | "loop" | "if"): Label {
    this.instruction(name, 0x40)
    const label = { name }
    this.#height = this.#stack.length
    this.#frames.push({ label, height: this.#height, unreachable: false })
    return label
  }

  /** Ends the first arm of the innermost `if`. */
  otherwise(): void {
    const frame = this.#frames[this.#frames.length - 1]
    if (frame.label.name !== "if") this.fail("else", `stands in a ${frame.label.name}, not in an if`)
    this.#checkHeight(frame, "else")
    frame.unreachable = false
    this.instruction("else")
  }

  /** Ends the innermost construct. */
  close(): void {
    const frame = this.#frames[this.#frames.length - 1]
    this.#checkHeight(frame, "end")
    if (this.#frames.length === 1) this.fail("end", "closes the function's own block")
    this.#frames.pop()
    this.#height = this.#frames[this.#frames.length - 1].height
    this.instruction("end")
  }

  /** Ends the function, whose result must be all that is left. */
  finish(result: ValueType | "void"): void {
    if (this.#frames.length > 1) this.fail("end", `leaves a ${this.#frames[this.#frames.length - 1].label.name} open`)
    if (result !== "void") this.#pop(result, "end")
    this.#checkHeight(this.#frames[0], "end")
    this.instruction("end")
  }

  /** How many constructs lie between here and a label: what a branch carries. */
  depth(label: Label, name: OpcodeName): number {
    for (let i = this.#frames.length - 1; i > 0; i--) {
      if (this.#frames[i].label === label) return this.#frames.length - 1 - i
    }
    return this.fail(name, `branches to a ${label.name} that does not enclose it`)
  }

  /** Says that control never arrives behind the instruction just written. */
  markUnreachable(): void {
    const frame = this.#frames[this.#frames.length - 1]
    this.#stack.length = frame.height
    frame.unreachable = true
  }

  fail(name: OpcodeName, reason: string): never {
    throw new Error(`assembler: in function "${this.functionName}", ${name} ${reason}`)
  }

  #pop(expected: ValueType, name: OpcodeName): void {
    const frame = this.#frames[this.#frames.length - 1]
    if (this.#stack.length === frame.height) {
      if (frame.unreachable) return
      this.fail(name, `wants an operand of type ${expected}, the stack is empty`)
    }
    const found = this.#stack.pop()
    if (found !== expected) this.fail(name, `wants an operand of type ${expected}, found ${found}`)
  }

  #checkHeight(frame: Frame, name: OpcodeName): void {
    if (this.#stack.length === frame.height) return
    const left = this.#stack.slice(frame.height)
    this.fail(name, `of ${frame.label.name} leaves [${left.join(" ")}] on the stack`)
  }

  #immediates(
    name: OpcodeName,
    row: Opcode,
    first: ImmediateValue | undefined,
    second: ImmediateValue | undefined,
  ): void {
    switch (row.immediate) {
      case "zero":
        this.bytes.byte(0)
        break
      case "zero-zero":
        this.bytes.append([0, 0])
        break
      case "memory":
        this.#memory(name, row, first)
        break
      case "lane":
        this.bytes.byte(this.#natural(name, "lane", first, laneCount(name)))
        break
      case "memory-lane":
        this.#memory(name, row, second)
        this.bytes.byte(this.#natural(name, "lane", first, 16 >> row.align))
        break
      case "shuffle":
        this.bytes.append(this.#sixteen(name, first, 32))
        break
      case "literal":
        this.#literal(name, row.result, first)
        break
      default:
        this.bytes.u32(this.#natural(name, row.immediate, first, 0x100000000))
    }
  }

  #memory(name: OpcodeName, row: Opcode, offset: ImmediateValue | undefined): void {
    this.bytes.u32(row.align)
    this.bytes.u32(this.#natural(name, "offset", offset ?? 0, 0x100000000))
  }

  #literal(name: OpcodeName, type: ValueType | "void", value: ImmediateValue | undefined): void {
    if (type === "i64") {
      if (typeof value !== "bigint") this.fail(name, "wants a bigint")
      this.bytes.i64(value)
    } else if (type === "v128") {
      this.bytes.append(this.#sixteen(name, value, 256))
    } else {
      if (typeof value !== "number") this.fail(name, "wants a number")
      if (type === "f32") this.bytes.f32(value)
      else if (type === "f64") this.bytes.f64(value)
      else if (value === (value | 0) || value === value >>> 0) this.bytes.i32(value)
      else this.fail(name, `wants a 32-bit integer, not ${value}`)
    }
  }

  #natural(name: OpcodeName, what: string, value: ImmediateValue | undefined, limit: number): number {
    if (typeof value === "number" && value >= 0 && value < limit && Math.floor(value) === value) return value
    return this.fail(name, `wants a ${what} in [0, ${limit}), not ${value}`)
  }

  #sixteen(name: OpcodeName, value: ImmediateValue | undefined, limit: 32 | 256): readonly number[] | Uint8Array {
    if (typeof value !== "object" || value.length !== 16) return this.fail(name, "wants sixteen bytes")
    for (let i = 0; i < 16; i++) {
      // The limits are powers of two: nothing but an integer below them stays what it is.
      if ((value[i] & (limit - 1)) !== value[i]) this.#natural(name, "byte", value[i], limit)
    }
    return value
  }
}

/** `f32x4.extract_lane` has four lanes. */
function laneCount(name: OpcodeName): number {
  return Number(name.slice(name.indexOf("x") + 1, name.indexOf(".")))
}
