import type { Stream } from "@selvedge/core"

/** Random numbers for drawing one image, in order, from a stream of its own. */
export class Draw {
  readonly #stream: Stream
  readonly #block = new Float32Array(64)
  #first = 0
  #used = this.#block.length

  constructor(stream: Stream) {
    this.#stream = stream
  }

  /** Uniform in [0, 1). */
  next(): number {
    if (this.#used === this.#block.length) {
      this.#stream.uniform(this.#block, this.#first)
      this.#first += this.#block.length
      this.#used = 0
    }
    return this.#block[this.#used++] ?? 0
  }

  /** Uniform in [low, high). */
  between(low: number, high: number): number {
    return low + (high - low) * this.next()
  }

  /** An integer from 0 to below - 1. */
  integer(below: number): number {
    return Math.floor(this.next() * below)
  }

  /** True with the given probability. */
  chance(probability: number): boolean {
    return this.next() < probability
  }
}
