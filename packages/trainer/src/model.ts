import type { Tensor } from "@selvedge/core"
import { type DataShape, type DataShapes, type Layer, layerIds, Model } from "@selvedge/layers"

/** What a trainer trains: a model, or any layer. */
export type TrainableModel = Layer

/** The names of its inputs. */
export function inputNames(model: TrainableModel): readonly string[] {
  const names = model instanceof Model ? model.inputNames : []
  return names.length > 0 ? names : ["input"]
}

/** The names of its outputs. */
export function outputNames(model: TrainableModel): readonly string[] {
  const names = model instanceof Model ? model.outputNames : []
  return names.length > 0 ? names : ["output"]
}

/** Runs the model on one tensor per input, giving one per output. */
export function callModel(model: TrainableModel, inputs: readonly Tensor[], training: boolean): Tensor[] {
  const [only] = inputs
  return only && inputs.length === 1 ? model.applyAll(only, { training }) : model.applyAll(inputs, { training })
}

/** Builds the model for examples of these shapes unless it is built. */
export function buildModel(model: TrainableModel, examples: readonly DataShape[]): void {
  const open = examples.map(shape => [null, ...shape])
  model.ensureBuilt(open.length === 1 && open[0] ? open[0] : open)
}

/** The shapes of a built model's inputs and outputs, the batch left out. */
export function exampleShapes(model: TrainableModel): { inputs: readonly DataShape[]; outputs: readonly DataShape[] } {
  const built = model.builtShape
  if (built === null) return { inputs: [], outputs: [] }
  const outputs = model.computeOutputShape(built)
  return { inputs: listOf(built).map(inner), outputs: listOf(outputs).map(inner) }
}

const inner = (shape: DataShape) => shape.slice(1)
const isList = (shape: DataShapes): shape is readonly DataShape[] => Array.isArray(shape[0])
const listOf = (shape: DataShapes): readonly DataShape[] => (isList(shape) ? shape : [shape])

/** The id of each layer in streams of random numbers. */
export const randomIds = (model: TrainableModel): ReadonlyMap<object, string> => layerIds(model)
