import { inflateSync, crc32 as zlibCrc32 } from "node:zlib"
import { FormatError, OptionError } from "@selvedge/core"
import { plotHistory, plotImages, plotLines, svgToPng } from "@selvedge/report"
import { describe, expect, it } from "vitest"

const svg = plotHistory({ loss: [0.7, 0.5], val_loss: [0.6, 0.55] })

describe("svgToPng", () => {
  it("has 3.125 pixels for each SVG pixel and says 300 dpi", async () => {
    const [, width, height] = /viewBox="0 0 ([\d.]+) ([\d.]+)"/.exec(svg)!.map(Number)
    const chunks = readChunks(await svgToPng(svg))
    expect(chunks.map(chunk => chunk.type).slice(0, 2)).toEqual(["IHDR", "pHYs"])
    const header = new DataView(chunks[0].data.buffer, chunks[0].data.byteOffset)
    expect(Math.abs(header.getUint32(0) - width * 3.125)).toBeLessThanOrEqual(1)
    expect(Math.abs(header.getUint32(4) - height * 3.125)).toBeLessThanOrEqual(1)
    const resolution = new DataView(chunks[1].data.buffer, chunks[1].data.byteOffset)
    expect([resolution.getUint32(0), resolution.getUint32(4), chunks[1].data[8]]).toEqual([11811, 11811, 1])
  })

  it("has the theme's background", async () => {
    expect(await firstPixel(svg, "light")).toEqual([255, 255, 255])
    expect(await firstPixel(svg, "dark")).toEqual([0x14, 0x18, 0x1d])
  })

  it("draws texts, thumbnails and series: without any of them the picture is another", async () => {
    const full = await svgToPng(svg, { dpi: 50 })
    expect(await svgToPng(svg, { dpi: 50 })).toEqual(full)
    expect(await svgToPng(svg.replace(/<text .*?<\/text>/g, ""), { dpi: 50 })).not.toEqual(full)
    const images = plotImages([0, 1, 1, 0], [1, 2, 2])
    expect(await svgToPng(images)).not.toEqual(await svgToPng(images.replace(/<image [^>]*>/, "")))
  })

  it("clips lines to the plot area", async () => {
    const area = { xDomain: [0, 1], yDomain: [0, 1] } as const
    const inside = plotLines({ name: "a", x: [0, 0.5], y: [0, 1] }, area)
    const beyond = plotLines({ name: "a", x: [0, 0.5, 1], y: [0, 1, 2] }, area)
    const height = Number(/viewBox="0 0 [\d.]+ ([\d.]+)"/.exec(beyond)![1])
    expect(height).toBe(Number(/viewBox="0 0 [\d.]+ ([\d.]+)"/.exec(inside)![1]))
    const rows = async (text: string) =>
      (await decode(text)).rows.slice(0, 15).map(row => Buffer.from(row).toString("hex"))
    expect(await rows(beyond)).toEqual(await rows(inside))
  })

  it("refuses bad options and what is no SVG", async () => {
    await expect(svgToPng(svg, { dpi: 0 })).rejects.toThrow(OptionError)
    await expect(svgToPng(svg, { theme: "drak" } as object)).rejects.toThrow(/did you mean "dark"/)
    await expect(svgToPng("<p>no</p>")).rejects.toThrow(FormatError)
  })
})

interface Chunk {
  readonly type: string
  readonly data: Uint8Array
}

/** The chunks of a PNG, their checksums verified by zlib where this Node has that. */
function readChunks(png: Uint8Array): Chunk[] {
  const view = new DataView(png.buffer, png.byteOffset, png.length)
  const chunks: Chunk[] = []
  for (let at = 8; at < png.length; ) {
    const length = view.getUint32(at)
    const type = String.fromCharCode(...png.subarray(at + 4, at + 8))
    if (zlibCrc32) expect(view.getUint32(at + 8 + length)).toBe(zlibCrc32(png.subarray(at + 4, at + 8 + length)))
    chunks.push({ type, data: png.subarray(at + 8, at + 8 + length) })
    at += length + 12
  }
  return chunks
}

/** The filtered rows of a PNG at 48 dpi; the first pixel of the first row is raw under every filter. */
async function decode(text: string, theme: "light" | "dark" = "light") {
  const chunks = readChunks(await svgToPng(text, { dpi: 96, theme }))
  const width = new DataView(chunks[0].data.buffer, chunks[0].data.byteOffset).getUint32(0)
  const raw = inflateSync(Buffer.concat(chunks.filter(chunk => chunk.type === "IDAT").map(chunk => chunk.data)))
  const stride = width * (chunks[0].data[9] === 6 ? 4 : 3) + 1
  return { rows: Array.from({ length: raw.length / stride }, (_, i) => raw.subarray(i * stride, (i + 1) * stride)) }
}

async function firstPixel(text: string, theme: "light" | "dark"): Promise<number[]> {
  return [...(await decode(text, theme)).rows[0].subarray(1, 4)]
}
