import { checkBoolean, checkKeys, OptionError, runAtOnce, ShapeError, type Tensor } from "@selvedge/core"
import { isOfKeras, nameOfClass } from "./configurable.ts"
import { checkDtype, float32Policy } from "./dtype.ts"
import { type Node, SymbolicTensor } from "./graph.ts"
import { deferInitialisation } from "./initialisation.ts"
import { checkCall, checkName, checkOutput, givenShape, isSymbolicInput, penalise, shapesOf } from "./inputs.ts"
import { formatLayer } from "./inspect.ts"
import { notify } from "./observe.ts"
import { Parametrised } from "./parameters.ts"
import { getRegularizer, type Regularizer, type RegularizerLike } from "./regularizers/index.ts"
import { layerAround, within } from "./scope.ts"
import { asShapeList, type DataShape, type DataShapes } from "./shapes.ts"
import { trialOutputShape } from "./trial.ts"

/** How a layer is called. */
export interface CallOptions {
  /** Whether this is a training step. Left out or null: as in the layer around it, else false. */
  readonly training?: boolean | null
}

/** Options of every layer. */
export interface LayerOptions {
  /** Default: the class in snake_case and a count. */
  readonly name?: string | null
  /** False freezes it. Default true. */
  readonly trainable?: boolean
  readonly dtype?: "float32" | null
  /** Shape of one sample, for the first layer of a `Sequential`. */
  readonly inputShape?: DataShape | null
  /** Shape of a batch, for the first layer of a `Sequential`. */
  readonly batchInputShape?: DataShape | null
  /** Penalty on the layer's output, divided by the size of the batch. */
  readonly activityRegularizer?: RegularizerLike
}

/** One tensor, or several for layers that take them. */
export type Inputs = Tensor | readonly Tensor[]

/** A tensor of the functional API. */
export type Symbolic = SymbolicTensor<Layer>

/** Makes a layer from its serialised form. */
export type MakeLayer = (config: unknown) => Layer

const layerKeys = ["name", "trainable", "dtype", "inputShape", "batchInputShape", "activityRegularizer"]

/** The classes of this library, which know that kernels may still be running when an op returns. */
export const ownLayers = new Set<unknown>()

/**
 * Base of all layers. A layer of your own overrides `build(inputShape)`, which makes its weights with `addWeight` and
 * ends with `super.build(inputShape)`, and `call(x, { training })`, which computes; with options of its own also
 * `options()`. [Keras](https://keras.io/api/layers/base_layer/)
 */
export abstract class Layer extends Parametrised {
  static override readonly module: string = "keras.layers"
  /** Names of the constructor's leading arguments, which come before the options. */
  static readonly positional: readonly string[] = []

  /** The shape it was built with. */
  builtShape: DataShapes | null = null
  /** Shape of its input, the batch included, if it was given as an option. */
  readonly batchInputShape: DataShape | null
  readonly activityRegularizer: Regularizer | null
  /** Its applications in the functional API. */
  readonly inboundNodes: Node<Layer>[] = []
  #called = false
  /** The rank its input must have; null for any. */
  protected readonly inputRank: number | { readonly min: number } | null = null
  /**
   * @param keys names of the options that the class has besides those of every layer.
   * @throws OptionError for an unknown option, naming the nearest, or a bad value.
   */
  constructor(options: LayerOptions = {}, keys: readonly string[] = []) {
    const owner = nameOfClass(new.target)
    checkKeys(owner, options, [...keys, ...layerKeys])
    checkDtype(owner, options.dtype)
    super(owner, checkName(owner, options.name), checkBoolean(owner, "trainable", options.trainable ?? true))
    this.activityRegularizer = getRegularizer(options.activityRegularizer)
    this.batchInputShape = givenShape(owner, options)
  }

  /** The computation. Outside of a model call `apply`, which builds and checks first. */
  abstract call(x: Inputs, options?: CallOptions): Tensor | Tensor[]

  /** Makes the weights for inputs of this shape, the batch included. A class that overrides it calls it last. */
  build(inputShape: DataShapes): void {
    this.built = true
    this.builtShape = inputShape
  }

  /** The shape of the output for inputs of this shape. The default tries the layer on small batches of zeros. */
  computeOutputShape(inputShape: DataShapes): DataShapes {
    return trialOutputShape(this, inputShape)
  }

  /**
   * Applies the layer: builds it at its first use, checks the input, computes. A symbolic tensor gives a symbolic one.
   * @throws ShapeError for an input that does not fit, OptionError for a layer with several outputs (use `applyAll`).
   */
  apply(x: Symbolic | readonly Symbolic[], options?: CallOptions): Symbolic
  apply(x: Inputs, options?: CallOptions): Tensor
  apply(x: Inputs | Symbolic | readonly Symbolic[], options: CallOptions = {}): Tensor | Symbolic {
    const all: readonly (Tensor | Symbolic)[] = isSymbolicInput(x)
      ? this.applyAll(x, options)
      : this.applyAll(x, options)
    const [y] = all
    if (y && all.length === 1) return y
    throw new OptionError(`${this.name}: has ${all.length} outputs`, { hint: "use applyAll, which gives a list" })
  }

