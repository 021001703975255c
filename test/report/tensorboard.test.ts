import { mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { OptionError } from "@selvedge/core"
import { EventWriter } from "@selvedge/report"
import { afterEach, beforeEach, describe, expect, it } from "vitest"
import { summarizeHistogram } from "../../packages/report/src/tensorboard/events.ts"
import { crc32c, tfRecord } from "../../packages/report/src/tensorboard/record.ts"

let directory: string
beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), "events-"))
})
afterEach(() => rm(directory, { recursive: true }))

/** Written by TensorBoard's own RecordWriter and protocol buffers (tensorboard 2.21, Python). */
const EXPECTED = [
  "1800000000000000a37f4b220900002040fc54d9411a0d627261696e2e4576656e743a322b353110200000000000000029ed",
  "a9500900002040fc54d94110032a130a110a0a65706f63685f6c6f7373150000803e277b7e336700000000000000baadcdd4",
  "0900002040fc54d94110032a5a0a580a0c64656e73652f6b65726e656c2a4809000000000000f0bf11000000000000f03f19",
  "000000000000104029000000000000004032100000000000000000000000000000f03f3a1000000000000008400000000000",
  "00f03fb87b2252",
].join("")

const hex = (bytes: Uint8Array) => Buffer.from(bytes).toString("hex")

describe("crc32c", () => {
  it("gives the vectors of RFC 3720, appendix B.4", () => {
    expect(crc32c(new Uint8Array(32))).toBe(0x8a9136aa)
    expect(crc32c(new Uint8Array(32).fill(255))).toBe(0x62a8ab43)
    expect(crc32c(Uint8Array.from({ length: 32 }, (_, i) => i))).toBe(0x46dd794e)
    expect(crc32c(Uint8Array.from({ length: 32 }, (_, i) => 31 - i))).toBe(0x113fdb5c)
    expect(crc32c(Buffer.from("123456789"))).toBe(0xe3069283)
  })
})

describe("EventWriter", () => {
  it("writes the bytes that TensorBoard writes", async () => {
    const writer = new EventWriter(directory, { wallTime: () => 1_700_000_000.5, suffix: ".v2" })
    writer.scalar("epoch_loss", 0.25, 3)
    writer.histogram("dense/kernel", [-1, 0, 0, 1], 3, 2)
    await writer.close()
    expect(await readdir(directory)).toEqual([writer.path.slice(directory.length + 1)])
    expect(writer.path).toMatch(/events\.out\.tfevents\.1700000000\..+\.v2$/)
    expect(hex(await readFile(writer.path))).toBe(EXPECTED)
  })

  it("appends in order, whatever the number of flushes", async () => {
    const wallTime = () => 1
    const once = new EventWriter(join(directory, "a"), { wallTime })
    const often = new EventWriter(join(directory, "b"), { wallTime })
    for (let step = 0; step < 20_000; step++) {
      once.scalar("loss", 1 / (step + 1), step)
      often.scalar("loss", 1 / (step + 1), step)
      if (step % 5000 === 0) await often.flush()
    }
    await Promise.all([once.close(), often.close()])
    expect(await readFile(often.path)).toEqual(await readFile(once.path))
  })

  it("rejects a flush that could not write", async () => {
    const file = join(directory, "file")
    await writeFile(file, "")
    await expect(new EventWriter(join(file, "run")).flush()).rejects.toThrow(/ENOTDIR|EEXIST/)
  })

  it("refuses bad tags, steps, options, and writing after the end", async () => {
    const writer = new EventWriter(directory)
    expect(() => writer.scalar("", 1, 0)).toThrow(OptionError)
    expect(() => writer.scalar("loss", 1, -1)).toThrow(/step/)
    expect(() => writer.scalar("loss", "1" as never, 0)).toThrow(OptionError)
    await writer.close()
    expect(() => writer.scalar("loss", 1, 0)).toThrow(/closed/)
    expect(() => new EventWriter(directory, { sufix: "" } as object)).toThrow(/did you mean "suffix"/)
  })
})

describe("summarizeHistogram", () => {
  it("counts every finite value in the bucket whose limit it does not exceed", () => {
    const histogram = summarizeHistogram([0, 1, 2, 3, 4, Number.NaN, Infinity], 4)
    expect(histogram).toEqual({
      min: 0,
      max: 4,
      count: 5,
      sum: 10,
      sumOfSquares: 30,
      limits: [1, 2, 3, 4],
      buckets: [2, 1, 1, 1],
    })
    expect(summarizeHistogram([5, 5], 4)).toMatchObject({ limits: [5], buckets: [2] })
    expect(summarizeHistogram([Number.NaN], 4)).toBeUndefined()
  })
})

describe("tfRecord", () => {
  it("frames data with its length", () => {
    const record = tfRecord(Uint8Array.of(1, 2, 3))
    expect(record.length).toBe(19)
    expect(hex(record.subarray(0, 8))).toBe("0300000000000000")
    expect(hex(record.subarray(12, 15))).toBe("010203")
  })
})
