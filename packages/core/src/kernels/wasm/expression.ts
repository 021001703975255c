import type { Code, ImmediateValue } from "./code.ts"
import { type OpcodeName, opcodes } from "./opcodes.ts"
import type { Immediate, Opcode, ValueType } from "./types.ts"

/**
 * A value that instructions will compute: a tree, written out where a statement uses it. A tree used twice is computed
 * twice (keep it in a local instead: `f.let`), and it is computed where it is used, not where it was built.
 */
export interface Expression<T extends ValueType = ValueType> {
  readonly type: T
  /** Writes the instructions that leave the value on the stack. */
  emit(code: Code): void
}

/** What an instruction takes: an expression (a local is one) or, where the type allows it, a literal. */
export type Operand<T extends ValueType> =
  | Expression<T>
  | (T extends "i32" | "f32" | "f64" ? number : T extends "i64" ? bigint : never)

type Operands<P extends readonly ValueType[]> = { [I in keyof P]: Operand<P[I]> }

type Immediates<I extends Immediate> = I extends "memory"
  ? [offset?: number]
  : I extends "lane"
    ? [lane: number]
    : I extends "memory-lane"
      ? [lane: number, offset?: number]
      : I extends "shuffle"
        ? [lanes: readonly number[]]
        : []

type Arguments<O> = O extends Opcode<infer P, ValueType | "void", infer I> ? [...Operands<P>, ...Immediates<I>] : never

type Structural = "literal" | "local" | "global" | "function" | "label" | "block"

type Rows = typeof opcodes

/** The instructions with a given prefix that leave a value, as functions that build expressions. */
export type Values<Prefix extends string> = {
  readonly [K in OpcodeName as K extends `${Prefix}.${infer N}`
    ? Rows[K]["result"] extends ValueType
      ? Rows[K]["immediate"] extends Structural
        ? never
        : N
      : never
    : never]: (
    ...args: Arguments<Rows[K]>
  ) => Rows[K]["result"] extends ValueType ? Expression<Rows[K]["result"]> : never
}

/** The instructions with a given prefix that leave nothing (stores, mostly), as statements of a function. */
export type Statements<Prefix extends string> = {
  readonly [K in OpcodeName as K extends `${Prefix}.${infer N}`
    ? Rows[K]["result"] extends "void"
      ? Rows[K]["immediate"] extends Structural
        ? never
        : N
      : never
    : never]: (...args: Arguments<Rows[K]>) => void
}

type Argument = Operand<ValueType> | readonly number[] | undefined

const constants = {
  i32: "i32.const",
  i64: "i64.const",
  f32: "f32.const",
  f64: "f64.const",
  v128: "v128.const",
} as const

/** A literal of the given type. */
export function literal<T extends ValueType>(type: T, value: ImmediateValue): Expression<T> {
  return { type, emit: code => code.instruction(constants[type], value) }
}

function isExpression(value: Argument): value is Expression {
  return typeof value === "object" && !Array.isArray(value)
}

/** An operand as an expression; a number or bigint becomes a literal of the type that the place asks for. */
export function expression(type: ValueType, value: Argument): Expression {
  if (isExpression(value)) return value
  if (typeof value === "number" || typeof value === "bigint") return literal(type, value)
  throw new Error(`assembler: an operand of type ${type} is missing`)
}

/** Writes the operands of an instruction, then the instruction. */
function emitOperation(code: Code, name: OpcodeName, args: readonly Argument[]): void {
  const { params }: Opcode = opcodes[name]
  const count = params.length
  for (let i = 0; i < count; i++) {
    const arg = args[i]
    if (isExpression(arg)) arg.emit(code)
    else if (typeof arg === "number") code.instruction(constants[params[i]], arg)
    else if (arg === undefined) code.fail(name, `wants ${count} operands, got ${i}`)
    else expression(params[i], arg).emit(code)
  }
  const first = args[count]
  const second = args[count + 1]
  code.instruction(name, isExpression(first) ? undefined : first, isExpression(second) ? undefined : second)
}

interface Operation extends Expression {
  readonly name: OpcodeName
  readonly args: readonly Argument[]
}

// One function for all instructions rather than a closure for each: it is compiled sooner.
function emitThis(this: Operation, code: Code): void {
  emitOperation(code, this.name, this.args)
}

