/** The value types of WebAssembly that numeric kernels use. */
export type ValueType = "i32" | "i64" | "f32" | "f64" | "v128"

/** How each value type is written in a binary. */
export const typeCodes: Readonly<Record<ValueType, number>> = { i32: 0x7f, i64: 0x7e, f32: 0x7d, f64: 0x7c, v128: 0x7b }

/**
 * What an instruction carries beside its operands: nothing, a memory offset, a lane number, both, the sixteen lanes of a
 * shuffle, a literal, the index of a local, global, function or label, the type of a block, or zero bytes (the memory
 * index of `memory.fill` and `memory.copy`, the reserved byte of `atomic.fence`).
 */
export type Immediate =
  | "none"
  | "memory"
  | "lane"
  | "memory-lane"
  | "shuffle"
  | "literal"
  | "local"
  | "global"
  | "function"
  | "label"
  | "block"
  | "zero"
  | "zero-zero"

/** One row of the instruction table. */
export interface Opcode<
  P extends readonly ValueType[] = readonly ValueType[],
  R extends ValueType | "void" = ValueType | "void",
  I extends Immediate = Immediate,
> {
  /** The opcode; with a prefix byte, `prefix << 16 | number`. */
  readonly code: number
  readonly params: P
  readonly result: R
  readonly immediate: I
  /** log2 of the alignment that a memory instruction states: the natural one, which only informs the engine. */
  readonly align: number
}

/** One row of the instruction table, with the types of its operands kept for the compiler. */
export function op<
  const P extends readonly ValueType[],
  const R extends ValueType | "void",
  const I extends Immediate = "none",
>(code: number, params: P, result: R, immediate: I = "none" as I, align = 0): Opcode<P, R, I> {
  return { code, params, result, immediate, align }
}

type Words<S extends string> = S extends `${infer Head} ${infer Tail}` ? Head | Words<Tail> : S

/** Rows of one signature under `prefix.name`. */
export type Series<
  Prefix extends string,
  Names extends string,
  P extends readonly ValueType[],
  R extends ValueType | "void",
> = {
  readonly [N in Exclude<Words<Names>, "-"> as `${Prefix}.${N}`]: Opcode<P, R, "none">
}

/** Instructions of one signature with consecutive opcodes; a `-` among the names leaves one out. */
export function series<
  const Prefix extends string,
  const Names extends string,
  const P extends readonly ValueType[],
  const R extends ValueType | "void",
>(prefix: Prefix, first: number, names: Names, params: P, result: R): Series<Prefix, Names, P, R> {
  // Without a prototype an object is a table at once; else it would become one after a hundred changes of its layout.
  const rows = Object.create(null)
  let code = first
  for (const name of names.split(" ")) {
    if (name !== "-") rows[`${prefix}.${name}`] = op(code, params, result)
    code++
  }
  return rows
}

/** `address -> t` */
export function load<T extends ValueType>(code: number, t: T, align: number) {
  return op(code, ["i32"], t, "memory", align)
}

/** `address t -> nothing` */
export function store<T extends ValueType>(code: number, t: T, align: number) {
  return op(code, ["i32", t], "void", "memory", align)
}
