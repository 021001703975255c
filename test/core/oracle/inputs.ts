import { alloc, sizeOf, stream, type Tensor, tensor } from "@selvedge/core"

/** An input of an oracle case: exact float32 numbers. */
export interface Input {
  readonly shape: readonly number[]
  readonly values: readonly number[]
  /** Labels, masks, indices: takes no gradient. */
  readonly fixed?: boolean
}

/** One way of calling an op. */
export interface Case {
  readonly name: string
  readonly inputs: readonly Input[]
  readonly run: (...xs: Tensor[]) => Tensor
}

/** One exported op. */
export interface Row {
  readonly op: string
  readonly cases: readonly Case[]
  /** Calls that must stay finite, forward and gradient, at 0, -0, 1e-30, 88, 100, 1e4 and their negatives. */
  readonly extremes?: (x: Tensor) => Tensor
  /** The gradient is zero by definition: there is nothing to sabotage. */
  readonly flat?: boolean
}

/** An op without a gradient: why, and a check of its values instead. */
export interface Exempt {
  readonly op: string
  readonly reason: string
  readonly check: () => void
}

let drawn = 0

/** Normal numbers, none nearer to 0 than 0.05: differences must not cross a kink. */
export function normal(...shape: number[]): Input {
  const values = stream(2024, "oracle", "normal", drawn++).normal(new Float32Array(sizeOf(shape)))
  return { shape, values: [...values].map(x => Math.fround(x + Math.sign(x) * 0.05)) }
}

/** Numbers from 0.5 to 2. */
export function positive(...shape: number[]): Input {
  const values = stream(2024, "oracle", "positive", drawn++).uniform(new Float32Array(sizeOf(shape)))
  return { shape, values: [...values].map(x => Math.fround(0.5 + 1.5 * x)) }
}

/** Numbers in random order, no two nearer than 0.1: for what chooses the largest. */
export function distinct(...shape: number[]): Input {
  const order = stream(2024, "oracle", "distinct", drawn++).permutation(sizeOf(shape))
  return { shape, values: [...order].map(i => Math.fround(0.1 * i - 0.05 * order.length + 0.03)) }
}

/** Given numbers that take no gradient. */
export function fixed(shape: readonly number[], values: readonly number[]): Input {
  return { shape, values, fixed: true }
}

/** Given numbers. */
export function given(shape: readonly number[], values: readonly number[]): Input {
  return { shape, values }
}

/** The input as a tensor, wanting a gradient or not. */
export function make(input: Input, requiresGrad: boolean, name = ""): Tensor {
  return tensor(input.values, input.shape, { requiresGrad, name })
}

/** The same normal cotangent for an output of any precision. */
export function cotangentFor(y: Tensor): Tensor {
  const values = stream(2024, "oracle", "cotangent").normal(alloc(y.size))
  return tensor(values, y.shape)
}

/** A case of one input, named by its shape. */
export function on(x: Input, run: (x: Tensor) => Tensor, name = ""): Case {
  return { name: `${name} [${x.shape.join(", ")}]`.trim(), inputs: [x], run }
}

/** The broadcasts that every binary op must get right. */
export function broadcasts(
  run: (a: Tensor, b: Tensor) => Tensor,
  a: (...shape: number[]) => Input,
  b: (...shape: number[]) => Input = a,
): Case[] {
  const pairs: [number[], number[]][] = [
    [
      [2, 3],
      [2, 3],
    ],
    [[2, 3], [3]],
    [[3], [2, 3]],
    [[2, 3], []],
    [[], [2, 3]],
    [
      [2, 1, 3],
      [4, 1],
    ],
    [
      [4, 1],
      [1, 5],
    ],
    [
      [2, 3],
      [1, 3],
    ],
    [[1], [1]],
    [
      [20, 13],
      [20, 13],
    ],
    [[20, 13], [13]],
  ]
  return pairs.map(([s, t]) => ({
    name: `[${s.join(", ")}] with [${t.join(", ")}]`,
    inputs: [a(...s), b(...t)],
    run,
  }))
}
