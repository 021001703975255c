/**
 * An 8-bit PNG with uncompressed data: for thumbnails, where compression would gain little and cost a dependency.
 *
 * @param samples 0 to 255, row by row, `channels` per pixel
 * @param channels 1 for grey, 3 for red, green, blue
 *
 * Source: PNG specification, third edition; RFC 1950 and 1951 (stored blocks).
 */
export function encodePng(samples: Uint8Array, width: number, height: number, channels: 1 | 3): Uint8Array {
  const stride = width * channels
  const raw = new Uint8Array(height * (stride + 1))
  for (let y = 0; y < height; y++) raw.set(samples.subarray(y * stride, (y + 1) * stride), y * (stride + 1) + 1)
  const header = new Uint8Array(13)
  new DataView(header.buffer).setUint32(0, width)
  new DataView(header.buffer).setUint32(4, height)
  header.set([8, channels === 1 ? 0 : 2, 0, 0, 0], 8)
  const parts = [
    signature,
    pngChunk("IHDR", header),
    pngChunk("IDAT", zlibStored(raw)),
    pngChunk("IEND", new Uint8Array(0)),
  ]
  return concatenate(parts)
}

const signature = Uint8Array.of(0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a)

/** A PNG chunk: length, type, data, CRC-32 of type and data. */
export function pngChunk(type: string, data: Uint8Array): Uint8Array {
  const chunk = new Uint8Array(data.length + 12)
  const view = new DataView(chunk.buffer)
  view.setUint32(0, data.length)
  chunk.set(
    [...type].map(character => character.charCodeAt(0)),
    4,
  )
  chunk.set(data, 8)
  view.setUint32(data.length + 8, crc32(chunk.subarray(4, data.length + 8)))
  return chunk
}

/** Writes the resolution, in dots per inch, into a PNG: its pHYs chunk, before the image data. */
export function withResolution(png: Uint8Array, dpi: number): Uint8Array {
  const data = new Uint8Array(9)
  const perMetre = Math.round(dpi / 0.0254)
  new DataView(data.buffer).setUint32(0, perMetre)
  new DataView(data.buffer).setUint32(4, perMetre)
  data[8] = 1
  const headerEnd = signature.length + 25
  return concatenate([png.subarray(0, headerEnd), pngChunk("pHYs", data), png.subarray(headerEnd)])
}

/** CRC-32 with the reflected polynomial 0xEDB88320. */
function crc32(bytes: Uint8Array): number {
  let crc = 0xffffffff
  for (const byte of bytes) {
    crc ^= byte
    for (let bit = 0; bit < 8; bit++) crc = crc & 1 ? (crc >>> 1) ^ 0xedb88320 : crc >>> 1
  }
  return (crc ^ 0xffffffff) >>> 0
}

function zlibStored(raw: Uint8Array): Uint8Array {
  const parts: Uint8Array[] = [Uint8Array.of(0x78, 0x01)]
  for (let start = 0; start === 0 || start < raw.length; start += 65535) {
    const block = raw.subarray(start, start + 65535)
    const { length } = block
    const last = start + 65535 >= raw.length ? 1 : 0
    parts.push(Uint8Array.of(last, length & 255, length >> 8, ~length & 255, (~length >> 8) & 255), block)
  }
  let a = 1
  let b = 0
  for (const byte of raw) {
    a = (a + byte) % 65521
    b = (b + a) % 65521
  }
  parts.push(Uint8Array.of(b >> 8, b & 255, a >> 8, a & 255))
  return concatenate(parts)
}

function concatenate(parts: readonly Uint8Array[]): Uint8Array {
  const result = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0))
  let offset = 0
  for (const part of parts) {
    result.set(part, offset)
    offset += part.length
  }
  return result
}

/** Bytes as base64 text. */
export function base64(bytes: Uint8Array): string {
  return btoa(Array.from(bytes, byte => String.fromCharCode(byte)).join(""))
}
