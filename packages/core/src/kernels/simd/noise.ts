import { Program } from "../program.ts"
import { twin } from "../twin.ts"
import { type FunctionBuilder, f32x4, i32, i32x4, i64x2, type Local, v128 } from "../wasm/index.ts"
import type { Vector } from "./vector.ts"

type Four = Local<"v128">

/** Numbers of a work unit: four blocks of Philox, one in each lane. */
const unit = 16

/** Low and high halves of the 64-bit products of unsigned lanes. */
function products(f: FunctionBuilder, x: Four, factor: Four): [low: Four, high: Four] {
  const first = f.let("first", i64x2.extmul_low_i32x4_u(x, factor))
  const second = f.let("second", i64x2.extmul_high_i32x4_u(x, factor))
  return [
    f.let("low", i32x4.shuffle(first, second, [0, 2, 4, 6])),
    f.let("high", i32x4.shuffle(first, second, [1, 3, 5, 7])),
  ]
}

/**
 * Ten rounds of Philox 4x32 on four counters at once; see `random/philox.ts`. Written out they are quicker, as a loop they
 * are assembled quicker.
 */
export function encrypt(
  f: FunctionBuilder,
  counter: readonly Four[],
  key: readonly [Four, Four],
  looped = false,
): Four[] {
  const [m0, m1] = [0xd2511f53, 0xcd9e8d57].map(m => f.let("m", i32x4.const(m)))
  const [k0, k1] = key.map(k => f.let("k", k))
  const round = ([x0, x1, x2, x3]: readonly Four[]): Four[] => {
    const [low0, high0] = products(f, x0, m0)
    const [low1, high1] = products(f, x2, m1)
    const next0 = f.let("x0", v128.xor(v128.xor(high1, x1), k0))
    const next2 = f.let("x2", v128.xor(v128.xor(high0, x3), k1))
    f.set(k0, i32x4.add(k0, i32x4.const(0x9e3779b9)))
    f.set(k1, i32x4.add(k1, i32x4.const(0xbb67ae85)))
    return [next0, low1, next2, low0]
  }
  let state = counter.map(word => f.let("state", word))
  if (!looped) {
    for (let i = 0; i < 10; i++) state = round(state)
    return state
  }
  f.for(f.local("i32", "round"), 0, 10, 1, () => {
    for (const [i, word] of round(state).entries()) f.set(state[i], word)
  })
  return state
}

/** Word w of block b from lane b of vector w: the four words of each block one after the other. */
export function transposed(f: FunctionBuilder, [a, b, c, d]: readonly Four[]): Vector[] {
  const ab = f.let("ab", i32x4.shuffle(a, b, [0, 4, 1, 5]))
  const cd = f.let("cd", i32x4.shuffle(c, d, [0, 4, 1, 5]))
  const ab2 = f.let("ab2", i32x4.shuffle(a, b, [2, 6, 3, 7]))
  const cd2 = f.let("cd2", i32x4.shuffle(c, d, [2, 6, 3, 7]))
  return [
    i32x4.shuffle(ab, cd, [0, 1, 4, 5]),
    i32x4.shuffle(ab, cd, [2, 3, 6, 7]),
    i32x4.shuffle(ab2, cd2, [0, 1, 4, 5]),
    i32x4.shuffle(ab2, cd2, [2, 3, 6, 7]),
  ]
}

const layout = { out: "i32", k0: "i32", k1: "i32", c1: "i32", c2: "i32", c3: "i32", length: "i32" } as const

const program = new Program("philoxUniform", m => {
  const scratch = m.global("scratch", "i32")
  m.kernel("philoxUniform", layout, (f, { out, k0, k1, c1, c2, c3, length }, begin, end) => {
    const key: [Four, Four] = [f.let("key0", i32x4.splat(k0)), f.let("key1", i32x4.splat(k1))]
    const fixed = [c1, c2, c3].map(c => f.let("c", i32x4.splat(c)))
    const u = f.local("i32", "u")
    f.for(u, begin, end, 1, () => {
      const blocks = f.let("blocks", i32x4.add(i32x4.splat(i32.mul(u, 4)), i32x4.const(0, 1, 2, 3)))
      const words = transposed(f, encrypt(f, [blocks, ...fixed], key))
      const to = f.let("to", i32.add(out, i32.mul(u, 4 * unit)))
      const left = f.let("left", i32.sub(length, i32.mul(u, unit)))
      const target = f.let("target", to)
      // The last unit may be short: it is made elsewhere and copied.
      f.if(i32.lt_s(left, unit), () => f.set(target, scratch.get))
      const fraction = (word: Vector) =>
        f32x4.mul(f32x4.convert_i32x4_s(i32x4.shr_u(word, 8)), f32x4.const(1 / 16777216))
      f.storeVectors(target, words.map(fraction))
      f.if(i32.lt_s(left, unit), () => f.memory.copy(to, target, i32.mul(left, 4)))
    })
  })
})

/** Twin of the loop of the same name: uniform numbers in [0, 1) from Philox, the same bits as `Stream.uniform`. */
export const philoxUniform = twin<
  [out: Float32Array | Float64Array, ...key: [number, number], ...[number, number, number]]
>(program, {
  name: "philoxUniform",
  parameters: ["out", "int", "int", "int", "int", "int"],
  least: 1,
  units: ([out]) => Math.ceil(out.length / unit),
  grain: () => 64,
})