function operation(type: ValueType, name: OpcodeName, args: readonly Argument[]): Operation {
  return { type, name, args, emit: emitThis }
}

const structural: readonly Immediate[] = ["literal", "local", "global", "function", "label", "block"]

type Table<T> = Record<string, T>

/** The instructions that leave a value, and those that do not, by prefix and the rest of the name. */
const valueTables: Table<Table<(...args: Argument[]) => Expression>> = Object.create(null)
const statementTables: Table<Table<(this: { readonly code: Code }, ...args: Argument[]) => void>> = Object.create(null)
for (const name of Object.keys(opcodes) as OpcodeName[]) {
  const { result, immediate }: Opcode = opcodes[name]
  const prefix = name.startsWith("i32.atomic.") ? "i32.atomic" : name.slice(0, Math.max(0, name.indexOf(".")))
  // Control flow and locals have their own ways.
  if (prefix === "" || structural.includes(immediate)) continue
  const key = name.slice(prefix.length + 1)
  if (result === "void") {
    statementTables[prefix] ??= Object.create(null)
    statementTables[prefix][key] = function (...args) {
      emitOperation(this.code, name, args)
    }
  } else {
    valueTables[prefix] ??= Object.create(null)
    valueTables[prefix][key] = (...args) => operation(result, name, args)
  }
}

/** The statements with a prefix, writing into a function's code. */
export function statements<P extends string>(prefix: P, code: Code): Statements<P> {
  return Object.create(statementTables[prefix], { code: { value: code } })
}

/** `a` where `condition` is not zero, else `b`; both are computed. */
export function select<T extends ValueType>(
  a: Expression<T>,
  b: Expression<T>,
  condition: Operand<"i32">,
): Expression<T> {
  return {
    type: a.type,
    emit: code => {
      a.emit(code)
      b.emit(code)
      expression("i32", condition).emit(code)
      // Typed select is for references only; the plain one takes any pair of equal types.
      code.typed("select", [a.type, a.type, "i32"], a.type)
    },
  }
}

const lanes = new DataView(new ArrayBuffer(16))

/** The bytes of four lanes, or of one value in all four. */
function laneBytes(values: readonly number[], set: "setFloat32" | "setInt32"): Uint8Array {
  for (let i = 0; i < 4; i++) lanes[set](4 * i, values[i % values.length], true)
  return new Uint8Array(lanes.buffer.slice(0))
}

function values<P extends string>(prefix: P): Values<P>
function values(prefix: string): object {
  return valueTables[prefix]
}

export const i32 = Object.assign(values("i32"), { const: (value: number) => literal("i32", value) })
export const i64 = Object.assign(values("i64"), { const: (value: bigint) => literal("i64", value) })
export const f32 = Object.assign(values("f32"), { const: (value: number) => literal("f32", value) })
export const f64 = Object.assign(values("f64"), { const: (value: number) => literal("f64", value) })
export const v128 = Object.assign(values("v128"), {
  /** Sixteen bytes. */
  const: (bytes: readonly number[]) => literal("v128", bytes),
})
export const f32x4 = Object.assign(values("f32x4"), {
  /** Four lanes, or one value in all four. */
  const: (...lanes: readonly number[]) => literal("v128", laneBytes(lanes, "setFloat32")),
})
export const i32x4 = Object.assign(values("i32x4"), {
  /** Four lanes, or one value in all four. */
  const: (...lanes: readonly number[]) => literal("v128", laneBytes(lanes, "setInt32")),
  /** Four 32-bit lanes out of the eight of `a` (0-3) and `b` (4-7): `i8x16.shuffle` with lanes for bytes. */
  shuffle: (a: Operand<"v128">, b: Operand<"v128">, lanes: readonly number[]) =>
    i8x16.shuffle(
      a,
      b,
      lanes.flatMap(lane => [4 * lane, 4 * lane + 1, 4 * lane + 2, 4 * lane + 3]),
    ),
})
export const i8x16 = values("i8x16")
export const i64x2 = values("i64x2")
export const f64x2 = values("f64x2")
/** `memory.size` in pages, and the two instructions for waiting and waking. */
export const memory = values("memory")
/** `i32.atomic.load`, and `"rmw.add"`, `"rmw.cmpxchg"`, ... under the rest of their names. */
export const atomic = values("i32.atomic")
