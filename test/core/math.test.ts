import { describe, expect, it } from "vitest"
import * as math from "../../packages/core/src/math.ts"

/**
 * Values computed with 200 and more bits (mpmath 1.3) and rounded once. The number before them is the error allowed, in
 * steps between doubles.
 */
const published: Record<string, [(x: number) => number, number, [number, number][]]> = {
  exp: [
    math.exp,
    1,
    [
      [1.0, Math.E],
      [-1.0, 0.36787944117144233],
      [0.1, 1.1051709180756477],
      [-37.5, 5.175555005801869e-17],
      [300.25, 2.4941248615349213e130],
      [-744.5, 5e-324],
      [1e-9, 1.000000001],
    ],
  ],
  expm1: [
    math.expm1,
    1.2,
    [
      [1e-10, 1.00000000005e-10],
      [-0.3, -0.2591817793182821],
      [0.5, 0.6487212707001282],
      [2.5, 11.182493960703473],
      [30.5, 17619017951354.633],
      [-5.0, -0.9932620530009145],
    ],
  ],
  log: [
    math.log,
    1,
    [
      [2.0, Math.LN2],
      [10.0, Math.LN10],
      [0.999, -0.0010005003335835344],
      [1.0001, 9.999500033329732e-5],
      [1e-300, -690.7755278982137],
      [5e-324, -744.4400719213812],
      [1e300, 690.7755278982137],
    ],
  ],
  log1p: [
    math.log1p,
    1,
    [
      [1e-12, 9.999999999995e-13],
      [-0.25, -0.2876820724517809],
      [0.5, 0.4054651081081644],
      [0.5669852884372916, 0.449153574968161],
      [0.45, 0.37156355643248307],
      [0.7, 0.5306282510621704],
      [-0.9999, -9.210340371976294],
      [7.5, 2.1400661634962708],
      [1e17, 39.14394658089878],
    ],
  ],
  sin: [
    math.sin,
    1,
    [
      [0.5, 0.479425538604203],
      [3.0, 0.1411200080598672],
      [-100.0, 0.5063656411097588],
      [1000000.0, -0.34999350217129294],
      [91.106186954104, -1.2379612731767154e-18],
      [1457.698991265664, 1.9807380370827447e-17],
      [1e22, -0.8522008497671888],
      [1.7976931348623157e308, 0.004961954789184062],
      [Math.PI, 1.2246467991473532e-16],
      [5.319372648326541e255, 1.0],
    ],
  ],
  cos: [
    math.cos,
    1,
    [
      [0.5, 0.8775825618903728],
      [3.0, -0.9899924966004454],
      [-100.0, 0.8623188722876839],
      [1000000.0, 0.9367521275331447],
      [1e22, 0.523214785395139],
      [1.7976931348623157e308, -0.9999876894265599],
      [1.5707963267948966, 6.123233995736766e-17],
      [5.319372648326541e255, -4.687165924254628e-19],
    ],
  ],
  tanh: [
    math.tanh,
    2.2,
    [
      [1e-5, 9.999999999666668e-6],
      [0.3, 0.2913126124515909],
      [-0.9, -0.7162978701990245],
      [2.5, 0.9866142981514303],
      [15.0, 0.9999999999998128],
    ],
  ],
  erf: [
    math.erf,
    1,
    [
      [1e-12, 1.1283791670955126e-12],
      [0.5, 0.5204998778130465],
      [-0.9, -0.7969082124228322],
      [1.1, 0.8802050695740817],
      [2.0, 0.9953222650189527],
      [3.5, 0.9999992569016276],
      [5.5, 0.9999999999999927],
    ],
  ],
  erfc: [
    math.erfc,
    3,
    [
      [0.1, 0.887537083981715],
      [0.7, 0.32219880616258156],
      [-1.1, 1.8802050695740817],
      [1.2, 0.08968602177036464],
      [2.0, 0.004677734981047266],
      [5.0, 1.537459794428035e-12],
      [26.0, 5.663192408856143e-296],
    ],
  ],
  sigmoid: [
    math.sigmoid,
    2.5,
    [
      [-100.0, 3.720075976020836e-44],
      [-2.0, 0.11920292202211756],
      [0.3, 0.574442516811659],
      [5.0, 0.9933071490757152],
      [-740.0, 4.2e-322],
    ],
  ],
  softplus: [
    math.softplus,
    2,
    [
      [-100.0, 3.720075976020836e-44],
      [-2.0, 0.1269280110429725],
      [0.3, 0.8543552444685271],
      [5.0, 5.006715348489118],
      [40.0, 40.0],
      [-740.0, 4.2e-322],
    ],
  ],
  normalQuantile: [
    math.normalQuantile,
    5,
    [
      [0.975, 1.9599639845400538],
      [0.3, -0.5244005127080408],
      [0.55, 0.12566134685507416],
      [0.05, -1.6448536269514726],
      [0.999999, 4.753424308817087],
      [1e-10, -6.361340902404057],
      [1e-40, -13.31092137142517],
      [1e-300, -37.0470962993612],
    ],
  ],
}

