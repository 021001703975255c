import { scalarOpcodes } from "./opcodes-scalar.ts"
import { simdOpcodes } from "./opcodes-simd.ts"

/** Every instruction that the assembler knows, by its name in the WebAssembly specification. */
export const opcodes: typeof scalarOpcodes & typeof simdOpcodes = Object.assign(
  Object.create(null),
  scalarOpcodes,
  simdOpcodes,
)

/** The name of an instruction: `"f32x4.add"`. */
export type OpcodeName = keyof typeof opcodes
