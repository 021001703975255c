import {
  describe,
  isTensor,
  OptionError,
  SelvedgeError,
  type Shape,
  ShapeError,
  sameShape,
  type Tensor,
  type TensorLike,
  tensor,
} from "@selvedge/core"
import { isRecord } from "./config.ts"
import type { Weight } from "./weight.ts"

/** Values for a weight: a typed array, `{ shape, data }`, nested arrays, a number or a tensor. */
export type WeightValues = Tensor | TensorLike | { readonly shape: Shape; readonly data: ArrayLike<number> }

/**
 * The numbers for each weight, checked before anything is written.
 * @throws OptionError for another count of arrays, ShapeError naming the first weight that does not fit.
 */
export function checkValues(
  owner: string,
  weights: readonly Weight[],
  values: readonly WeightValues[],
): ArrayLike<number>[] {
  if (!Array.isArray(values)) {
    throw new OptionError(`${owner}: setWeights takes a list of arrays, got ${describe(values)}`)
  }
  if (values.length !== weights.length) {
    const missing = weights[values.length]
    throw new OptionError(`${owner}: has ${weights.length} weights, got ${values.length} arrays`, {
      facts: missing
        ? { "first without": `${missing.name} [${missing.shape.join(", ")}]` }
        : { weights: weights.map(w => w.key).join(", ") || "(none)" },
      ...(weights.length === 0 ? { hint: "build(inputShape) makes the weights, or the first call" } : {}),
    })
  }
  return weights.map((weight, i) => numbersFor(owner, weight, values[i], i))
}

function numbersFor(owner: string, weight: Weight, value: WeightValues | undefined, index: number): ArrayLike<number> {
  const [numbers, shape] = unpack(owner, weight, value)
  if (shape === null ? numbers.length === weight.size : sameShape(shape, weight.shape)) return numbers
  throw new ShapeError(`${owner}: weight ${index}, "${weight.name}", does not fit`, {
    facts: { expected: weight.shape, got: shape ?? [numbers.length] },
    rule: "a weight keeps its shape; nothing was changed",
  })
}

/** Its numbers, and the shape they claim: null for a flat typed array, which claims none. */
function unpack(owner: string, weight: Weight, value: WeightValues | undefined): [ArrayLike<number>, Shape | null] {
  if (isTensor(value)) return [value.read(), value.shape]
  if (ArrayBuffer.isView(value) && "length" in value) return [value as ArrayLike<number>, null]
  if (isRecord(value) && Array.isArray(value.shape) && "data" in value) {
    const x = named(weight, () => tensor(value.data as TensorLike, value.shape as Shape))
    return [x.read(), x.shape]
  }
  if (typeof value === "number" || Array.isArray(value)) {
    const x = named(weight, () => tensor(value))
    return [x.read(), x.shape]
  }
  throw new OptionError(`${owner}: the values for "${weight.name}" are ${describe(value)}`, {
    rule: "a typed array, { shape, data }, nested arrays or a tensor",
  })
}

/** Runs `fn`, and says in its error which weight the values are for. */
function named<T>(weight: Weight, fn: () => T): T {
  try {
    return fn()
  } catch (error) {
    throw error instanceof SelvedgeError ? error.within(`the values for "${weight.name}"`) : error
  }
}
