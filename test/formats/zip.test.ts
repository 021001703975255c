import { readFileSync } from "node:fs"
import { FormatError } from "@selvedge/core"
import { readZip, writeZip } from "@selvedge/formats"
import { unzipSync, zipSync } from "fflate"
import { describe, expect, it } from "vitest"
import { crc32, crc32Loop } from "../../packages/formats/src/crc32.ts"
import { fc } from "../property.ts"

const file = (name: string) => new Uint8Array(readFileSync(new URL(`../fixtures/files/${name}`, import.meta.url)))
const text = (value: string) => new TextEncoder().encode(value)

describe("crc32", () => {
  it("gives the published check value", () => {
    expect(crc32Loop(text("123456789"))).toBe(0xcbf43926)
    expect(crc32(text("123456789"))).toBe(0xcbf43926)
  })
  it("does not depend on the length's remainder", () => {
    fc.assert(fc.property(fc.uint8Array({ maxLength: 40 }), data => crc32Loop(data) === crc32(data)))
  })
  it("goes on from what comes before", () => {
    const whole = crc32(text("123456789"))
    expect(crc32Loop(text("456789"), crc32Loop(text("123")))).toBe(whole)
    expect(crc32(text("456789"), crc32(text("123")))).toBe(whole)
  })
})

describe("readZip", () => {
  it("reads Keras's own archives", () => {
    const members = readZip(file("keras3_bn.keras"))
    expect([...members.keys()].sort()).toEqual(["config.json", "metadata.json", "model.weights.h5"])
    const oracle = unzipSync(file("keras3_bn.keras"))
    for (const [name, data] of members) expect(Buffer.from(data).equals(Buffer.from(oracle[name]))).toBe(true)
  })

  it("reads deflated members and skips the ones not asked for", () => {
    const zip = zipSync({ a: text("aaaa".repeat(1000)), b: text("b") }, { level: 9 })
    expect(new TextDecoder().decode(readZip(zip).get("a"))).toBe("aaaa".repeat(1000))
    expect([...readZip(zip, { only: name => name === "b" }).keys()]).toEqual(["b"])
  })

  it.each([
    ["path_traversal.keras", /escaped.*relative path/s],
    ["zip_bomb.keras", /model\.weights\.h5.*zip bomb/s],
    ["zip_bomb_config.keras", /config\.json.*zip bomb/s],
    ["crc_mismatch.keras", /config\.json.*CRC-32/s],
    ["central_directory_offset.keras", /end record/],
    ["duplicate_config.keras", /config\.json.*two members/s],
    ["empty.keras", /end of 0 bytes/],
    ["truncated_half_good.keras", /cut off/],
  ])("refuses %s", (name, message) => {
    expect(() => readZip(file(`bad/${name}`), { name })).toThrow(FormatError)
    expect(() => readZip(file(`bad/${name}`), { name })).toThrow(message)
  })

  it("refuses any truncation and any flipped byte of the directory", () => {
    const good = writeZip(
      new Map([
        ["one", text("first")],
        ["two", text("second")],
      ]),
    ) // prettier-ignore
    for (let length = 0; length < good.length; length++)
      expect(() => readZip(good.subarray(0, length))).toThrow(FormatError)
    let refused = 0
    for (let at = 0; at < good.length; at++) {
      const bad = good.slice()
      bad[at] ^= 0xff
      try {
        const members = readZip(bad)
        for (const [name, data] of members) expect(data.length, name).toBeLessThan(100)
      } catch (error) {
        expect(error).toBeInstanceOf(FormatError)
        refused++
      }
    }
    expect(refused).toBeGreaterThan(good.length / 2)
  })

  it("counts small members together", () => {
    const zeros = () => new Uint8Array(2 << 20)
    const few = zipSync(Object.fromEntries(Array.from({ length: 4 }, (_, i) => [`z${i}`, zeros()])))
    expect(readZip(few).size).toBe(4)
    const many = zipSync(Object.fromEntries(Array.from({ length: 20 }, (_, i) => [`z${i}`, zeros()])))
    expect(() => readZip(many)).toThrow(/members: expected at most 200 times its packed \d+ bytes, found 41943040/)
  })

  it("refuses overlap, encryption, zip64 and strange methods", () => {
    const good = () =>
      writeZip(
        new Map([
          ["one", text("first")],
          ["two", text("other")],
        ]),
      ) // prettier-ignore
    const second = good().length - 22 - 49
    const edit = (at: number, value: number) => {
      const bad = good()
      bad[at] = value
      return () => readZip(bad)
    }
    expect(() => readZip(good())).not.toThrow()
    expect(edit(second + 42, 0), "same local header").toThrow(/ends before/)
    expect(edit(second + 8, 1), "encrypted").toThrow(/encrypted/)
    expect(edit(second + 10, 12), "bzip2").toThrow(/method 12/)
    expect(edit(second + 46, 47), "absolute").toThrow(/relative path/)
  })
})

describe("writeZip", () => {
  it("is read by another implementation", () => {
    fc.assert(
      fc.property(
        fc.dictionary(fc.stringMatching(/^[a-zé/_.]{0,3}[a-zé]$/), fc.uint8Array({ maxLength: 30 })),
        parts => {
          const zip = writeZip(new Map(Object.entries(parts)))
          expect(unzipSync(zip)).toEqual({ ...parts })
        },
      ),
      { numRuns: 50 },
    )
  })
  it("gives the same bytes for the same members", () => {
    expect(writeZip(new Map([["a", text("x")]]))).toEqual(writeZip(new Map([["a", text("x")]])))
  })
})
