import { type Buffer, isTensor, OptionError, ShapeError, sizeOf, type Tensor, tensor } from "@selvedge/core"

/** The numbers that one update shares over all weights. */
export interface Step {
  readonly learningRate: number
  /** Which update this is, counted from 1. */
  readonly t: number
}

/** A kind of state that an optimizer keeps beside each weight. */
export interface SlotKind {
  readonly name: string
  readonly initial?: number
  /** Its shape for a weight of that shape; the same when left out. */
  readonly shape?: (weight: readonly number[]) => readonly number[]
}

/** A gradient: as a tensor, or as bare numbers in row-major order. */
export type Gradient = Tensor | ArrayLike<number>

/** A gradient's numbers in a buffer that kernels take. */
export function numbersOf(gradient: Gradient): Buffer {
  if (isTensor(gradient)) return gradient.read()
  return gradient instanceof Float32Array || gradient instanceof Float64Array ? gradient : Float32Array.from(gradient)
}

/** The numbers that a checkpoint keeps beside the variables: they are doubles. */
export interface OptimizerState {
  /** Calls of `apply`. */
  readonly calls: number
  /** The rate; null when a schedule gives it. */
  readonly learningRate: number | null
  readonly scalars: Readonly<Record<string, number>>
  /** Options that were changed while training. */
  readonly settings: Readonly<Record<string, number>>
}

/** A slot of a weight with its first values. */
export function newSlot(weight: Tensor, kind: SlotKind): Tensor {
  const shape = kind.shape?.(weight.shape) ?? weight.shape
  const values = new Float32Array(sizeOf(shape)).fill(kind.initial ?? 0)
  return tensor(values, shape, { name: `${slotPrefix(weight)}_${kind.name}` })
}

/** A weight's path as Keras builds it into the names of slots. */
export const slotPrefix = (w: Tensor) => w.name.replace(/[/:]/g, "_")

/** @throws OptionError for another count, ShapeError when a gradient has not as many numbers as its weight. */
export function checkGradients(owner: string, gradients: readonly Gradient[], weights: readonly Tensor[]): void {
  if (gradients.length !== weights.length) {
    throw new OptionError(`${owner}: ${gradients.length} gradients for ${weights.length} weights`)
  }
  weights.forEach((w, i) => {
    const g = gradients[i]!
    const size = isTensor(g) ? g.size : g.length
    if (size === w.size) return
    throw new ShapeError(`${owner}: the gradient of "${w.name}" has ${size} numbers`, {
      facts: { weight: w.shape, gradient: isTensor(g) ? g.shape : [g.length] },
      rule: "a gradient has its weight's shape",
    })
  })
}
