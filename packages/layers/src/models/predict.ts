import {
  checkBoolean,
  checkKeys,
  checkNumber,
  concat,
  describe,
  fromNdarray,
  getSeed,
  isTensor,
  type NdarrayLike,
  noGrad,
  OptionError,
  Session,
  type Shape,
  ShapeError,
  slice,
  type Tensor,
  type TensorLike,
  tensor,
  withRandom,
} from "@selvedge/core"
import { isRecord } from "../config.ts"
import { layerIds } from "../ids.ts"
import { collectUpdates } from "../updates.ts"
import type { Model } from "./model.ts"

/** What a model's `predict` may be told. */
export interface PredictOptions {
  /** Examples at a time. Default 32. */
  readonly batchSize?: number
  /** Whether layers act as in training: dropout drops, batch normalisation takes the batch's statistics. Default false. */
  readonly training?: boolean
}

/** The examples of one input: a tensor, nested arrays, a typed array, `{ data, shape }` or an ndarray. */
export type Examples = Tensor | TensorLike | { readonly data: ArrayLike<number>; readonly shape: Shape } | NdarrayLike

/** For how long batches may run before timers and input get their turn, in milliseconds. */
const TURN = 50

/** The outputs of a model for all examples, batch by batch; see `Model.predict`. */
export async function predictAll(
  model: Model,
  x: Examples | readonly Examples[] | Readonly<Record<string, Examples>>,
  options: PredictOptions,
): Promise<Tensor | Tensor[]> {
  checkKeys("predict", options, ["batchSize", "training"])
  const batchSize = checkNumber("predict", "batchSize", options.batchSize ?? 32, { min: 1, integer: true })
  const training = checkBoolean("predict", "training", options.training ?? false)
  const inputs = inputsOf(model, x)
  const count = countOf(inputs)
  const session = new Session()
  const batches: Tensor[][] = []
  try {
    let since = performance.now()
    for (let from = 0; from < count; from += batchSize) {
      session.adopt(model.weights)
      const part = inputs.map(data => slice(data, [from], [Math.min(count, from + batchSize)]))
      batches.push(session.step(() => outputsOf(model, part, training)))
      if (performance.now() - since < TURN) continue
      await new Promise(resolve => setTimeout(resolve, 0))
      since = performance.now()
    }
  } finally {
    session.close()
  }
  const outputs = (batches[0] ?? []).map((_, i) =>
    concat(
      batches.flatMap(batch => batch[i] ?? []),
      0,
    ),
  )
  const [only] = outputs
  return only && outputs.length === 1 ? only : outputs
}

/** Copies of the outputs for one batch: what the model would learn from it, such as moving statistics, is dropped. */
function outputsOf(model: Model, inputs: readonly Tensor[], training: boolean): Tensor[] {
  const [only] = inputs
  const x = only && inputs.length === 1 ? only : inputs
  let ids: ReadonlyMap<object, string> | null = null
  // Asked for only when something is drawn, and then once.
  const idOf = (layer: object) => {
    ids ??= layerIds(model)
    return ids.get(layer)
  }
  const random = { seed: model.seed ?? getSeed(), purpose: "free", position: [], idOf }
  const run = () => collectUpdates(() => model.applyAll(x, { training })).value.map(y => y.clone())
  return withRandom(random, () => noGrad(run))
}

function inputsOf(model: Model, x: unknown): Tensor[] {
  const names = model.inputNames
  if (names.length < 2) return [asTensor("x", x)]
  const parts = Array.isArray(x) ? x : isRecord(x) ? names.map(name => x[name]) : []
  if (parts.length === names.length) return parts.map((part, i) => asTensor(`x["${names[i]}"]`, part))
  throw new OptionError(`predict: expects ${names.length} arrays, got ${describe(x)}`, {
    facts: { expected: names.join(", ") },
  })
}

function asTensor(name: string, x: unknown): Tensor {
  if (isTensor(x)) return x
  if (Array.isArray(x) || (ArrayBuffer.isView(x) && "length" in x)) return tensor(x as TensorLike)
  if (typeof x === "object" && x !== null && "stride" in x) return fromNdarray(x as NdarrayLike)
  if (isRecord(x) && Array.isArray(x.shape) && "data" in x) return tensor(x.data as TensorLike, x.shape)
  throw new OptionError(`predict: cannot read numbers from ${name}, which is ${describe(x)}`, {
    rule: "nested arrays, a typed array, { data, shape }, a tensor or an ndarray",
  })
}

function countOf(inputs: readonly Tensor[]): number {
  const counts = inputs.map(x => x.shape[0] ?? 0)
  const [count = 0] = counts
  if (count === 0) throw new ShapeError("predict: there are no examples", { facts: { x: inputs[0]?.shape ?? [] } })
  if (counts.every(other => other === count)) return count
  throw new ShapeError("predict: the inputs do not have equally many examples", {
    facts: { examples: counts.join(", ") },
  })
}
