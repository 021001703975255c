import { checkKeys, FormatError, OptionError } from "@selvedge/core"
import { InputLayer, type Layer, Model, Sequential, type Symbolic } from "@selvedge/layers"
import { writeFileAtomic } from "../atomic.ts"
import { GraphBuilder } from "./builder.ts"
import { exportLayer } from "./layers.ts"
import { encodeModel, type OnnxValue } from "./proto.ts"

/** The operator set that exports use. onnxruntime has it since 1.12. */
export const ONNX_OPSET = 17

/** How to export. */
export interface OnnxOptions {
  /** The model's name in the file; its own when absent. */
  name?: string
}

/**
 * A model as the bytes of an ONNX file, opset 17: what `predict` computes, with a free batch size. Layers that only act in
 * training are left out.
 *
 * @throws FormatError naming a layer or activation that cannot be exported, or a model that computes in code of its own;
 *   OptionError before the model is built.
 */
export function toOnnx(model: Model, options: OnnxOptions = {}): Uint8Array {
  checkKeys("toOnnx", options, ["name"])
  if (!model.built)
    throw new OptionError("toOnnx: the model has no weights yet", { hint: "call build(inputShape) first" })
  const b = new GraphBuilder()
  const inputs = inputsOf(model)
  const outputs = exportModel(
    b,
    model,
    inputs.map(value => value.name),
  )
  // An output may be an input, or occur twice: each gets a name of its own.
  const named = outputs.map(name => b.op("Identity", [name]))
  const shapes = shapesOf(model.computeOutputShape(model.builtShape ?? []))
  return encodeModel({
    opset: ONNX_OPSET,
    name: options.name ?? model.name,
    producer: "selvedge",
    version: "0.1.0",
    nodes: b.nodes,
    initializers: b.initializers,
    inputs,
    outputs: named.map((name, i) => ({ name, shape: shapes[i]!, type: "float" })),
  })
}

/** Writes `toOnnx` to a file, whole or not at all. */
export async function saveOnnx(model: Model, path: string | URL, options: OnnxOptions = {}): Promise<void> {
  await writeFileAtomic(path, toOnnx(model, options))
}

function inputsOf(model: Model): OnnxValue[] {
  const names = model.inputNames
  const shapes = shapesOf(model.builtShape ?? [])
  return shapes.map((shape, i) => ({
    name: names[i] ?? (shapes.length === 1 ? "input" : `input_${i}`),
    shape,
    type: "float",
  }))
}

function shapesOf(shape: readonly unknown[]): (number | string)[][] {
  const list = Array.isArray(shape[0]) ? (shape as (number | null)[][]) : [shape as (number | null)[]]
  return list.map(one => one.map((dim, axis) => dim ?? (axis === 0 ? "batch" : `axis_${axis}`)))
}

function exportModel(b: GraphBuilder, model: Model, inputs: readonly string[]): string[] {
  if (model instanceof Sequential) {
    let shape = model.builtShape ?? []
    let x = inputs[0]!
    for (const layer of model.layers) {
      x = exportAny(b, layer, [x], rankOf(shape))[0]!
      shape = layer.computeOutputShape(shape)
    }
    return [x]
  }
  if (model.outputs.length === 0) {
    throw new FormatError(`toOnnx: model "${model.name}" computes in code of its own`, {
      hint: "write it with input() and new Model({ inputs, outputs })",
    })
  }
  return exportGraph(b, model, inputs)
}

/** The applications between inputs and outputs, each once, with an explicit stack: a chain may be long. */
function exportGraph(b: GraphBuilder, model: Model, inputs: readonly string[]): string[] {
  const values = new Map<Symbolic, string>(model.inputs.map((x, i) => [x, inputs[i]!]))
  const stack = [...model.outputs]
  for (let y = stack.at(-1); y; y = stack.at(-1)) {
    const { node } = y
    const missing = node.inputs.find(x => !values.has(x))
    if (values.has(y)) stack.pop()
    else if (missing) stack.push(missing)
    else {
      const args = node.inputs.map(x => values.get(x)!)
      const made = exportAny(b, node.layer, args, node.inputs[0]?.shape.length ?? 0)
      node.outputs.forEach((output, i) => {
        values.set(output, made[i]!)
      })
    }
  }
  return model.outputs.map(y => values.get(y)!)
}

function exportAny(b: GraphBuilder, layer: Layer, inputs: readonly string[], rank: number): string[] {
  if (layer instanceof InputLayer) return [...inputs]
  if (layer instanceof Model) return b.within(layer.name, () => exportModel(b, layer, inputs))
  return [exportLayer(b, layer, inputs, rank)]
}

function rankOf(shape: readonly unknown[]): number {
  return Array.isArray(shape[0]) ? shape[0].length : shape.length
}
