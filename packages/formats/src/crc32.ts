const table = Int32Array.from({ length: 256 }, (_, n) => {
  let c = n
  for (let bit = 0; bit < 8; bit++) c = c & 1 ? (c >>> 1) ^ 0xedb88320 : c >>> 1
  return c
})

/** CRC-32 as zip uses it (polynomial 0xEDB88320); `before` is that of the bytes before these. */
export function crc32(bytes: Uint8Array, before = 0): number {
  const native = globalThis.process?.getBuiltinModule?.("node:zlib")?.crc32
  return native ? native(bytes, before) : crc32Loop(bytes, before)
}

/** The same without Node's help. */
export function crc32Loop(bytes: Uint8Array, before = 0): number {
  let c = ~before
  for (let i = 0; i < bytes.length; i++) c = table[(c ^ bytes[i]!) & 255]! ^ (c >>> 8)
  return ~c >>> 0
}
