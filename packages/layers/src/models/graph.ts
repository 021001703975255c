import { describe, isTensor, OptionError, type Tensor } from "@selvedge/core"
import { isRecord } from "../config.ts"
import { serializeObject } from "../configurable.ts"
import { between, type Node, SymbolicTensor } from "../graph.ts"
import type { CallOptions, Layer, Symbolic } from "../layer.ts"
import { InputLayer } from "../layers/input.ts"
import { asShapeList, type DataShape, type DataShapes } from "../shapes.ts"

/** One side of a functional model: a tensor, a list, or an object of tensors by name. */
export type End = Symbolic | readonly Symbolic[] | Readonly<Record<string, Symbolic>>

/** A side taken apart. Tensors by name stand in the order of their sorted keys, which is Keras's. */
interface Given {
  readonly form: "one" | "list" | "names"
  readonly keys: readonly string[]
  readonly tensors: readonly Symbolic[]
}

/** @throws OptionError for anything but a symbolic tensor, or a list or an object of them; tells which it was. */
export function checkInputs(owner: string, name: string, value: unknown): Given {
  const form = Array.isArray(value) ? "list" : isRecord(value) && !(value instanceof SymbolicTensor) ? "names" : "one"
  const keys = isRecord(value) && form === "names" ? Object.keys(value).sort() : []
  const all: unknown[] = Array.isArray(value)
    ? value
    : isRecord(value) && form === "names"
      ? keys.map(key => value[key])
      : [value]
  const tensors = all.filter((x): x is Symbolic => x instanceof SymbolicTensor)
  if (tensors.length === all.length && all.length > 0) return { form, keys, tensors }
  throw new OptionError(`${owner}: ${name} must be symbolic tensors, got ${describe(value)}`, {
    hint: "begin with input({ shape }) and apply layers to it",
  })
}

/** The names of a side's tensors: those under which they were given, else those of the layers that they come out of. */
function namesOf({ form, keys, tensors }: Given): readonly string[] {
  return form === "names" ? keys : tensors.map(x => x.node.layer.name)
}

/** A value per tensor of a side in the form in which the side was given. */
function inForm<T>({ form, keys }: Given, values: readonly T[]): T | readonly T[] | Readonly<Record<string, T>> {
  const [first] = values
  if (form === "names") return Object.fromEntries(keys.map((key, i) => [key, values[i]!]))
  return form === "list" || first === undefined ? values : first
}

/** What a functional model is made from: its inputs and outputs. */
export interface Ends {
  readonly inputs: End
  readonly outputs: End
}

/** The applications of layers between a model's inputs and outputs. */
export class Graph {
  readonly inputs: readonly Symbolic[]
  readonly outputs: readonly Symbolic[]
  readonly nodes: readonly Node<Layer>[]
  readonly layers: Layer[]
  readonly #in: Given
  readonly #out: Given
  readonly #owner: string

  /** @throws OptionError when an output depends on an input that is not given. */
  constructor(owner: string, inputs: Given, outputs: Given) {
    this.#owner = owner
    this.inputs = inputs.tensors
    this.outputs = outputs.tensors
    this.#in = inputs
    this.#out = outputs
    if (new Set(this.inputs).size < this.inputs.length) {
      throw new OptionError(`${owner}: an input is given twice`, { rule: "each input is named once" })
    }
    const { nodes, met } = between(this.inputs, this.outputs)
    const given = this.inputs.map(x => x.node)
    const missing = nodes.find(node => node.layer instanceof InputLayer && !given.includes(node))
    if (missing) {
      throw new OptionError(`${owner}: its outputs depend on the input "${missing.layer.name}", which is not given`, {
        facts: { inputs: given.map(node => node.layer.name).join(", ") },
      })
    }
    const unused = given.filter(node => node.layer instanceof InputLayer && !nodes.includes(node))
    this.nodes = [...unused, ...nodes]
    this.layers = inOrder(this.nodes, met)
    checkNames(owner, this.layers)
  }

