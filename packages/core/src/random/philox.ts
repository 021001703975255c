/** The two multipliers and the two key increments of Philox 4x32. */
const M0 = 0xd2511f53
const M1 = 0xcd9e8d57
const W0 = 0x9e3779b9
const W1 = 0xbb67ae85

/** The upper 32 bits of the 64-bit product of two unsigned 32-bit integers, as a signed integer. */
export function mulHigh(a: number, b: number): number {
  const aHigh = a >>> 16
  const aLow = a & 0xffff
  const bHigh = b >>> 16
  const bLow = b & 0xffff
  const cross1 = Math.imul(aHigh, bLow)
  const cross2 = Math.imul(aLow, bHigh)
  const carry = ((Math.imul(aLow, bLow) >>> 16) + (cross1 & 0xffff) + (cross2 & 0xffff)) >>> 16
  return (Math.imul(aHigh, bHigh) + (cross1 >>> 16) + (cross2 >>> 16) + carry) | 0
}

/**
 * Philox 4x32-10: encrypts the 128-bit counter (c0, c1, c2, c3) under the 64-bit key (k0, k1) and writes the four
 * words of the result to `out[at] ... out[at + 3]`.
 *
 * J. K. Salmon, M. A. Moraes, R. O. Dror, D. E. Shaw, "Parallel Random Numbers: As Easy as 1, 2, 3", SC 2011. A round:
 *
 *   (c0, c1, c2, c3) <- (high(M1 c2) ^ c1 ^ k0, low(M1 c2), high(M0 c0) ^ c3 ^ k1, low(M0 c0))
 *   (k0, k1)         <- (k0 + W0, k1 + W1)
 */
export function philox(
  c0: number,
  c1: number,
  c2: number,
  c3: number,
  k0: number,
  k1: number,
  out: Uint32Array,
  at: number,
): void {
  let x0 = c0 | 0
  let x1 = c1 | 0
  let x2 = c2 | 0
  let x3 = c3 | 0
  let y0 = k0 | 0
  let y1 = k1 | 0
  for (let round = 0; round < 10; round++) {
    const high0 = mulHigh(x0, M0)
    const high1 = mulHigh(x2, M1)
    const low0 = Math.imul(x0, M0)
    const low1 = Math.imul(x2, M1)
    x0 = high1 ^ x1 ^ y0
    x2 = high0 ^ x3 ^ y1
    x1 = low1
    x3 = low0
    y0 = (y0 + W0) | 0
    y1 = (y1 + W1) | 0
  }
  out[at] = x0
  out[at + 1] = x1
  out[at + 2] = x2
  out[at + 3] = x3
}

/**
 * Writes words `first ... first + count - 1` of a stream to the start of `out`. Word i is lane i mod 4 of block
 * floor(i / 4), and block b is the encryption of (b, counter[1], counter[2], counter[3]).
 */
export function fillWords(
  out: Uint32Array,
  first: number,
  count: number,
  key: readonly [number, number],
  counter: readonly [number, number, number, number],
): void {
  const [k0, k1] = key
  const [, c1, c2, c3] = counter
  let block = Math.floor(first / 4)
  let i = 4 * block - first
  if (i < 0) {
    philox(block++, c1, c2, c3, k0, k1, scratch, 0)
    for (let lane = -i; lane < 4 && i + lane < count; lane++) out[i + lane] = scratch[lane]
    i += 4
  }
  for (; i + 4 <= count; i += 4) philox(block++, c1, c2, c3, k0, k1, out, i)
  if (i < count) {
    philox(block, c1, c2, c3, k0, k1, scratch, 0)
    for (let lane = 0; i + lane < count; lane++) out[i + lane] = scratch[lane]
  }
}

const scratch = new Uint32Array(4)
