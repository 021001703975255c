import type { Opcode } from "./types.ts"

const encoder = new TextEncoder()

const numbers = new DataView(new ArrayBuffer(8))

/** A growing array of bytes with the encodings of the WebAssembly binary format (core specification, section 5.2). */
export class ByteWriter {
  // A plain array: assembling happens once, before anything is compiled, and there it is the fastest.
  #bytes: number[] = []
  /** Longer pieces, as they were when the plain array was begun anew behind them. */
  readonly #pieces: Uint8Array[] = []

  /** The bytes written so far. */
  get bytes(): Uint8Array {
    this.#close()
    const all = new Uint8Array(this.#pieces.reduce((sum, piece) => sum + piece.length, 0))
    let at = 0
    for (const piece of this.#pieces) {
      all.set(piece, at)
      at += piece.length
    }
    return all
  }

  #close(): void {
    if (this.#bytes.length > 0) this.#pieces.push(new Uint8Array(this.#bytes))
    this.#bytes = []
  }

  byte(value: number): void {
    this.#bytes.push(value)
  }

  append(bytes: ArrayLike<number>): void {
    if (bytes instanceof Uint8Array && bytes.length > 64) {
      this.#close()
      this.#pieces.push(bytes)
    } else for (let i = 0; i < bytes.length; i++) this.#bytes.push(bytes[i])
  }

  /** Unsigned LEB128 of a 32-bit number. */
  u32(value: number): void {
    let rest = value >>> 0
    while (rest >= 0x80) {
      this.#bytes.push((rest & 0x7f) | 0x80)
      rest >>>= 7
    }
    this.#bytes.push(rest)
  }

  /** Signed LEB128 of a 32-bit number. */
  i32(value: number): void {
    let rest = value | 0
    while (rest < -64 || rest > 63) {
      this.byte((rest & 0x7f) | 0x80)
      rest >>= 7
    }
    this.byte(rest & 0x7f)
  }

  /** Signed LEB128 of a 64-bit number. */
  i64(value: bigint): void {
    let rest = BigInt.asIntN(64, value)
    while (rest < -64n || rest > 63n) {
      this.byte(Number(rest & 0x7fn) | 0x80)
      rest >>= 7n
    }
    this.byte(Number(rest & 0x7fn))
  }

  f32(value: number): void {
    numbers.setFloat32(0, value, true)
    this.#number(4)
  }

  f64(value: number): void {
    numbers.setFloat64(0, value, true)
    this.#number(8)
  }

  /** A length and UTF-8 bytes. */
  name(text: string): void {
    this.block(encoder.encode(text))
  }

  /** A length and bytes. */
  block(bytes: Uint8Array): void {
    this.u32(bytes.length)
    this.append(bytes)
  }

  /** An opcode, its prefix byte first if it has one. */
  opcode(row: Opcode): void {
    if (row.code < 0x10000) {
      this.#bytes.push(row.code)
    } else {
      this.#bytes.push(row.code >>> 16)
      this.u32(row.code & 0xffff)
    }
  }

  #number(length: number): void {
    for (let i = 0; i < length; i++) this.byte(numbers.getUint8(i))
  }
}