  /** Its inputs and outputs as they were given. */
  get ends(): Ends {
    return { inputs: inForm(this.#in, this.inputs), outputs: inForm(this.#out, this.outputs) }
  }

  /** The names of its inputs. */
  get inputNames(): readonly string[] {
    return namesOf(this.#in)
  }

  /** The names of its outputs. */
  get outputNames(): readonly string[] {
    return namesOf(this.#out)
  }

  /** The shapes it was made for. */
  get inputShape(): DataShapes {
    const shapes = this.inputs.map(x => x.shape)
    return this.#in.form !== "one" || !shapes[0] ? shapes : shapes[0]
  }

  /** Computes the outputs, every application once. */
  run(xs: readonly Tensor[], options: CallOptions): Tensor | Tensor[] {
    this.#checkCount(xs.length)
    const values = new Map<Symbolic, Tensor>()
    this.inputs.forEach((input, i) => {
      const x = xs[i]
      const { layer } = input.node
      if (x) values.set(input, layer instanceof InputLayer ? layer.call(x) : x)
    })
    for (const node of this.nodes) {
      if (node.layer instanceof InputLayer) continue
      const args = node.inputs.map(input => computed(values, input))
      const [first] = args
      const training = node.training ?? options.training ?? null
      const ys = node.layer.applyAll(node.list || !first ? args : first, { training })
      ys.forEach((y, i) => {
        const output = node.outputs[i]
        if (output) values.set(output, y)
      })
    }
    return this.#pack(this.outputs.map(output => computed(values, output)))
  }

  /** The shapes of the outputs for inputs of these shapes. */
  outputShape(inputShape: DataShapes): DataShapes {
    const given = asShapeList(inputShape)
    this.#checkCount(given.length)
    const shapes = new Map<Symbolic, DataShape>()
    this.inputs.forEach((input, i) => {
      shapes.set(input, given[i] ?? input.shape)
    })
    for (const node of this.nodes) {
      if (node.layer instanceof InputLayer) continue
      const args = node.inputs.map(input => shapes.get(input) ?? input.shape)
      const [first] = args
      const shape = node.list || !first ? args : first
      node.layer.checkFits(shape)
      asShapeList(node.layer.computeOutputShape(shape)).forEach((shape, i) => {
        const output = node.outputs[i]
        if (output) shapes.set(output, shape)
      })
    }
    return this.#pack(this.outputs.map(output => shapes.get(output) ?? output.shape))
  }

  #pack<T>(values: T[]): T | T[] {
    const [first] = values
    return this.#out.form !== "one" || first === undefined ? values : first
  }

  #checkCount(count: number): void {
    if (count === this.inputs.length) return
    const names = this.inputs.map(x => x.node.layer.name).join(", ")
    throw new OptionError(`${this.#owner}: takes ${this.inputs.length} inputs (${names}), got ${count}`)
  }

  /** Keras's form: each layer with the nodes that feed it. */
  getConfig(): Record<string, unknown> {
    const position = new Map<Node<Layer>, number>()
    // An input that another layer computes is, in a config, an input of its own.
    const entries = new Map<Symbolic, InputLayer>()
    for (const x of this.inputs) {
      if (!(x.node.layer instanceof InputLayer)) entries.set(x, new InputLayer({ batchShape: x.shape }))
    }
    const perLayer = new Map<Layer, Node<Layer>[]>([...entries.values()].map(entry => [entry, []]))
    for (const layer of this.layers) {
      const own = this.nodes.filter(node => node.layer === layer).sort((a, b) => a.index - b.index)
      own.forEach((node, i) => {
        position.set(node, i)
      })
      perLayer.set(layer, own)
    }
    const history = (x: Symbolic) => {
      const entry = entries.get(x)
      return entry ? [entry.name, 0, 0] : [x.node.layer.name, position.get(x.node) ?? 0, x.index]
    }
    const layers = [...perLayer].map(([layer, nodes]) => ({
      ...serializeObject(layer),
      name: layer.name,
      inbound_nodes: layer instanceof InputLayer ? [] : nodes.map(node => inboundNode(node, history)),
    }))
    const ends = (given: Given) => inForm(given, given.tensors.map(history))
    return { layers, input_layers: ends(this.#in), output_layers: ends(this.#out) }
  }
}

function inboundNode(node: Node<Layer>, history: (x: Symbolic) => unknown): unknown {
  const args = node.inputs.map(x => ({
    class_name: "__keras_tensor__",
    config: { shape: x.shape, dtype: "float32", keras_history: history(x) },
  }))
  const kwargs = node.training === null ? {} : { training: node.training }
  return { args: node.list ? [args] : args, kwargs }
}

/** Keras's order of layers: by depth from the outputs, deepest first, and among equals as the walk met them. */
function inOrder(nodes: readonly Node<Layer>[], met: ReadonlyMap<Layer, number>): Layer[] {
  const ofNode = new Map<Node<Layer>, number>()
  const depths = new Map<Layer, number>()
  for (const node of [...nodes].reverse()) {
    const depth = Math.max(ofNode.get(node) ?? 0, depths.get(node.layer) ?? 0)
    depths.set(node.layer, depth)
    for (const { node: from } of node.inputs) ofNode.set(from, Math.max(ofNode.get(from) ?? 0, depth + 1))
  }
  const position = (layer: Layer) => met.get(layer) ?? -1
  return [...depths.keys()].sort((a, b) => (depths.get(b) ?? 0) - (depths.get(a) ?? 0) || position(a) - position(b))
}

function computed(values: ReadonlyMap<Symbolic, Tensor>, x: Symbolic): Tensor {
  const value = values.get(x)
  if (value && isTensor(value)) return value
  throw new OptionError(`graph: "${x.node.layer.name}" has no value`)
}

function checkNames(owner: string, layers: readonly Layer[]): void {
  const names = layers.map(layer => layer.name)
  const twice = names.find((name, i) => names.indexOf(name) !== i)
  if (twice === undefined) return
  throw new OptionError(`${owner}: two layers are called "${twice}"`, { rule: "names are unique within a model" })
}
