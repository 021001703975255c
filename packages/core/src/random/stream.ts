import { checkKeys, checkNumber, describe, OptionError } from "../errors.ts"
import { cos, log, normalQuantile, sin } from "../math.ts"
import { fillWords, mulHigh } from "./philox.ts"

/** What random numbers are a function of. */
export interface StreamOptions {
  /** An integer from 0 to 2^53 - 1. 0 is a seed like any other. */
  readonly seed: number
  /** What the numbers are for: `"init"`, `"shuffle"`, `"training"`, `"validation"`, `"free"`, ... */
  readonly purpose: string
  /** Whose they are: a weight's or layer's name. */
  readonly id: string
  /** Up to three integers below 2^32: step and call, or epoch, batch and call. Missing ones are 0. */
  readonly position?: readonly number[]
}

/** Words made at a time. Even, so that a pair of normal numbers never straddles two chunks. */
const CHUNK = 1024
const words = new Uint32Array(CHUNK)
const TWO_MINUS_24 = 1 / 16777216
const TWO_MINUS_32 = 1 / 4294967296
const TWO_PI = 6.283185307179586
/** The share of the standard normal distribution below -2, and between -2 and 2. */
const BELOW_MINUS_2 = 0.022750131948179209
const WITHIN_2 = 0.9544997361036416

/**
 * Random numbers as a pure function of (seed, purpose, id, position, index): Philox 4x32-10 under a key made from seed,
 * purpose and id, with the position in the counter.
 *
 * A stream has no state: a method called twice gives the same numbers twice, whatever else was called, and element i
 * depends on nothing but the stream and i. So a fill may be split at will: `uniform(part, first)` gives the elements
 * `first ... first + part.length - 1` of the whole. For other numbers take another position. One stream serves one
 * purpose: its uniform, normal and integer numbers are made from the same bits.
 *
 * Key: `[h(seed mod 2^32), h(floor(seed / 2^32) ^ 0x9e3779b9)]`, where h(start) is MurmurHash3 (x86, 32 bits) begun at
 * `start`, over the UTF-16 code units of `purpose`, a NUL and `id`, one block each. With equal names, different seeds
 * always have different keys. Counter: `[block, position 0, position 1, position 2]`.
 */
export class Stream {
  /** Philox's key, two unsigned 32-bit integers. */
  readonly key: readonly [number, number]
  /** Philox's counter at block 0; block b of the stream is `[b, counter[1], counter[2], counter[3]]`. */
  readonly counter: readonly [number, number, number, number]

  /** @throws OptionError for a seed or position outside of its range, or more than three position words. */
  constructor(options: StreamOptions) {
    checkKeys("Stream", options, ["seed", "purpose", "id", "position"])
    const { purpose, id, position = [] } = options
    const seed = checkSeed("Stream", options.seed)
    if (typeof purpose !== "string" || typeof id !== "string") {
      throw new OptionError(`Stream: purpose and id must be strings, got ${describe(purpose)} and ${describe(id)}`)
    }
    if (position.length > 3) {
      throw new OptionError(`Stream: a position has at most 3 words, got ${describe([...position])}`)
    }
    const name = `${purpose}\0${id}`
    this.key = [hash(name, seed | 0), hash(name, Math.floor(seed / 4294967296) ^ 0x9e3779b9)]
    this.counter = [0, word(position, 0), word(position, 1), word(position, 2)]
  }

  /** 32 random bits per element. */
  raw(out: Uint32Array, first = 0): Uint32Array {
    fillWords(out, first, out.length, this.key, this.counter)
    return out
  }

  /** Uniform in [0, 1): the upper 24 bits of word i, times 2^-24. The same values in either precision. */
  uniform<T extends Float32Array | Float64Array>(out: T, first = 0): T {
    return this.#images(out, first, uniformOf)
  }

  /**
   * Normal, mean 0 and standard deviation 1 (Box and Muller): elements 2j and 2j + 1 are r cos(a) and r sin(a) with
   * r = sqrt(-2 log u), a = 2 pi v, and u = (w + 1/2) / 2^32 from words 2j and 2j + 1.
   */
  normal<T extends Float32Array | Float64Array>(out: T, first = 0): T {
    const end = first + out.length
    for (let base = first - (first % 2); base < end; base += CHUNK) {
      const count = Math.min(CHUNK, end - base + ((end - base) % 2))
      fillWords(words, base, count, this.key, this.counter)
      for (let j = 0; j < count; j += 2) {
        const radius = Math.sqrt(-2 * log((words[j] + 0.5) * TWO_MINUS_32))
        const angle = TWO_PI * ((words[j + 1] + 0.5) * TWO_MINUS_32)
        const i = base + j - first
        if (i >= 0) out[i] = radius * cos(angle)
        if (i + 1 < out.length) out[i + 1] = radius * sin(angle)
      }
    }
    return out
  }

