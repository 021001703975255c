import { checkSeed, describe, getSeed, isTensor, nearest, OptionError, type Tensor } from "@selvedge/core"
import { type Config, optionsFromConfig } from "../config.ts"
import { nameOfClass } from "../configurable.ts"
import { type LayerClass, newLayer } from "../construct.ts"
import type { Node } from "../graph.ts"
import { layerIds } from "../ids.ts"
import { isInitialisationDeferred, nextOrdinal, withInitialisation } from "../initialisation.ts"
import { type CallOptions, type Inputs, Layer, type LayerOptions, type MakeLayer, type Symbolic } from "../layer.ts"
import { within } from "../scope.ts"
import type { DataShapes } from "../shapes.ts"
import { trialOutputShape } from "../trial.ts"
import { graphFromConfig } from "./fromConfig.ts"
import { checkInputs, type End, type Ends, Graph } from "./graph.ts"
import { type Examples, type PredictOptions, predictAll } from "./predict.ts"
import { type SummaryOptions, summarize } from "./summary.ts"
import { formatTree } from "./tree.ts"

/** Options of every model. */
export interface ModelOptions extends LayerOptions {
  /** Seed of the first values of its weights, and of the trainer unless it is given one. 0 is a seed. */
  readonly seed?: number | null
}

/** Options of a functional model. */
export interface FunctionalOptions extends ModelOptions {
  /** A tensor, a list, or an object of tensors by name: then data are given by these names. */
  readonly inputs: End
  readonly outputs: End
}

const models = {}

/**
 * A network of layers. Functional:
 *
 *     const x = input({ shape: [28, 28] })
 *     const y = new Dense(10, { activation: "softmax" }).apply(new Flatten().apply(x))
 *     const model = new Model({ inputs: x, outputs: y, seed: 42 })
 *
 * or by subclassing, with layers as properties and `call(x, { training })` applying them.
 * [Keras](https://keras.io/api/models/model/)
 */
export class Model extends Layer {
  static override readonly module: string = "keras.src.models.functional"
  static override readonly className: string = "Functional"

  /** Its own seed, or undefined. */
  readonly seed: number | undefined
  /** The layers between its inputs and outputs; null for a subclass that computes in `call`. */
  protected readonly graph: Graph | null
  #ordinal: number | null = null
  /** Whether it is being called for the first time, which builds what is inside. */
  #running = false

  /** @throws OptionError for an unknown option or tensors that are not connected. */
  constructor(options: FunctionalOptions | ModelOptions = {}, keys: readonly string[] = []) {
    const { inputs, outputs, seed, ...base } = { inputs: undefined, outputs: undefined, ...options }
    super(base, keys)
    const owner = nameOfClass(new.target)
    this.seed = seed === undefined || seed === null ? undefined : checkSeed(owner, seed)
    const functional = inputs !== undefined || outputs !== undefined
    this.graph = functional
      ? new Graph(this.name, checkInputs(owner, "inputs", inputs), checkInputs(owner, "outputs", outputs))
      : null
    if (this.graph) this.build(this.graph.inputShape)
  }

  /** The model that a config describes: a functional one, or a subclass from its own options. */
  static fromConfig(config: Config, make: MakeLayer, ofClass: LayerClass): Layer {
    const { layers, inputLayers, outputLayers, ...options } = optionsFromConfig("Functional", config)
    if (layers === undefined) return newLayer(ofClass, [options])
    return newLayer(ofClass, [{ ...options, ...graphFromConfig(config, make) }])
  }

