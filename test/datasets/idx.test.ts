import { readFileSync } from "node:fs"
import { gunzipSync, gzipSync } from "node:zlib"
import { OptionError, ShapeError } from "@selvedge/core"
import { gunzip, type IdxData, readIdx, writeIdx } from "@selvedge/datasets"
import { describe, expect, it, vi } from "vitest"
import { fc } from "../property.ts"
import { cleanUp, expectFlaw, realFolder } from "./helpers.ts"

const bytes = (...values: number[]) => Uint8Array.from(values)
/** uint8, 2 x 3. */
const small = bytes(0, 0, 8, 2, 0, 0, 0, 2, 0, 0, 0, 3, 1, 2, 3, 4, 5, 255)

describe("readIdx", () => {
  it("reads each element type, big-endian", () => {
    expect(readIdx(small)).toEqual({ data: bytes(1, 2, 3, 4, 5, 255), shape: [2, 3] })
    const one = (code: number, count: number, ...body: number[]) =>
      readIdx(bytes(0, 0, code, 1, 0, 0, 0, count, ...body)).data
    expect(one(9, 2, 0x80, 0x7f)).toEqual(Int8Array.of(-128, 127))
    expect(one(0x0b, 2, 0x01, 0x02, 0xff, 0xfe)).toEqual(Int16Array.of(258, -2))
    expect(one(0x0c, 1, 0xff, 0xff, 0xff, 0x00)).toEqual(Int32Array.of(-256))
    expect(one(0x0d, 1, 0x3f, 0x9d, 0x70, 0xa4)).toEqual(Float32Array.of(1.23))
    expect(one(0x0e, 1, 0x40, 0x09, 0x21, 0xfb, 0x54, 0x44, 0x2d, 0x18)).toEqual(Float64Array.of(Math.PI))
  })

  it("reads from the middle of a larger buffer, and arrays without elements", () => {
    const padded = new Uint8Array(40)
    padded.set(small, 7)
    expect(readIdx(padded.subarray(7, 7 + small.length)).data).toEqual(bytes(1, 2, 3, 4, 5, 255))
    expect(readIdx(bytes(0, 0, 8, 2, 0, 0, 0, 0, 255, 255, 255, 255))).toEqual({
      data: bytes(),
      shape: [0, 2 ** 32 - 1],
    })
  })

  it("names file, offset, expected and found for every header field", async () => {
    const flaw = (
      values: Uint8Array,
      offset: number,
      expected: string | number | RegExp,
      found: string | number | RegExp,
    ) => expectFlaw(() => readIdx(values, "a.idx"), { file: "a.idx", offset, expected, found })
    const with_ = (index: number, value: number) => small.map((byte, i) => (i === index ? value : byte))
    await flaw(bytes(), 0, /at least 8/, "0 bytes")
    await flaw(bytes(0, 0, 8), 3, /at least 8/, "3 bytes")
    await flaw(with_(0, 1), 0, "0x00 0x00", "0x01 0x00")
    await flaw(with_(1, 7), 1, "0x00 0x00", "0x00 0x07")
    await flaw(with_(2, 0x0a), 2, /0x08, 0x09, 0x0b/, "0x0a")
    await flaw(with_(3, 0), 3, "1 to 255", 0)
    await flaw(with_(3, 200), 18, "804 bytes for 200 dimensions", "18 bytes")
    await flaw(bytes(0, 0, 8, 3, ...Array(12).fill(255)), 8, /product/, "4294967295 x 4294967295 x 4294967295")
    await flaw(with_(7, 3), 18, "21 bytes: a header of 12 and 3 x 3 elements of 1", "18 bytes")
    await flaw(with_(7, 1), 15, "15 bytes: a header of 12 and 1 x 3 elements of 1", "18 bytes")
  })

  it("says what to do with gzip data", () => {
    expect(() => readIdx(gzipSync(small), "a.gz")).toThrow(/inflate them first/)
  })

  it("takes back what writeIdx wrote, and refuses every shortening of it", async () => {
    const arrays: ((values: number[]) => IdxData)[] = [
      v => Uint8Array.from(v),
      v => Int8Array.from(v),
      v => Int16Array.from(v),
      v => Int32Array.from(v),
      v => Float32Array.from(v),
      v => Float64Array.from(v),
    ]
    const shapes = fc.array(fc.integer({ min: 0, max: 4 }), { minLength: 1, maxLength: 4 })
    fc.assert(
      fc.property(shapes, fc.constantFrom(...arrays), fc.integer(), (shape, make, start) => {
        const count = shape.reduce((a, b) => a * b, 1)
        const data = make(Array.from({ length: count }, (_, i) => start + 31 * i))
        const file = writeIdx({ data, shape })
        expect(readIdx(file)).toEqual({ data, shape })
        for (let cut = 0; cut < file.length; cut++) expect(() => readIdx(file.subarray(0, cut))).toThrow(/truncated/)
      }),
      { numRuns: 60 },
    )
  })

  it.skipIf(!realFolder)("reads the publisher's file and writes the same bytes", () => {
    const file = gunzipSync(readFileSync(`${realFolder}/fashion-mnist/t10k-labels-idx1-ubyte.gz`))
    const array = readIdx(new Uint8Array(file))
    expect(array.shape).toEqual([10_000])
    // The first test images are an ankle boot, a pullover, two trousers.
    expect([...array.data.subarray(0, 4)]).toEqual([9, 2, 1, 1])
    expect(Buffer.compare(writeIdx(array), file)).toBe(0)
  })
})

