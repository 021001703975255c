import { load, op, series, store, type ValueType } from "./types.ts"

/** `(address, vector, lane)`; `bits` 8 to 64 are numbered 0 to 3. */
function lane<const R extends ValueType | "void">(code: number, result: R, bits: number) {
  return op(code, ["i32", "v128"], result, "memory-lane", bits)
}

/** `(vector, lane) -> scalar` */
function extract<const T extends ValueType>(code: number, scalar: T) {
  return op(code, ["v128"], scalar, "lane")
}

/** `(vector, scalar, lane) -> vector` */
function replace<const T extends ValueType>(code: number, scalar: T) {
  return op(code, ["v128", scalar], "v128", "lane")
}

const one = ["v128"] as const
const two = ["v128", "v128"] as const
const three = ["v128", "v128", "v128"] as const
const shift = ["v128", "i32"] as const

/**
 * The fixed-width SIMD instructions of WebAssembly 2.0 on lanes of 32 and 64 bits, and the relaxed ones of 3.0, under
 * their names in the specification (core specification, appendix "Index of Instructions").
 */
export const simdOpcodes = {
  "v128.load": load(0xfd0000, "v128", 4),
  "v128.load32_splat": load(0xfd0009, "v128", 2),
  "v128.load64_splat": load(0xfd000a, "v128", 3),
  "v128.load32_zero": load(0xfd005c, "v128", 2),
  "v128.load64_zero": load(0xfd005d, "v128", 3),
  "v128.store": store(0xfd000b, "v128", 4),
  "v128.load32_lane": lane(0xfd0056, "v128", 2),
  "v128.load64_lane": lane(0xfd0057, "v128", 3),
  "v128.store32_lane": lane(0xfd005a, "void", 2),
  "v128.store64_lane": lane(0xfd005b, "void", 3),
  "v128.const": op(0xfd000c, [], "v128", "literal"),
  "i8x16.shuffle": op(0xfd000d, two, "v128", "shuffle"),

  ...series("i32x4", 0xfd0011, "splat", ["i32"], "v128"),
  ...series("i64x2", 0xfd0012, "splat", ["i64"], "v128"),
  ...series("f32x4", 0xfd0013, "splat", ["f32"], "v128"),
  ...series("f64x2", 0xfd0014, "splat", ["f64"], "v128"),
  "i32x4.extract_lane": extract(0xfd001b, "i32"),
  "i32x4.replace_lane": replace(0xfd001c, "i32"),
  "f32x4.extract_lane": extract(0xfd001f, "f32"),
  "f32x4.replace_lane": replace(0xfd0020, "f32"),

  ...series("i32x4", 0xfd0037, "eq ne lt_s lt_u gt_s gt_u le_s le_u ge_s ge_u", two, "v128"),
  ...series("f32x4", 0xfd0041, "eq ne lt gt le ge", two, "v128"),
  ...series("f64x2", 0xfd0047, "eq ne lt gt le ge", two, "v128"),
  ...series("v128", 0xfd004d, "not", one, "v128"),
  ...series("v128", 0xfd004e, "and andnot or xor", two, "v128"),
  ...series("v128", 0xfd0052, "bitselect", three, "v128"),
  ...series("v128", 0xfd0053, "any_true", one, "i32"),

  ...series("i32x4", 0xfd00a0, "abs neg", one, "v128"),
  ...series("i32x4", 0xfd00ab, "shl shr_s shr_u", shift, "v128"),
  ...series("i32x4", 0xfd00ae, "add - - sub - - - mul", two, "v128"),
  ...series("i64x2", 0xfd00cb, "shl shr_s shr_u", shift, "v128"),
  ...series("i64x2", 0xfd00ce, "add - - sub - - - mul", two, "v128"),
  ...series("i32x4", 0xfd00b6, "min_s min_u max_s max_u", two, "v128"),
  ...series("i64x2", 0xfd00de, "extmul_low_i32x4_u extmul_high_i32x4_u", two, "v128"),

  ...series("f32x4", 0xfd0067, "ceil floor trunc nearest", one, "v128"),
  ...series("f32x4", 0xfd00e0, "abs neg - sqrt", one, "v128"),
  ...series("f32x4", 0xfd00e4, "add sub mul div min max pmin pmax", two, "v128"),
  ...series("f64x2", 0xfd00ec, "abs neg - sqrt", one, "v128"),
  ...series("f64x2", 0xfd00f0, "add sub mul div min max pmin pmax", two, "v128"),
  ...series("f32x4", 0xfd005e, "demote_f64x2_zero", one, "v128"),
  ...series("f64x2", 0xfd005f, "promote_low_f32x4", one, "v128"),
  ...series("i32x4", 0xfd00f8, "trunc_sat_f32x4_s trunc_sat_f32x4_u", one, "v128"),
  ...series("f32x4", 0xfd00fa, "convert_i32x4_s convert_i32x4_u", one, "v128"),
  ...series("f64x2", 0xfd00fe, "convert_low_i32x4_s convert_low_i32x4_u", one, "v128"),

  ...series("f32x4", 0xfd0105, "relaxed_madd relaxed_nmadd", three, "v128"),
} as const