  /** Builds the model and gives its weights their first values: a subclass by computing for a small batch of zeros. */
  override build(inputShape: DataShapes): void {
    if (!this.graph && !this.#running) within(this, null, () => trialOutputShape(this, inputShape))
    super.build(inputShape)
    this.initialiseWeights()
  }

  /** Computes the outputs. A subclass without `inputs` and `outputs` overrides it. */
  override call(x: Inputs, options: CallOptions = {}): Tensor | Tensor[] {
    const { graph } = this
    if (graph) return within(this, options.training, training => graph.run(isTensor(x) ? [x] : x, { training }))
    throw new OptionError(`${this.name}: does not say what it computes`, {
      hint: "override call(x, { training }), or give inputs and outputs",
    })
  }

  protected override run(x: Inputs, options: CallOptions): Tensor | Tensor[] {
    if (this.built) return super.run(x, options)
    this.#running = true
    try {
      return this.#asRoot(() => super.run(x, options))
    } finally {
      this.#running = false
    }
  }

  /** Nothing: its `computeOutputShape` checks what is inside. */
  override checkFits(): void {}

  override computeOutputShape(inputShape: DataShapes): DataShapes {
    return this.graph ? this.graph.outputShape(inputShape) : super.computeOutputShape(inputShape)
  }

  /** Gives weights that have none their first values, unless a model around this one is going to. */
  protected initialiseWeights(): void {
    if (isInitialisationDeferred() && this.seed === undefined) return
    this.#asRoot(() => {
      for (const weight of this.weights) weight.initialise()
    })
  }

  // Models without a seed are told apart by a number that setSeed sets back, so that two alike do not begin alike.
  #asRoot<T>(fn: () => T): T {
    if (this.seed === undefined) this.#ordinal ??= nextOrdinal(models)
    const prefix = this.#ordinal === null ? "" : `model#${this.#ordinal}/`
    const ids = new Map<object, string>()
    const idOf = (layer: object) => {
      if (!ids.has(layer)) for (const [inner, id] of layerIds(this)) ids.set(inner, id)
      return ids.get(layer)
    }
    return withInitialisation({ seed: this.seed ?? getSeed(), prefix, idOf }, fn)
  }

  /** Its inputs and outputs as they were given, alone, in lists or by name; null unless it is functional. */
  get ends(): Ends | null {
    return this.graph?.ends ?? null
  }

  /** The applications of layers between its inputs and outputs; null unless it is functional. */
  get nodes(): readonly Node<Layer>[] | null {
    return this.graph?.nodes ?? null
  }

  /** Its layers, in order. */
  get layers(): Layer[] {
    return this.graph?.layers ?? super.sublayers()
  }

  override sublayers(): Layer[] {
    return this.layers
  }

  /** Its symbolic inputs; none for a subclass. */
  get inputs(): readonly Symbolic[] {
    return this.graph?.inputs ?? []
  }

  /** Its symbolic outputs; none for a subclass. */
  get outputs(): readonly Symbolic[] {
    return this.graph?.outputs ?? []
  }

  /** The names of its inputs: the keys they were given with, else those of their layers; none for a subclass. */
  get inputNames(): readonly string[] {
    return this.graph?.inputNames ?? []
  }

  /** The names of its outputs: the keys they were given with, else those of their layers; none for a subclass. */
  get outputNames(): readonly string[] {
    return this.graph?.outputNames ?? []
  }

  /**
   * A layer by its name or its position (from the end when negative).
   * @throws OptionError when there is none, with the nearest name.
   */
  getLayer(nameOrIndex: string | number): Layer {
    const { layers } = this
    const found = typeof nameOrIndex === "number" ? layers.at(nameOrIndex) : layers.find(l => l.name === nameOrIndex)
    if (found) return found
    const names = layers.map(layer => layer.name)
    const near = typeof nameOrIndex === "string" ? nearest(nameOrIndex, names) : undefined
    throw new OptionError(
      `${this.name}: has no layer ${describe(nameOrIndex)}${near ? `, did you mean "${near}"?` : ""}`,
      { facts: { layers: names.join(", ") || "(none)" } },
    )
  }

  /** All penalties of regularizers on trainable weights, each weight once: differentiable scalars. */
  penalties(): Tensor[] {
    return this.regularizationLosses()
  }

  /**
   * The outputs for all examples, without a trainer: a tensor, or a list of them when it has several outputs. Several
   * inputs are given as a list or by name. Nothing of the model changes, with `training: true` neither.
   *
   *     const y = await model.predict(x, { batchSize: 256 })
   *
   * @throws OptionError for an unknown option or what holds no numbers; ShapeError for no examples or a wrong shape.
   */
  predict(
    x: Examples | readonly Examples[] | Readonly<Record<string, Examples>>,
    options: PredictOptions = {},
  ): Promise<Tensor | Tensor[]> {
    return predictAll(this, x, options)
  }

  /** Keras's table of layers, shapes and parameters. Prints it, unless `print` is false, and returns it. */
  summary(options: SummaryOptions = {}): string {
    return summarize(this, options)
  }

  /** The config of a functional model. @throws OptionError for a subclass, which its own constructor makes. */
  override getConfig(): Record<string, unknown> {
    if (!this.graph) return super.getConfig()
    const { name, trainable } = this
    return { name, trainable, ...this.graph.getConfig() }
  }

  override toString(): string {
    return formatTree(this)
  }

  [Symbol.for("nodejs.util.inspect.custom")](): string {
    return formatTree(this)
  }
}
