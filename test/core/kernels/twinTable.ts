import type { TwinRow } from "./twins.ts"

const unary = (ulps: number, more: Partial<TwinRow> = {}): TwinRow => ({ signature: "x, =y", ulps, ...more })
const slope = (ulps: number, more: Partial<TwinRow> = {}): TwinRow => ({ signature: "x, dy, +dx", ulps, ...more })
const binary: TwinRow = { signature: "a, b, =y", ulps: 0 }
const routed: TwinRow = { signature: "a, b, dy, +dx", ulps: 0 }
const moments = { v: [0, 4], h: [0, 4], u: [0, 4], a: [0, 4], n: [0.1, 4], z: [-4, 4] } as const
const adam = { rate: 0.01, alpha: 0.01, share1: 0.1, share2: 0.001, share: 0.1, epsilon: 1e-7, momentum: 0.9 }
const update = (signature: string, ulps: number, more: Partial<TwinRow> = {}): TwinRow => ({
  signature,
  ulps,
  magnitude: 4,
  ranges: moments,
  numbers: adam,
  ...more,
})
const rows = (signature: string, ulps: number, more: Partial<TwinRow> = {}): TwinRow => ({
  signature: `${signature}, #rows, #n`,
  ulps,
  magnitude: 1,
  ...more,
})

// The doubles 0.375 and -0.1, by their halves.
const scaling = { factorLow: 0, factorHigh: 0x3fd80000, offsetLow: -1717986918, offsetHigh: -1078355559 }
const fill: TwinRow = {
  signature: "=out, #block, #k0, #k1, #c1, #c2, #c3, #factorLow, #factorHigh, #offsetLow, #offsetHigh",
  ulps: 0,
  numbers: { block: 3, k0: 0x12345678, k1: 0xfedcba98, c1: 0xffffffff, c2: 7, c3: 0, ...scaling },
}

