import * as core from "@selvedge/core"

type Tensor = core.Tensor

/** The inputs of all operations here. */
export interface Inputs {
  /** [rows, 100], positive. */
  readonly x: Tensor
  readonly y: Tensor
  /** The halves of an x. */
  readonly top: Tensor
  readonly bottom: Tensor
  /** The size of an x with ones and zeros. */
  readonly mask: Tensor
  /** The size of an x, zeros. */
  readonly nothing: Tensor
  /** [100] */
  readonly row: Tensor
  /** [100, 100] */
  readonly table: Tensor
  /** [rows], from 0 to 99. */
  readonly labels: Tensor
  /** [rows], the numbers of all rows, mixed. */
  readonly order: Tensor
  /** [images, 25, 25, 4], of the size of an x. */
  readonly images: Tensor
  /** [3, 3, 4, 8] */
  readonly filters: Tensor
}

type Loop = (inputs: Inputs) => Tensor

const rowwise = { axis: 1 } as const

/** Operations that have a gradient, on inputs that all want theirs. Some part of each has no SIMD form. */
const differentiable: Readonly<Record<string, Loop>> = {
  avgPool2d: ({ images }) => core.avgPool2d(images, 2),
  batchNormInference: ({ x, row }) => core.batchNormInference(x, row, row, row, row),
  booleanMask: ({ x, mask }) => core.booleanMask(x, mask),
  broadcastTo: ({ x, row }) => core.broadcastTo(row, x.shape),
  ceil: ({ x }) => core.ceil(x),
  concat: ({ top, bottom }) => core.concat([top, bottom], 0),
  conv2d: ({ images, filters }) => core.conv2d(images, filters),
  cos: ({ x }) => core.cos(x),
  embedding: ({ table, labels }) => core.embedding(table, labels),
  expm1: ({ x }) => core.expm1(x),
  floor: ({ x }) => core.floor(x),
  log1p: ({ x }) => core.log1p(x),
  logSumExp: ({ x }) => core.logSumExp(x, rowwise),
  max: ({ x }) => core.max(x, rowwise),
  maxPool2d: ({ images }) => core.maxPool2d(images, 2),
  min: ({ x }) => core.min(x, rowwise),
  pad: ({ images }) =>
    core.pad(images, [
      [0, 0],
      [1, 1],
      [1, 1],
      [0, 0],
    ]),
  pow: ({ x, y }) => core.pow(x, y),
  prod: ({ x }) => core.prod(x, rowwise),
  reciprocal: ({ x }) => core.reciprocal(x),
  repeat: ({ top }) => core.repeat(top, 2),
  reverse: ({ x }) => core.reverse(x, 1),
  round: ({ x }) => core.round(x),
  rsqrt: ({ x }) => core.rsqrt(x),
  sign: ({ x }) => core.sign(x),
  sin: ({ x }) => core.sin(x),
  slice: ({ x }) => core.slice(x, [null, 1], [null, -1]),
  stack: ({ top, bottom }) => core.stack([top, bottom]),
  std: ({ x }) => core.std(x, rowwise),
  take: ({ x, order }) => core.take(x, order),
  tile: ({ top }) => core.tile(top, [2, 1]),
  transpose: ({ x }) => core.transpose(x),
  variance: ({ x }) => core.variance(x, rowwise),
  where: ({ x, y, mask }) => core.where(mask, x, y),
}

/** Operations without one. */
const others: Readonly<Record<string, Loop>> = {
  all: ({ x }) => core.all(x, rowwise),
  any: ({ nothing }) => core.any(nothing, rowwise),
  argMax: ({ x }) => core.argMax(x, rowwise),
  argMin: ({ x }) => core.argMin(x, rowwise),
  equal: ({ x, y }) => core.equal(x, y),
  greater: ({ x, y }) => core.greater(x, y),
  greaterEqual: ({ x, y }) => core.greaterEqual(x, y),
  isfinite: ({ x }) => core.isfinite(x),
  isnan: ({ x }) => core.isnan(x),
  less: ({ x, y }) => core.less(x, y),
  lessEqual: ({ x, y }) => core.lessEqual(x, y),
  logicalAnd: ({ x, mask }) => core.logicalAnd(x, mask),
  logicalNot: ({ x }) => core.logicalNot(x),
  logicalOr: ({ x, mask }) => core.logicalOr(x, mask),
  notEqual: ({ x, y }) => core.notEqual(x, y),
  oneHot: ({ labels }) => core.oneHot(labels, 100),
  randomNormal: ({ x }) => core.randomNormal(x.shape),
}

/** A public operation whose forward or gradient is a plain loop. */
export interface PlainLoop {
  readonly name: string
  readonly run: Loop
  readonly hasGradient: boolean
}

const named = (table: Readonly<Record<string, Loop>>, hasGradient: boolean): PlainLoop[] =>
  Object.entries(table).map(([name, run]) => ({ name, run, hasGradient }))

export const plainLoops: readonly PlainLoop[] = [...named(differentiable, true), ...named(others, false)]

/** A few of them, for a quick look. */
export const fewPlainLoops = plainLoops.filter(({ name }) => ["max", "maxPool2d", "transpose", "less"].includes(name))

/** Inputs of so many numbers, a multiple of 5,000. */
export function inputsOf(size: number): Inputs {
  const rows = size / 100
  const made = (shape: readonly number[], value: (i: number) => number, requiresGrad = true): Tensor =>
    core.tensor(
      Float32Array.from({ length: core.sizeOf(shape) }, (_, i) => value(i)),
      shape,
      { requiresGrad },
    )
  const share = (step: number) => (i: number) => 0.01 + ((i * step) % 1009) / 1009
  return {
    x: made([rows, 100], share(7919)),
    y: made([rows, 100], share(613)),
    top: made([rows / 2, 100], share(7919)),
    bottom: made([rows / 2, 100], share(613)),
    mask: made([rows, 100], i => ((i * 7919) % 1009) % 2, false),
    nothing: made([rows, 100], () => 0, false),
    row: made([100], share(613)),
    table: made([100, 100], share(613)),
    labels: made([rows], i => (i * 7919) % 100, false),
    order: made([rows], i => (i * 7919) % rows, false),
    images: made([size / 2500, 25, 25, 4], share(7919)),
    filters: made([3, 3, 4, 8], share(613)),
  }
}