describe("writeIdx", () => {
  it("refuses shapes that do not describe the data, and element types that IDX has not", () => {
    const data = bytes(1, 2, 3)
    for (const shape of [[2], [], [3, -1], [1.5, 2], [2 ** 32]])
      expect(() => writeIdx({ data, shape })).toThrow(ShapeError)
    const strange = JSON.parse('{"data": [1, 2, 3], "shape": [3]}')
    expect(() => writeIdx(strange)).toThrow(OptionError)
  })
})

describe.each(["zlib", "fflate"])("gunzip through %s", engine => {
  const prepare = () => {
    if (engine !== "fflate") return
    const spy = vi.spyOn(process, "getBuiltinModule").mockReturnValue(undefined)
    cleanUp(() => spy.mockRestore())
  }
  const content = Uint8Array.from({ length: 200_000 }, (_, i) => (i * i) % 251)
  const packed = new Uint8Array(gzipSync(content))

  it("inflates", async () => {
    prepare()
    expect(Buffer.compare(await gunzip(packed), content)).toBe(0)
    expect(await gunzip(new Uint8Array(gzipSync(new Uint8Array(0))))).toHaveLength(0)
    expect(await gunzip(packed, "x", content.length)).toHaveLength(content.length)
  })

  it("refuses what is not gzip, too large, cut off or damaged", async () => {
    prepare()
    const name = { file: "a.gz" }
    await expectFlaw(() => gunzip(bytes(), "a.gz"), { ...name, offset: 0, found: "an empty file" })
    await expectFlaw(() => gunzip(small, "a.gz"), { ...name, offset: 0, expected: "0x1f 0x8b", found: "0x00 0x00" })
    await expectFlaw(() => gunzip(packed, "a.gz", content.length - 1), { ...name, expected: "at most 199999 bytes" })
    for (const cut of [2, 9, 30, packed.length >> 1, packed.length - 9, packed.length - 4, packed.length - 1]) {
      await expectFlaw(() => gunzip(packed.subarray(0, cut), "a.gz"), name)
    }
    for (const at of [packed.length >> 1, packed.length - 6, packed.length - 2]) {
      const damaged = packed.slice()
      damaged[at] ^= 0x55
      await expectFlaw(() => gunzip(damaged, "a.gz"), name)
    }
    await expectFlaw(() => gunzip(Uint8Array.from([...packed, 1, 2, 3, 4]), "a.gz"), name)
  })
})
