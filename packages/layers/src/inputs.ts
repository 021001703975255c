import { checkBoolean, checkKeys, describe, div, isTensor, OptionError, type Tensor } from "@selvedge/core"
import { SymbolicTensor } from "./graph.ts"
import { addLoss } from "./losses.ts"
import type { Regularizer } from "./regularizers/index.ts"
import { penaltyOn } from "./regularizers/regularizer.ts"
import { checkDims, type DataShape, type DataShapes, withOpenBatch } from "./shapes.ts"

/** @throws OptionError for a name that is not a non-empty text without "/"; null for none given. */
export function checkName(owner: string, name: unknown): string | null {
  if (name === undefined || name === null) return null
  if (typeof name === "string" && name !== "" && !name.includes("/")) return name
  throw new OptionError(`${owner}: name must be a text without "/", got ${describe(name)}`)
}

/** The shape of a batch that a layer's options give, or null. */
export function givenShape(
  owner: string,
  options: { readonly inputShape?: DataShape | null; readonly batchInputShape?: DataShape | null },
): DataShape | null {
  const { inputShape, batchInputShape } = options
  if (batchInputShape) return checkDims(owner, "batchInputShape", batchInputShape, true)
  return inputShape ? [null, ...checkDims(owner, "inputShape", inputShape, true)] : null
}

/** True for a symbolic tensor or a list of them. */
export function isSymbolicInput<L>(
  x: SymbolicTensor<L> | readonly SymbolicTensor<L>[] | Tensor | readonly Tensor[],
): x is SymbolicTensor<L> | readonly SymbolicTensor<L>[] {
  return x instanceof SymbolicTensor || (Array.isArray(x) && x.length > 0 && x.every(e => e instanceof SymbolicTensor))
}

/**
 * The shapes that a layer is built with for these tensors: the batch is left open.
 * @throws OptionError for anything but tensors.
 */
export function shapesOf(owner: string, x: Tensor | readonly Tensor[]): DataShapes {
  if (isTensor(x)) return withOpenBatch(x.shape)
  if (Array.isArray(x) && x.length > 0 && x.every(isTensor)) return x.map(input => withOpenBatch(input.shape))
  throw new OptionError(`${owner}: takes a tensor or a list of tensors, got ${describe(x)}`, {
    hint: "make one with tensor(values), or let predict do it",
  })
}

/**
 * What a layer's `call` gave, if it is a tensor or a list of them.
 * @throws OptionError for anything else.
 */
export function checkOutput(owner: string, y: unknown): Tensor | Tensor[] {
  if (isTensor(y) || (Array.isArray(y) && y.length > 0 && y.every(isTensor))) return y
  const hint = y instanceof Promise ? { hint: "call is synchronous: take async away" } : {}
  throw new OptionError(`${owner}: call must return a tensor or a list of tensors, got ${describe(y)}`, hint)
}

/** @throws OptionError for an unknown option of a call, or `training` other than true or false. */
export function checkCall(owner: string, options: { readonly training?: unknown }): void {
  const { training = null } = options
  if (training !== null) checkBoolean(owner, "training", training)
  for (const key in options) if (key !== "training") checkKeys(owner, options, ["training"])
}

/** Adds an activity regularizer's penalty on each output, divided by the size of the batch, to the running loss. */
export function penalise(regularizer: Regularizer, y: Tensor | readonly Tensor[]): void {
  for (const output of isTensor(y) ? [y] : y) {
    addLoss(div(penaltyOn("the output", regularizer, output), Math.max(1, output.shape[0] ?? 1)))
  }
}
