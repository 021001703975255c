import { readFileSync } from "node:fs"
import { FormatError } from "@selvedge/core"
import {
  type NamedArray,
  readNpy,
  readNpz,
  readSafetensors,
  type TypedArray,
  writeNpy,
  writeNpz,
  writeSafetensors,
} from "@selvedge/formats"
import { describe, expect, it } from "vitest"
import { floatToHalf, halfToFloat } from "../../packages/formats/src/arrays.ts"
import { fc } from "../property.ts"

interface Case {
  name: string
  file: string
  shape: number[]
  values: (number | string)[]
}
interface Oracle {
  npy: Case[]
  objects: string
  npz_packed: string
  npz_plain: string
  safetensors: { file: string; arrays: Record<string, Omit<Case, "file" | "name">> }
}

const oracle: Oracle = JSON.parse(readFileSync(new URL("data/arrays.json", import.meta.url), "utf8"))
const bytes = (text: string) => new Uint8Array(Buffer.from(text, "base64"))
const SPECIAL = new Map([
  ["nan", NaN],
  ["inf", Infinity],
  ["-inf", -Infinity],
]) // prettier-ignore

function wanted(values: (number | string)[], data: TypedArray): (number | bigint)[] {
  const big = data instanceof BigInt64Array || data instanceof BigUint64Array
  return values.map(value => {
    if (big) return BigInt(value)
    return typeof value === "string" ? (SPECIAL.get(value) ?? Number(value)) : value
  })
}

describe("npy against NumPy", () => {
  it.each(oracle.npy.map(c => [c.name, c] as const))("%s", (_, c) => {
    const array = readNpy(bytes(c.file))
    expect(array.shape).toEqual(c.shape)
    expect([...array.data]).toEqual(wanted(c.values, array.data))
  })

  it("writes the bytes that NumPy writes", () => {
    for (const c of oracle.npy.filter(c => !/_F$|big_endian|version/.test(c.name))) {
      expect(Buffer.from(writeNpy(readNpy(bytes(c.file)))).toString("base64"), c.name).toBe(c.file)
    }
  })

  it("refuses pickled objects by name", () => {
    expect(() => readNpy(bytes(oracle.objects))).toThrow(/pickled Python objects/)
  })

  it("refuses headers that are not NumPy's", () => {
    const header = (text: string) => {
      const out = new Uint8Array(10 + text.length + 4)
      out.set([0x93, 0x4e, 0x55, 0x4d, 0x50, 0x59, 1, 0, text.length, 0])
      out.set(new TextEncoder().encode(text), 10)
      return () => readNpy(out, "x.npy")
    }
    expect(header("{'descr': '<f4', 'fortran_order': False, 'shape': (1,), }\n")).not.toThrow()
    for (const bad of [
      "{'descr': '<f4', 'fortran_order': False, 'shape': (2,), }",
      "{'descr': '<f4', 'fortran_order': False, 'shape': (1), }",
      "{'descr': '<f4', 'fortran_order': False, 'shape': (-1,), }",
      "{'descr': '<f4', 'fortran_order': False, 'shape': (1,), 'shape': (1,), }",
      "{'descr': '<f4', 'fortran_order': False, }",
      "{'descr': '<c8', 'fortran_order': False, 'shape': (1,), }",
      "{'descr': [('a', '<f4')], 'fortran_order': False, 'shape': (1,), }",
      "{'descr': '<f4', 'fortran_order': __import__('os'), 'shape': (1,), }",
      "{'descr': '<f4', 'fortran_order': False, 'shape': (999999999999999, 999999999999999), }",
      "",
    ]) {
      expect(header(bad), bad).toThrow(FormatError)
    }
  })
})

describe("an npy header", () => {
  it("is read in a time that grows with its length", () => {
    const shape = `(1${" ".repeat(300_000)},,)`
    const header = `{'descr': '<f4', 'fortran_order': False, 'shape': ${shape}, }\n`
    const bytes = new Uint8Array(12 + header.length)
    bytes.set([0x93, 0x4e, 0x55, 0x4d, 0x50, 0x59, 2, 0])
    new DataView(bytes.buffer).setUint32(8, header.length, true)
    bytes.set(new TextEncoder().encode(header), 12)
    expect(() => readNpy(bytes)).toThrow(FormatError)
  })
})

describe("npz", () => {
  it.each(["npz_packed", "npz_plain"] as const)("reads %s", kind => {
    const [kernel, bias] = readNpz(bytes(oracle[kind]))
    expect(kernel).toMatchObject({ name: "kernel", shape: [3, 4] })
    expect([...kernel.data]).toEqual(Array.from({ length: 12 }, (_, i) => i))
    expect(bias.data).toEqual(new Float64Array([1, 1, 1]))
  })

  it("reads what it wrote, in order", () => {
    const arrays = [
      { name: "b/c", shape: [2], data: new Float32Array([1, -2]) },
      { name: "a", shape: [1, 2], data: new BigInt64Array([3n, -4n]) },
    ]
    expect(readNpz(writeNpz(arrays))).toEqual(arrays)
    expect(() => writeNpz([arrays[0], arrays[0]])).toThrow(FormatError)
  })
})