/** Every loop that has a SIMD twin. */
export const twinTable: Readonly<Record<string, TwinRow>> = {
  accumulate: { signature: "dy, +dx", ulps: 0 },
  accumulateProduct: slope(1, { magnitude: 16 }),
  deduct: { signature: "dy, +dx", ulps: 0 },
  addForward: binary,
  subForward: binary,
  mulForward: binary,
  divForward: binary,
  divLeftBackward: slope(1),
  divRightBackward: { signature: "b, y, dy, +db", ulps: 2, tame: ["b"] },
  maximumForward: binary,
  minimumForward: binary,
  whereAtLeast: routed,
  whereNotAtLeast: routed,
  clipForward: { signature: "x, =y, #low, #high", ulps: 0, numbers: { low: -0.7, high: 1.3 } },
  clipBackward: { signature: "x, dy, +dx, #low, #high", ulps: 0, numbers: { low: -1, high: 1.5 } },
  negForward: unary(0),
  absForward: unary(0),
  absBackward: slope(0),
  squareForward: unary(0),
  squareBackward: slope(1, { magnitude: 32 }),
  sqrtForward: unary(0, { ranges: { x: [0, 9] } }),
  sqrtBackward: slope(1, { ranges: { x: [0.1, 3] } }),
  invertDeviation: { signature: "v, =inverse, #epsilon", ulps: 2, ranges: { v: [0, 9] }, numbers: { epsilon: 1e-3 } },
  expForward: unary(2, { ranges: { x: [-90, 89] } }),
  logForward: unary(1, { ranges: { x: [0, 9] } }),
  logBackward: slope(1),
  whereForward: { signature: "condition, a, b, =y", ulps: 0 },
  dropoutForward: {
    signature: "x, noise, =y, #limit, #scale",
    ulps: 1,
    ranges: { noise: [0, 1] },
    numbers: { limit: 0.25, scale: 1 / 0.75 },
  },
  dropoutBackward: {
    signature: "noise, dy, +dx, #limit, #scale",
    ulps: 2,
    ranges: { noise: [0, 1] },
    numbers: { limit: 0.25, scale: 1 / 0.75 },
  },
  alphaDropoutForward: {
    signature: "x, noise, =y, #limit, #a, #b, #dropped",
    ulps: 2,
    magnitude: 4,
    ranges: { noise: [0, 1] },
    numbers: { limit: 0.25, a: 0.9, b: 0.3, dropped: -1.2 },
  },
  alphaDropoutBackward: {
    signature: "noise, dy, +dx, #limit, #a",
    ulps: 2,
    ranges: { noise: [0, 1] },
    numbers: { limit: 0.25, a: 0.9 },
  },
  philoxUniform: {
    signature: "=out, #k0, #k1, #c1, #c2, #c3",
    ulps: 0,
    numbers: { k0: 0x12345678, k1: 0xfedcba98, c1: 0xffffffff, c2: 7, c3: 0 },
  },
  scaledUniform: fill,
  scaledTruncatedNormal: fill,

  decodeBytes: { signature: "bytes, table[256], =out", ulps: 0 },

  reluForward: unary(0),
  reluBackward: slope(0),
  relu6Forward: unary(0),
  relu6Backward: slope(0),
  boundedReluForward: {
    signature: "x, =y, #slope, #max, #threshold",
    ulps: 2,
    numbers: { slope: 0.25, max: 3, threshold: 0.5 },
  },
  boundedReluBackward: {
    signature: "x, dy, +dx, #slope, #max, #threshold, #atThreshold, #atMax",
    ulps: 2,
    numbers: { slope: 0.25, max: 3, threshold: 0.5, atThreshold: 0, atMax: 1 },
  },
  leakyReluForward: { signature: "x, =y, #slope", ulps: 1, numbers: { slope: 0.3 } },
  leakyReluBackward: { signature: "x, dy, +dx, #slope", ulps: 2, numbers: { slope: 0.3 } },
  preluForward: { signature: "x, alpha, =y", ulps: 1 },
  preluBackward: { signature: "x, alpha, dy, +dx", ulps: 1, magnitude: 16 },
  preluSlopeBackward: { signature: "x, dy, +dalpha", ulps: 1, magnitude: 16 },
  eluForward: { signature: "x, =y, #alpha", ulps: 4, numbers: { alpha: 1.5 } },
  eluBackward: { signature: "x, y, dy, +dx, #alpha", ulps: 2, magnitude: 16, numbers: { alpha: 1.5 } },
  seluForward: unary(4),
  seluBackward: slope(2, { magnitude: 16 }),
  tanhForward: unary(4),
  tanhBackward: slope(2, { magnitude: 64 }),
  sigmoidForward: unary(4),
  sigmoidBackward: slope(2, { magnitude: 64 }),
  siluForward: unary(4),
  siluBackward: slope(4, { magnitude: 4 }),
  softsignForward: unary(1),
  softsignBackward: slope(2),
  hardSigmoidForward: unary(2, { magnitude: 0.5 }),
  hardSigmoidBackward: slope(1),
  hardSiluForward: unary(2, { magnitude: 2 }),
  hardSiluBackward: slope(2, { magnitude: 4 }),
  geluForward: unary(4, { magnitude: 4 }),
  geluBackward: slope(4, { magnitude: 4 }),
  geluTanhForward: unary(4, { magnitude: 1 }),
  geluTanhBackward: slope(4, { magnitude: 16 }),
  softplusForward: unary(4),
  softplusBackward: slope(4),
  logSigmoidForward: unary(4),
  logSigmoidBackward: slope(4),
  mishForward: unary(4),
  mishBackward: slope(4, { magnitude: 16 }),

  addBiasSums: rows("dy[rn], +dbias[n]", 2, { magnitude: 64 }),
  softmaxForward: rows("x[rn], =y[rn]", 4, { magnitude: 0 }),
  softmaxBackward: rows("y[rn], dy[rn], +dx[rn]", 4, { magnitude: 256, ranges: { y: [0, 1] } }),
  logSoftmaxForward: rows("x[rn], =y[rn]", 4),
  logSoftmaxBackward: rows("y[rn], dy[rn], +dx[rn]", 4, { magnitude: 64, ranges: { y: [-8, 0] } }),
  sparseCrossentropyForward: rows("labels[r], x[rn], =p[rn], =y[r]", 4),
  sparseCrossentropyBackward: rows("labels[r], p[rn], dy[r], +dx[rn]", 2, { magnitude: 4, ranges: { p: [0, 1] } }),
  categoricalCrossentropyForward: rows("t[rn], x[rn], =logp[rn], =y[r]", 4, { magnitude: 64, ranges: { t: [0, 1] } }),
  categoricalLogitsBackward: rows("t[rn], logp[rn], dy[r], +dx[rn]", 4, {
    magnitude: 512,
    ranges: { t: [0, 1], logp: [-8, 0] },
  }),
  binaryCrossentropyForward: rows("t[rn], x[rn], =y[r]", 4, { magnitude: 4, ranges: { t: [0, 1] } }),
  binaryLogitsBackward: rows("t[rn], x[rn], dy[r], +dx[rn]", 4, { ranges: { t: [0, 1] } }),
  layerNormForward: rows("x[rn], gamma[n], beta[n], =h[rn], =inverse[r], =y[rn]", 4, {
    signature: "x[rn], gamma[n], beta[n], =h[rn], =inverse[r], =y[rn], #rows, #n, #epsilon",
    magnitude: 16,
    numbers: { epsilon: 1e-3 },
  }),
  layerNormBackward: rows("h[rn], gamma[n], inverse[r], dy[rn], +dx[rn]", 4, {
    magnitude: 256,
    ranges: { inverse: [0.2, 4] },
  }),
  sumMiddle: { signature: "x[rn], =y[r], #rows, #n, #inner, #divisor", ulps: 1, numbers: { inner: 1, divisor: 3 } },
  spreadMiddle: {
    signature: "dy[r], +dx[rn], #rows, #n, #inner, #divisor",
    ulps: 2,
    numbers: { inner: 1, divisor: 3 },
  },
  sumColumns: {
    loop: "sumMiddle",
    signature: "x[rn], =y[n], #outer, #rows, #n, #divisor",
    ulps: 1,
    numbers: { outer: 1, divisor: 3 },
  },
  spreadColumns: {
    loop: "spreadMiddle",
    signature: "dy[n], +dx[rn], #outer, #rows, #n, #divisor",
    ulps: 2,
    numbers: { outer: 1, divisor: 3 },
  },
  columnMoments: rows("x[rn], =mean[n], =variance[n]", 4, { magnitude: 4 }),
  normalizeColumns: rows("x[rn], mean[n], inverse[n], gamma[n], beta[n], =y[rn]", 2, { magnitude: 64 }),
  normalizeColumnSums: rows("x[rn], mean[n], inverse[n], dy[rn], =sums[n], =products[n]", 4, {
    magnitude: 256,
    tame: ["inverse"],
  }),
  batchNormBackward: rows("x[rn], mean[n], inverse[n], gamma[n], dy[rn], sums[n], products[n], +dx[rn]", 4, {
    magnitude: 256,
  }),

  scaleInto: { signature: "x, =y, #factor", ulps: 1, numbers: { factor: 0.3 } },
  clipInto: { signature: "x, =y, #limit", ulps: 1, numbers: { limit: 1.1 } },
  addInto: { signature: "x, +sum", ulps: 0 },
  decayInto: { signature: "+w, #rate", ulps: 2, numbers: { rate: 0.001 } },
  averageInto: { signature: "w, +average, #share", ulps: 2, numbers: { share: 0.01 } },
  elasticParts: { signature: "x, =parts[parts], #l1, #l2", ulps: 0, numbers: { l1: 0.25, l2: 1.5 } },
  elasticBackward: { signature: "x, +dx, #l1, #l2", ulps: 2, magnitude: 8, numbers: { l1: 0.25, l2: 1.5 } },
  sgdUpdate: update("+w, g, #rate", 1),
  momentumUpdate: update("+w, g, +m, #rate, #momentum", 2),
  nesterovUpdate: update("+w, g, +m, #rate, #momentum", 2),
  adamUpdate: update("+w, g, +m, +v, #alpha, #share1, #share2, #epsilon", 2),
  amsgradUpdate: update("+w, g, +m, +v, +h, #alpha, #share1, #share2, #epsilon", 2),
  adamaxUpdate: update("+w, g, +m, +u, #alpha, #share1, #share2, #epsilon", 2),
  nadamUpdate: update("+w, g, +m, +v, #ofMean, #ofGradient, #unbias, #share1, #share2, #epsilon", 2, {
    numbers: { ...adam, ofMean: 0.01, ofGradient: 0.002, unbias: 1.7 },
  }),
  rmspropUpdate: update("+w, g, +v, #rate, #share, #epsilon", 2),
  rmspropMomentumUpdate: update("+w, g, +v, +m, #rate, #share, #momentum, #epsilon", 2),
  centeredUpdate: update("+w, g, +v, +a, #rate, #share, #epsilon", 2, {
    ranges: { v: [4, 8], a: [-1, 1], g: [-1, 1] },
    // v - a² may come out below 0.
    tame: ["v"],
  }),
  centeredMomentumUpdate: update("+w, g, +v, +a, +m, #rate, #share, #momentum, #epsilon", 2, {
    ranges: { v: [4, 8], a: [-1, 1], g: [-1, 1] },
    // v - a² may come out below 0.
    tame: ["v"],
  }),
  adagradUpdate: update("+w, g, +a, #rate, #epsilon", 2),
  adadeltaUpdate: update("+w, g, +a, +u, #rate, #share, #epsilon", 4),
  lionUpdate: update("+w, g, +m, #rate, #share1, #share2", 2),
  ftrlUpdate: update("+w, g, +n, +z, #rate, #power, #l1, #l2, #shrinkage", 4, {
    numbers: { rate: 0.1, power: 0.5, l1: 0.3, l2: 0.2, shrinkage: 0.1 },
    tame: ["g", "n"],
  }),
}