  /** Like `apply`, giving the list of all outputs. */
  applyAll(x: Symbolic | readonly Symbolic[], options?: CallOptions): Symbolic[]
  applyAll(x: Inputs, options?: CallOptions): Tensor[]
  applyAll(x: Inputs | Symbolic | readonly Symbolic[], options: CallOptions = {}): Tensor[] | Symbolic[] {
    if (isSymbolicInput(x)) return this.#connect(x, options)
    const y = this.run(x, options)
    return Array.isArray(y) ? y : [y]
  }

  /** `apply` for tensors, giving what `call` gives. */
  protected run(x: Inputs, options: CallOptions): Tensor | Tensor[] {
    checkCall(this.name, options)
    return within(this, options.training, training => {
      const shapes = shapesOf(this.name, x)
      this.checkInput(shapes)
      this.ensureBuilt(shapes)
      const parent = layerAround()
      if (parent instanceof Layer && !parent.#called) parent.#checkHolds(this)
      const call = () => this.call(x, { training })
      // A class of your own need not know that kernels may still be running when an op returns.
      const y = checkOutput(this.name, ownLayers.has(this.constructor) ? call() : runAtOnce(call))
      this.#called = true
      if (this.activityRegularizer) penalise(this.activityRegularizer, y)
      notify(this, y)
      return y
    })
  }

  /** In its first call a class of your own is asked whether it holds what it applies: other weights would never learn. */
  #checkHolds(inner: Layer): void {
    const holds = (layer: Layer): boolean => layer.sublayers().some(held => held === inner || holds(held))
    if (isOfKeras(this.constructor) || inner.trainableWeights.length === 0 || holds(this)) return
    throw new OptionError(`${this.name}: applies "${inner.name}", which is not among its layers`, {
      rule: "layers are found among the properties of a layer, alone or in lists, maps and plain objects",
      hint: "make it in the constructor and keep it in a property without #: what call makes begins anew each time",
    })
  }

  /** Builds the layer unless it is built. */
  ensureBuilt(inputShape: DataShapes): void {
    if (this.built) return
    this.checkInput(inputShape)
    this.build(inputShape)
    this.built = true
    this.builtShape ??= inputShape
  }

  /**
   * Checks a built layer for another input than it was built for: Keras's own layers by building them again, which
   * makes nothing new; a layer of your own by nothing. @throws ShapeError when the weights do not fit.
   */
  checkFits(inputShape: DataShapes): void {
    const open = asShapeList(inputShape).some(shape => shape.slice(1).includes(null))
    if (!this.built || open || !isOfKeras(this.constructor)) return
    const { builtShape } = this
    this.build(inputShape)
    this.builtShape = builtShape
  }

  #connect(x: Symbolic | readonly Symbolic[], options: CallOptions): Symbolic[] {
    return within(this, options.training, () => {
      const list = !(x instanceof SymbolicTensor)
      const inputs = list ? x : [x]
      const shapes = list ? inputs.map(input => input.shape) : (inputs[0]?.shape ?? [])
      this.checkInput(shapes)
      deferInitialisation(() => this.ensureBuilt(shapes))
      this.checkFits(shapes)
      const outputs: Symbolic[] = []
      const { training = null } = options
      const node = { layer: this, inputs, list, outputs, index: this.inboundNodes.length, training }
      asShapeList(this.computeOutputShape(shapes)).forEach((shape, i) => {
        outputs.push(new SymbolicTensor<Layer>(shape, node, i))
      })
      this.inboundNodes.push(node)
      return outputs
    })
  }

  /** @throws ShapeError for an input of another rank than the layer takes. */
  protected checkInput(shapes: DataShapes): void {
    const rule = this.inputRank
    if (rule === null) return
    const min = typeof rule === "number" ? rule : rule.min
    for (const shape of asShapeList(shapes)) {
      if (typeof rule === "number" ? shape.length === min : shape.length >= min) continue
      throw new ShapeError(
        `${this.name}: expects an input of rank ${min}${typeof rule === "number" ? "" : " or more"}`,
        {
          facts: { input: shape },
          rule: "the batch is the first axis",
        },
      )
    }
  }

  /**
   * Layers inside it: every layer among its properties, alone or in lists, maps and plain objects, in the order in
   * which they were set.
   */
  override sublayers(): Layer[] {
    const found = new Set<object>([this, this.inboundNodes])
    for (const value of Object.values(this)) gather(value, found)
    found.delete(this)
    return [...found].filter(value => value instanceof Layer)
  }

  /** The constructor's options with their present values. A class with options of its own adds them. */
  override options(): Record<string, unknown> {
    const { name, trainable, activityRegularizer } = this
    const options = { name, trainable, dtype: float32Policy }
    return activityRegularizer ? { ...options, activityRegularizer } : options
  }

  override toString(): string {
    return formatLayer(this)
  }

  [Symbol.for("nodejs.util.inspect.custom")](): string {
    return formatLayer(this)
  }
}

/** Adds a layer, or what a container holds; containers too, so that none is opened twice. */
function gather(value: unknown, found: Set<object>): void {
  if (typeof value !== "object" || value === null || found.has(value)) return
  const isPlain = Object.getPrototypeOf(value) === Object.prototype
  if (!isPlain && !(value instanceof Layer || Array.isArray(value) || value instanceof Map)) return
  found.add(value)
  if (value instanceof Layer) return
  for (const entry of isPlain ? Object.values(value) : (value as Map<unknown, unknown>).values()) gather(entry, found)
}