const powers: [number, number, number][] = [
  [1.41, 2050.5, 9.414353461758314e305],
  [0.71, 2050.5, 1.0121480633482767e-305],
  [1.4125, -2050.25, 3.0631416347553016e-308],
  [0.7072, -2001.0, 1.164002030656002e301],
  [1.4, 2088.0, 1.304182883702269e305],
  [0.7075, -2040.0, 3.614546694011132e306],
  [1.5, 2.5, 2.7556759606310752],
  [0.9, 0.001, 0.9998946450345664],
  [0.999, 1000.0, 0.36769542477096373],
  [0.9999, 100000.0, 4.537723395901116e-5],
  [1.0000001, 7000000000.0, 1.0141969717459648e304],
  [10.0, -300.5, 3.1622776601683794e-301],
  [5e-324, 0.5, 2.2227587494850775e-162],
  [1e-310, -0.9, 1.0000000000000186e279],
  [123.456, -7.25, 6.863356189846384e-16],
  [0.5, 1060.5, 5.7238e-320],
  [2.0, 0.3333333333333333, 1.2599210498948732],
  [-3.0, 7.0, -2187.0],
  [-1.1, -301.0, -3.4737756563306434e-13],
]

const doubles = new Float64Array(1)
const bits = new BigInt64Array(doubles.buffer)

/** The number of steps between neighbouring doubles that lead from a to b; 0 for two NaNs. */
function steps(a: number, b: number): number {
  if (Object.is(a, b)) return 0
  if (Number.isNaN(a) || Number.isNaN(b)) return Infinity
  const place = (x: number): bigint => {
    doubles[0] = x
    return bits[0] < 0n ? -(bits[0] & 0x7fffffffffffffffn) : bits[0]
  }
  const distance = Number(place(a) - place(b))
  return Math.abs(distance)
}

/** Uniform in [0, 1), 53 bits, from Math-free integer arithmetic. */
function generator(seed: number): () => number {
  let state = seed
  const next = () => {
    state = (state + 0x6d2b79f5) | 0
    let t = Math.imul(state ^ (state >>> 15), 1 | state)
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t
    return (t ^ (t >>> 14)) >>> 0
  }
  return () => ((next() >>> 5) * 67108864 + (next() >>> 6)) / 9007199254740992
}

/** Doubles of every sign and exponent. */
function anyDouble(random: () => number): number {
  bits[0] = (BigInt(Math.floor(random() * 4294967296)) << 32n) | BigInt(Math.floor(random() * 4294967296))
  return doubles[0]
}

const extremes = [
  0,
  5e-324,
  1e-310,
  2.2250738585072014e-308,
  1e-20,
  1e-9,
  0.25,
  0.3465,
  0.3466,
  0.5,
  0.7853981633974483,
  0.8,
  1,
  1.04,
  1.5707963267948966,
  2,
  Math.PI,
  10,
  21.9,
  22.1,
  36,
  37,
  38.9,
  100,
  708.5,
  709.78,
  709.79,
  720,
  745.13,
  745.14,
  1e5,
  1647098,
  1647100,
  9007199254740991,
  9007199254740994,
  1e22,
  1e300,
  1.7976931348623157e308,
  Infinity,
  NaN,
].flatMap(x => [x, -x])

describe("math against published values", () => {
  for (const [name, [f, allowed, rows]] of Object.entries(published)) {
    it(name, () => {
      for (const [x, y] of rows)
        expect(steps(f(x), y), `${name}(${x}) = ${f(x)}, not ${y}`).toBeLessThanOrEqual(allowed)
    })
  }

  it("pow", () => {
    for (const [x, y, z] of powers) expect(steps(math.pow(x, y), z), `pow(${x}, ${y})`).toBeLessThanOrEqual(1)
  })
})

describe("math against the engine's own", () => {
  const ranges: Record<string, [(x: number) => number, (x: number) => number, number, [number, number][]]> = {
    exp: [
      math.exp,
      Math.exp,
      2,
      [
        [-1, 1],
        [-745, 709],
      ],
    ],
    expm1: [
      math.expm1,
      Math.expm1,
      3,
      [
        [-0.01, 0.01],
        [-1.2, 1.2],
        [-40, 700],
      ],
    ],
    log: [
      math.log,
      Math.log,
      2,
      [
        [0, 2],
        [0.6, 1.6],
        [0, 1e9],
      ],
    ],
    log1p: [
      math.log1p,
      Math.log1p,
      4,
      [
        [-0.01, 0.01],
        [-1, 2],
        [0, 1e9],
      ],
    ],
    sin: [
      math.sin,
      Math.sin,
      2,
      [
        [-7, 7],
        [-1e6, 1e6],
        [-1e20, 1e20],
      ],
    ],
    cos: [
      math.cos,
      Math.cos,
      2,
      [
        [-7, 7],
        [-1e6, 1e6],
        [-1e20, 1e20],
      ],
    ],
    tanh: [
      math.tanh,
      Math.tanh,
      4,
      [
        [-0.01, 0.01],
        [-1.5, 1.5],
        [-25, 25],
      ],
    ],
  }
  for (const [name, [ours, theirs, allowed, intervals]] of Object.entries(ranges)) {
    it(`${name} at random`, () => {
      const random = generator(1)
      for (const [low, high] of intervals) {
        for (let i = 0; i < 20000; i++) {
          const x = low + (high - low) * random()
          if (steps(ours(x), theirs(x)) > allowed) expect(ours(x), `${name}(${x})`).toBe(theirs(x))
        }
      }
      for (let i = 0; i < 20000; i++) {
        const x = anyDouble(random)
        if (steps(ours(x), theirs(x)) > allowed) expect(ours(x), `${name}(${x})`).toBe(theirs(x))
      }
    })

    it(`${name} at its extremes`, () => {
      for (const x of extremes) {
        if (steps(ours(x), theirs(x)) > allowed) expect(ours(x), `${name}(${x})`).toBe(theirs(x))
      }
      if (name !== "cos" && name !== "log" && name !== "exp") expect(ours(-0)).toBe(-0)
    })
  }
})