  /**
   * The standard normal distribution cut off beyond -2 and 2 (not rescaled: its standard deviation is 0.8796), by the
   * inverse of its distribution function at (w + 1/2) / 2^32. Nothing is redrawn, so element i is word i's image.
   */
  truncatedNormal<T extends Float32Array | Float64Array>(out: T, first = 0): T {
    return this.#images(out, first, truncatedNormalOf)
  }

  #images<T extends Float32Array | Float64Array>(out: T, first: number, imageOf: (word: number) => number): T {
    for (let done = 0; done < out.length; done += CHUNK) {
      const count = Math.min(CHUNK, out.length - done)
      fillWords(words, first + done, count, this.key, this.counter)
      for (let i = 0; i < count; i++) out[done + i] = imageOf(words[i])
    }
    return out
  }

  /**
   * Integers from 0 to `below` - 1, every one exactly as likely (Lemire, "Fast Random Integer Generation in an
   * Interval", 2019). A rejected word i is drawn again as word i of the stream whose key's second half is 1, 2, ... more.
   * @throws OptionError unless `below` is an integer from 1 to 2^31.
   */
  integers<T extends Int32Array | Uint32Array>(out: T, below: number, first = 0): T {
    checkNumber("Stream.integers", "below", below, { min: 1, max: 2147483648, integer: true })
    for (let done = 0; done < out.length; done += CHUNK) {
      const count = Math.min(CHUNK, out.length - done)
      fillWords(words, first + done, count, this.key, this.counter)
      for (let i = 0; i < count; i++) {
        const w = words[i]
        const accepted = isUnbiased(w, below) ? w : this.#redraw(first + done + i, below)
        out[done + i] = mulHigh(accepted, below) >>> 0
      }
    }
    return out
  }

  /**
   * The numbers 0 to n - 1 in random order, every order equally likely (Fisher and Yates, with unbiased integers from
   * words 0, 1, 2, ...).
   * @throws OptionError unless `n` is an integer from 0 to 2^31.
   */
  permutation(n: number): Uint32Array {
    checkNumber("Stream.permutation", "n", n, { min: 0, max: 2147483648, integer: true })
    const order = new Uint32Array(n)
    for (let i = 0; i < n; i++) order[i] = i
    let at = CHUNK
    let next = 0
    for (let i = n - 1; i > 0; i--) {
      let w: number
      do {
        if (at === CHUNK) {
          fillWords(words, next, CHUNK, this.key, this.counter)
          next += CHUNK
          at = 0
        }
        w = words[at++]
      } while (!isUnbiased(w, i + 1))
      const j = mulHigh(w, i + 1) >>> 0
      const swap = order[i]
      order[i] = order[j]
      order[j] = swap
    }
    return order
  }

  #redraw(index: number, below: number): number {
    const one = new Uint32Array(1)
    let [k0, k1] = this.key
    do {
      k1 = (k1 + 1) >>> 0
      fillWords(one, index, 1, [k0, k1], this.counter)
    } while (!isUnbiased(one[0], below))
    return one[0]
  }
}

/** The image of a word in `Stream.uniform`. */
export function uniformOf(word: number): number {
  return (word >>> 8) * TWO_MINUS_24
}

/** The image of a word in `Stream.truncatedNormal`. */
export function truncatedNormalOf(word: number): number {
  return normalQuantile(BELOW_MINUS_2 + (word + 0.5) * TWO_MINUS_32 * WITHIN_2)
}

/** `new Stream({ seed, purpose, id, position })`, briefly. */
export function stream(seed: number, purpose: string, id: string, ...position: number[]): Stream {
  return new Stream({ seed, purpose, id, position })
}

/** @throws OptionError unless `seed` is an integer from 0 to 2^53 - 1. */
export function checkSeed(owner: string, seed: unknown): number {
  return checkNumber(owner, "seed", seed, { min: 0, max: Number.MAX_SAFE_INTEGER, integer: true })
}

/** Whether `w` may stand for floor(w below / 2^32) without making some results likelier than others. */
function isUnbiased(w: number, below: number): boolean {
  const low = Math.imul(w, below) >>> 0
  return low >= below || low >= 4294967296 % below
}

function word(position: readonly number[], index: number): number {
  if (index >= position.length) return 0
  return checkNumber("Stream", `position[${index}]`, position[index], { min: 0, max: 4294967295, integer: true })
}

/** MurmurHash3 (x86, 32 bits) with one block per UTF-16 code unit. A bijection of `start` for fixed text. */
function hash(text: string, start: number): number {
  let h = start
  for (let i = 0; i < text.length; i++) {
    const k = Math.imul(text.charCodeAt(i), 0xcc9e2d51)
    h ^= Math.imul((k << 15) | (k >>> 17), 0x1b873593)
    h = (Math.imul((h << 13) | (h >>> 19), 5) + 0xe6546b64) | 0
  }
  h ^= text.length * 4
  h = Math.imul(h ^ (h >>> 16), 0x85ebca6b)
  h = Math.imul(h ^ (h >>> 13), 0xc2b2ae35)
  return (h ^ (h >>> 16)) >>> 0
}
