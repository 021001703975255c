import { setFlagsFromString } from "node:v8"
import { describe, expect, it } from "vitest"
import { ModuleBuilder, wasmEngine } from "../../../packages/core/src/kernels/wasm/index.ts"
import { type OpcodeName, opcodes } from "../../../packages/core/src/kernels/wasm/opcodes.ts"
import type { Opcode } from "../../../packages/core/src/kernels/wasm/types.ts"
import { bytesOf, lanesOf, type Meaning, meaningOf, patternAt, place } from "./opcodeMeanings.ts"
import { memoryMeanings } from "./opcodeMemory.ts"

// Node 20 has the relaxed ones behind a flag that later versions do not need.
if (process.versions.node.startsWith("20.")) setFlagsFromString("--experimental-wasm-relaxed-simd")
const engine = wasmEngine()!

/** Control flow, variables and literals compute nothing by themselves: `assembler.test.ts` runs programs made of them. */
const inPrograms: readonly string[] = [
  ...["block", "loop", "if", "else", "end", "br", "br_if", "return", "call", "drop", "select"],
  ...["local.get", "local.set", "local.tee", "global.get", "global.set"],
  ...["i32.const", "i64.const", "f32.const", "f64.const", "v128.const"],
]

const names = Object.keys(opcodes) as OpcodeName[]
const meanings = new Map<OpcodeName, Meaning>()
for (const name of names) {
  const meaning = memoryMeanings[name] ?? meaningOf(name)
  if (meaning !== null) meanings.set(name, meaning)
}

/** A module whose kernel takes the operands of the instruction from 0, 16 and 32, and leaves its result at `place.result`. */
function moduleOf(name: OpcodeName, [first, second]: Meaning["immediates"] = []): Uint8Array {
  const { params, result }: Opcode = opcodes[name]
  const m = new ModuleBuilder("opcode", { min: 1, max: 1, shared: true })
  m.kernel("run", {}, ({ code }) => {
    if (result !== "void") code.instruction("i32.const", place.result)
    params.forEach((type, i) => {
      code.instruction("i32.const", 16 * i)
      code.instruction(`${type}.load`)
    })
    code.instruction(name, first, second)
    if (result !== "void") code.instruction(`${result}.store`)
  })
  return m.assemble()
}

function instantiate(bytes: Uint8Array) {
  const memory = new engine.Memory({ initial: 1, maximum: 1, shared: true })
  const { run } = new engine.Instance(new engine.Module(bytes), { env: { memory } }).exports
  if (typeof run !== "function") throw new Error("no kernel")
  return { run: () => run(0, 0, 0), bytes: new Uint8Array(memory.buffer) }
}

describe("the table of instructions", () => {
  it("has none that is not run here or in programs", () => {
    const known = new Set<string>([...meanings.keys(), ...inPrograms])
    expect(names.filter(name => !known.has(name))).toEqual([])
    expect(inPrograms.filter(name => !(name in opcodes) || meanings.has(name as OpcodeName))).toEqual([])
    expect(Object.keys(memoryMeanings).filter(name => !(name in opcodes))).toEqual([])
  })

  it("has no two of one code", () => {
    const codes = names.map(name => opcodes[name].code)
    expect(codes.filter((code, i) => codes.indexOf(code) !== i)).toEqual([])
  })

  it("states the natural alignment, which atomic instructions must", () => {
    const sizes: Record<string, number> = { i32: 32, f32: 32, memory: 32, i64: 64, f64: 64, v128: 128 }
    const accesses = names.filter(name => opcodes[name].immediate.startsWith("memory"))
    expect(accesses.length).toBeGreaterThan(20)
    for (const name of accesses) {
      // i32.load8_u, v128.load32_splat
      const bits = Number(/(?:load|store)(\d+)/.exec(name)?.[1] ?? sizes[name.split(".")[0]])
      expect(8 * 2 ** opcodes[name].align, name).toBe(bits)
    }
  })

  it.each([...meanings])(
    "%s is what the engine knows under its code",
    (name, { as, at = place.result, immediates, trials }) => {
      const module = moduleOf(name, immediates)
      expect(engine.validate(module)).toBe(true)
      const { run, bytes } = instantiate(module)
      for (const [operands, want] of trials) {
        for (let i = place.pattern.from; i < place.pattern.to; i++) bytes[i] = patternAt(i)
        for (const [i, operand] of operands.entries()) bytes.set(operand, 16 * i)
        if (want === null) expect(run).toThrow(/zero|unrepresentable/)
        else {
          run()
          const expected = bytesOf(as, ...want)
          const got = lanesOf(as, bytes.slice(at, at + expected.length))
          expect(got, operands.map(x => x.join(" ")).join(", ")).toEqual(lanesOf(as, expected))
        }
      }
    },
  )
})