describe("sin and cos next to multiples of pi/2", () => {
  it("keep all their bits where nearly all of the argument cancels", () => {
    for (let n = 1; n < 1_100_000; n += n < 2000 ? 1 : 97) {
      const x = (n * Math.PI) / 2
      if (steps(math.sin(x), Math.sin(x)) > 2) expect(math.sin(x), `sin(${x})`).toBe(Math.sin(x))
      if (steps(math.cos(x), Math.cos(x)) > 2) expect(math.cos(x), `cos(${x})`).toBe(Math.cos(x))
    }
  })
})

describe("pow", () => {
  it("follows Math.pow in every special case", () => {
    const values = [
      0,
      5e-324,
      1e-310,
      0.5,
      0.999,
      1,
      1.001,
      2,
      3,
      4,
      5,
      1023,
      1024,
      1e17,
      1e300,
      1.7e308,
      Infinity,
      NaN,
    ]
    const all = values.flatMap(x => [x, -x])
    for (const x of all) {
      for (const y of all) {
        if (steps(math.pow(x, y), x ** y) > 4) expect(math.pow(x, y), `pow(${x}, ${y})`).toBe(x ** y)
      }
    }
  })

  it("is exact for integers", () => {
    const wrong: string[] = []
    for (let base = 2; base < 1000; base++) {
      let power = BigInt(base)
      for (let n = 1; power < 9007199254740992n; n++) {
        if (math.pow(base, n) !== Number(power)) wrong.push(`${base}^${n}`)
        power *= BigInt(base)
      }
    }
    for (let n = -1074; n < 1024; n++) if (math.pow(2, n) !== 2 ** n) wrong.push(`2^${n}`)
    expect(wrong).toEqual([])
  })

  it("stays within 4 steps of Math.pow at random", () => {
    const random = generator(2)
    for (let i = 0; i < 50000; i++) {
      const x = random() * 4
      const y = (random() - 0.5) * 1000
      if (steps(math.pow(x, y), x ** y) > 4) expect(math.pow(x, y), `pow(${x}, ${y})`).toBe(x ** y)
    }
  })
})

describe("the rest at their limits", () => {
  it("erf and erfc", () => {
    expect([0, -0, Infinity, -Infinity, NaN, 6, -6].map(math.erf)).toEqual([0, -0, 1, -1, NaN, 1, -1])
    expect([0, Infinity, -Infinity, NaN, 28, -7].map(math.erfc)).toEqual([1, 0, 2, NaN, 0, 2])
    const random = generator(3)
    for (let i = 0; i < 20000; i++) {
      const x = (random() - 0.5) * 12
      expect(math.erf(-x)).toBe(-math.erf(x))
      expect(Math.abs(math.erf(x) + math.erfc(x) - 1)).toBeLessThan(3e-16)
    }
  })

  it("sigmoid and softplus neither overflow nor lose their tails", () => {
    expect([0, -0, Infinity, -Infinity, NaN, 800, -800].map(math.sigmoid)).toEqual([0.5, 0.5, 1, 0, NaN, 1, 0])
    expect([Infinity, -Infinity, NaN, 800, -800].map(math.softplus)).toEqual([Infinity, 0, NaN, 800, 0])
    expect(math.sigmoid(-700)).toBeGreaterThan(0)
    expect(math.softplus(-700)).toBe(math.sigmoid(-700))
  })

  it("normalQuantile inverts the distribution function", () => {
    expect([0, 1, 0.5, -0.1, 1.1, NaN].map(math.normalQuantile)).toEqual([-Infinity, Infinity, 0, NaN, NaN, NaN])
    for (let p = 0.0005; p < 1; p += 0.0005) {
      const back = 0.5 * math.erfc(-math.normalQuantile(p) / Math.SQRT2)
      expect(Math.abs(back - p) / p).toBeLessThan(1e-14)
    }
  })
})
