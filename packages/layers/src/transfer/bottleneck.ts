import {
  checkKeys,
  checkNumber,
  isTensor,
  noGrad,
  OptionError,
  ShapeError,
  sizeOf,
  slice,
  type Tensor,
  tensor,
} from "@selvedge/core"
import type { Inputs, Layer, Symbolic } from "../layer.ts"
import { InputLayer, input } from "../layers/input.ts"
import { Model } from "../models/model.ts"
import { Sequential } from "../models/sequential.ts"
import type { DataShape } from "../shapes.ts"
import { layerOf } from "./freeze.ts"

/** What `bottleneck` may be told. */
export interface BottleneckOptions {
  /** Samples at a time. Default 256. */
  readonly batchSize?: number
}

/** What is left of a model above a bottleneck, and what comes through it. */
export interface Bottleneck {
  /** The layers above, shared with the model: training the head trains the model. */
  readonly head: Model
  /** The bottleneck's output for every sample. */
  readonly data: Tensor
}

/**
 * Runs the lower part of a model, up to and including `layer`, once over all samples, in inference mode as frozen
 * layers do, and gives the upper part with its data: many times cheaper to train than the whole.
 *
 *     freezeUpTo(model, "dense_3")
 *     const { head, data } = bottleneck(model, "dense_3", x)
 *     await compile(head, { ... }).fit(data, y)
 *
 * Dropout below the bottleneck does not act, while in a frozen layer of the whole model it would.
 * @throws OptionError when there is no such layer, or the upper part does not depend on it alone.
 */
export function bottleneck(
  model: Model,
  layer: string | Layer,
  data: Inputs,
  options: BottleneckOptions = {},
): Bottleneck {
  checkKeys("bottleneck", options, ["batchSize"])
  const batchSize = checkNumber("bottleneck", "batchSize", options.batchSize ?? 256, { min: 1, integer: true })
  const inputs: readonly Tensor[] = isTensor(data) ? [data] : Array.isArray(data) ? data : []
  if (inputs.length === 0 || !inputs.every(x => isTensor(x) && x.rank > 0)) {
    throw new OptionError("bottleneck: data must be a tensor with a batch axis, or a list of them for several inputs")
  }
  const last = layerOf(model, layer)
  if (!model.built) model.ensureBuilt(inputs.length === 1 ? openBatch(inputs[0]) : inputs.map(openBatch))
  const { body, head } = model instanceof Sequential ? splitSequential(model, last) : splitGraph(model, last)
  return { head, data: runInBatches(body, inputs, batchSize) }
}

interface Split {
  readonly body: Model
  readonly head: Model
}

function splitSequential(model: Sequential, last: Layer): Split {
  const { layers, builtShape } = model
  const end = layers.indexOf(last) + 1
  if (end === layers.length) throw new OptionError(`bottleneck: nothing is left above "${last.name}"`)
  const body = new Sequential(layers.slice(0, end))
  body.ensureBuilt(builtShape ?? [])
  const head = new Sequential(layers.slice(end))
  head.ensureBuilt(body.computeOutputShape(builtShape ?? []))
  return { body, head }
}

function splitGraph(model: Model, last: Layer): Split {
  const { ends, nodes, inputs } = model
  const cut = nodes?.find(node => node.layer === last)?.outputs[0]
  if (!ends || !nodes || !cut) throw new OptionError(`bottleneck: ${model.name} is neither Sequential nor functional`)
  const begin = input({ batchShape: cut.shape })
  const copies = new Map<Symbolic, Symbolic>([[cut, begin]])
  for (const node of nodes) {
    const known = node.inputs.map(x => copies.get(x))
    if (node.layer instanceof InputLayer || node.layer === last || !known.some(Boolean)) continue
    const args = known.map((copy, i) => copy ?? missing(node.inputs[i]))
    const [first] = args
    node.layer.applyAll(node.list || !first ? args : first).forEach((y, i) => {
      const output = node.outputs[i]
      if (output) copies.set(output, y)
    })
  }
  const copyOf = (x: Symbolic) => copies.get(x) ?? missing(x)
  const outputs = Array.isArray(ends.outputs) ? model.outputs.map(copyOf) : copyOf(model.outputs[0] ?? cut)
  return {
    body: new Model({ inputs: inputs.length === 1 ? (inputs[0] ?? []) : inputs, outputs: cut }),
    head: new Model({ inputs: begin, outputs }),
  }
}

function missing(x: Symbolic | undefined): never {
  throw new OptionError(`bottleneck: the upper part also needs the output of "${x?.node.layer.name}"`, {
    hint: "choose a layer through which everything above it goes",
  })
}

function openBatch(x: Tensor | undefined): DataShape {
  return [null, ...(x?.shape.slice(1) ?? [])]
}

function runInBatches(body: Model, inputs: readonly Tensor[], batchSize: number): Tensor {
  const counts = inputs.map(x => x.shape[0] ?? 0)
  const [count = 0] = counts
  if (counts.some(other => other !== count)) {
    throw new ShapeError("bottleneck: the inputs do not have equally many samples", {
      facts: { samples: counts.join(", ") },
    })
  }
  let out: Float32Array | null = null
  let sample: readonly number[] = []
  for (let from = 0; from < count; from += batchSize) {
    const parts = inputs.map(x => slice(x, [from], [Math.min(count, from + batchSize)]))
    const [only] = parts
    const y = noGrad(() => body.apply(only && parts.length === 1 ? only : parts, { training: false }))
    sample = y.shape.slice(1)
    out ??= new Float32Array(count * sizeOf(sample))
    out.set(y.read(), from * sizeOf(sample))
  }
  if (out === null) throw new ShapeError("bottleneck: there are no samples", { facts: { samples: count } })
  return tensor(out, [count, ...sample])
}
