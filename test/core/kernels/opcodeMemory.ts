import { bytesOf, type Kind, type Lane, lanesOf, type Meaning, patternAt, place } from "./opcodeMeanings.ts"

// The instructions that read and write memory, where byte `i` is `patternAt(i)` before each of them.

const pattern = (from: number, count: number) => Array.from({ length: count }, (_, i) => patternAt(from + i))
const zeros = (count: number): number[] => Array(count).fill(0)
// The first byte there has its highest bit set.
const [address, offset] = [160, 44]
const at = address + offset
const vector = pattern(7, 16)

/** Loads of `count` bytes that make sixteen, or fewer, of them. */
const load = (count: number, result = (x: number[]) => x): Meaning => ({
  as: "u8",
  immediates: [offset],
  trials: [[[bytesOf("i32", address)], result(pattern(at, count))]],
})

/** Stores of a value, behind which memory stays as it is. */
const store = (value: Uint8Array): Meaning => ({
  as: "u8",
  at,
  immediates: [offset],
  trials: [
    [
      [bytesOf("i32", address), value],
      [...value, ...pattern(at + value.length, 4)],
    ],
  ],
})

/** One lane of `count` bytes read into a vector, or written from it. */
const loadLane = (count: number, lane: number): Meaning => {
  const want = vector.map((byte, i) => (Math.floor(i / count) === lane ? patternAt(at + (i % count)) : byte))
  const operands = [bytesOf("i32", address), bytesOf("u8", ...vector)]
  return { as: "u8", immediates: [lane, offset], trials: [[operands, want]] }
}
const storeLane = (count: number, lane: number): Meaning => {
  const want = [...vector.slice(lane * count, (lane + 1) * count), ...pattern(at + count, 4)]
  const operands = [bytesOf("i32", address), bytesOf("u8", ...vector)]
  return { as: "u8", at, immediates: [lane, offset], trials: [[operands, want]] }
}

/** The word behind the result, which an atomic instruction changes, and what it is before. */
const word = place.result + 4
const old = lanesOf("i32", bytesOf("u8", ...pattern(word, 4)))[0]

/** Result and changed word, for operands behind the address. */
const exchange = (...cases: readonly (readonly [operands: readonly Lane[], word: Lane])[]): Meaning => ({
  as: "i32",
  trials: cases.map(([operands, changed]) => [
    [bytesOf("i32", word), ...operands.map(x => bytesOf("i32", x))],
    [old, changed],
  ]),
})

const replaced = (kind: Kind, lane: number): Meaning => {
  const [given, value] = [[5, 6, 7, 8], 9]
  const want = given.map((x, i) => (i === lane ? value : x))
  return { as: kind, immediates: [lane], trials: [[[bytesOf(kind, ...given), bytesOf(kind, value)], want]] }
}

const order = [0, 31, 2, 29, 4, 27, 6, 25, 8, 23, 10, 21, 12, 19, 14, 17]
const words = (...values: readonly number[]) => values.map(value => bytesOf("i32", value))

export const memoryMeanings: Readonly<Record<string, Meaning>> = {
  "i32.load": load(4),
  "i64.load": load(8),
  "f32.load": load(4),
  "f64.load": load(8),
  "v128.load": load(16),
  "i32.load8_u": load(1, x => [...x, 0, 0, 0]),
  "v128.load32_splat": load(4, x => [...x, ...x, ...x, ...x]),
  "v128.load64_splat": load(8, x => [...x, ...x]),
  "v128.load32_zero": load(4, x => [...x, ...zeros(12)]),
  "v128.load64_zero": load(8, x => [...x, ...zeros(8)]),
  "i32.store": store(bytesOf("i32", -123456)),
  "i64.store": store(bytesOf("i64", -123456789012345n)),
  "f32.store": store(bytesOf("f32", -0.1)),
  "f64.store": store(bytesOf("f64", -0.1)),
  "v128.store": store(bytesOf("u8", ...vector)),
  "v128.load32_lane": loadLane(4, 3),
  "v128.load64_lane": loadLane(8, 1),
  "v128.store32_lane": storeLane(4, 3),
  "v128.store64_lane": storeLane(8, 1),
  "i32x4.replace_lane": replaced("i32", 2),
  "f32x4.replace_lane": replaced("f32", 3),
  "i8x16.shuffle": {
    as: "u8",
    immediates: [order],
    trials: [
      [
        [bytesOf("u8", ...vector), bytesOf("u8", ...pattern(99, 16))],
        order.map(i => [...vector, ...pattern(99, 16)][i]),
      ],
    ],
  },

  "memory.size": { as: "i32", trials: [[[], [1]]] },
  "memory.copy": { as: "u8", at, trials: [[words(at, 131, 5), [...pattern(131, 5), patternAt(at + 5)]]] },
  "memory.fill": { as: "u8", at, trials: [[words(at, 0x1ab, 5), [...Array(5).fill(0xab), patternAt(at + 5)]]] },

  "i32.atomic.load": load(4),
  "i32.atomic.store": store(bytesOf("i32", -123456)),
  "i32.atomic.rmw.add": exchange([[5], Number(old) + 5]),
  "i32.atomic.rmw.cmpxchg": exchange([[old, 77], 77], [[Number(old) + 1, 77], old]),
  "atomic.fence": { as: "i32", trials: [[[], []]] },
  // Nobody waits.
  "memory.atomic.notify": { as: "i32", trials: [[words(word, 1), [0]]] },
  // 1: another number is there; 2: nobody came in time.
  "memory.atomic.wait32": {
    as: "i32",
    trials: [
      [[...words(word, Number(old) + 1), bytesOf("i64", -1n)], [1]],
      [[...words(word, Number(old)), bytesOf("i64", 1000n)], [2]],
    ],
  },
}