describe("safetensors", () => {
  const file = bytes(oracle.safetensors.file)

  it("reads what the reference implementation wrote", () => {
    const { arrays, metadata } = readSafetensors(file)
    expect(metadata).toEqual(new Map([["who", "numpy"]]))
    expect(arrays.map(a => a.name).sort()).toEqual(Object.keys(oracle.safetensors.arrays).sort())
    for (const { name, shape, data } of arrays) {
      const want = oracle.safetensors.arrays[name]
      expect(shape).toEqual(want.shape)
      expect([...data]).toEqual(wanted(want.values, data))
    }
  })

  it("writes what it read, and reads it back", () => {
    const { arrays, metadata } = readSafetensors(file)
    expect(readSafetensors(writeSafetensors(arrays, metadata))).toEqual({ arrays, metadata })
  })

  const make = (header: string, data: number) => {
    const head = new TextEncoder().encode(header)
    const out = new Uint8Array(8 + head.length + data)
    new DataView(out.buffer).setBigUint64(0, BigInt(head.length), true)
    out.set(head, 8)
    return out
  }
  const tensor = (fields: object) =>
    JSON.stringify({ x: { dtype: "F32", shape: [1], data_offsets: [0, 4], ...fields } })

  it("accepts the smallest good file that the bad ones are made of", () => {
    expect(readSafetensors(make(tensor({}), 4)).arrays).toHaveLength(1)
  })

  it.each([
    ["a header longer than the file", new Uint8Array([255, 255, 255, 255, 255, 255, 255, 127])],
    ["nothing", new Uint8Array(0)],
    ["no JSON", make("{,}", 0)],
    ["an array as header", make("[]", 0)],
    ["an unknown type", make(tensor({ dtype: "F33" }), 4)],
    ["a negative size", make(tensor({ shape: [-1] }), 4)],
    ["a size that does not fit", make(tensor({ shape: [2] }), 4)],
    ["an overflowing shape", make(tensor({ shape: [2 ** 40, 2 ** 40, 0.5] }), 4)],
    ["offsets past the end", make(tensor({ data_offsets: [4, 8] }), 4)],
    ["offsets in reverse", make(tensor({ data_offsets: [4, 0] }), 4)],
    ["data that nobody owns", make(tensor({}), 8)],
    ["a strange key", make(tensor({ code: "x" }), 4)],
    [
      "overlap",
      make(
        `{"a":{"dtype":"U8","shape":[2],"data_offsets":[0,2]},"b":{"dtype":"U8","shape":[2],"data_offsets":[1,3]}}`,
        3,
      ),
    ],
    ["__proto__ in a value", make(`{"x":{"__proto__":{"dtype":"F32"},"shape":[1],"data_offsets":[0,4]}}`, 4)],
  ])("refuses %s", (_, bad) => {
    expect(() => readSafetensors(bad)).toThrow(FormatError)
  })
})

describe("half precision", () => {
  it("survives a round trip for every bit pattern", () => {
    for (let bits = 0; bits < 65536; bits++) {
      const value = halfToFloat(bits)
      if (Number.isNaN(value)) expect(Number.isNaN(halfToFloat(floatToHalf(value)))).toBe(true)
      else if (floatToHalf(value) !== bits) expect.fail(`${bits} -> ${value} -> ${floatToHalf(value)}`)
    }
  })

  it("rounds to the nearest, ties to even", () => {
    expect(floatToHalf(1 + 1 / 2048)).toBe(0x3c00)
    expect(floatToHalf(1 + 3 / 2048)).toBe(0x3c02)
    expect(floatToHalf(1 + 1 / 2048 + 1 / 65536)).toBe(0x3c01)
    expect(floatToHalf(65519)).toBe(0x7bff)
    expect(floatToHalf(65520)).toBe(0x7c00)
    expect(floatToHalf(2 ** -25)).toBe(0)
    expect(floatToHalf(2 ** -25 * 1.5)).toBe(1)
  })
})

describe("any array survives every format", () => {
  const arrays = fc.uniqueArray(
    fc.record({
      name: fc.stringMatching(/^[a-z_]{1,8}$/),
      shape: fc.array(fc.integer({ min: 0, max: 4 }), { maxLength: 3 }),
      kind: fc.nat(4),
    }),
    { selector: item => item.name, maxLength: 5 },
  )
  const fill = ({ name, shape, kind }: { name: string; shape: number[]; kind: number }): NamedArray => {
    const count = shape.reduce((a, b) => a * b, 1)
    const values = Array.from({ length: count }, (_, i) => i * 3)
    const make = [Float32Array, Float64Array, Int16Array, Uint32Array][kind]
    return { name, shape, data: make ? new make(values) : new BigUint64Array(values.map(BigInt)) }
  }
  const byName = (list: NamedArray[]) => new Map(list.map(item => [item.name, item]))

  it("npz and safetensors", () => {
    fc.assert(
      fc.property(arrays, specs => {
        const list = specs.map(fill)
        expect(readNpz(writeNpz(list))).toEqual(list)
        expect(byName(readSafetensors(writeSafetensors(list)).arrays)).toEqual(byName(list))
      }),
      { numRuns: 50 },
    )
  })
})
