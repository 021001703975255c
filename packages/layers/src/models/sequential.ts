import { describe, OptionError, type Tensor } from "@selvedge/core"
import type { Config } from "../config.ts"
import { optionsFromConfig } from "../config.ts"
import { nameOfClass, serializeObject } from "../configurable.ts"
import { type LayerClass, newLayer } from "../construct.ts"
import { SymbolicTensor } from "../graph.ts"
import { deferInitialisation } from "../initialisation.ts"
import { shapesOf } from "../inputs.ts"
import { type CallOptions, Layer, type MakeLayer, type Symbolic } from "../layer.ts"
import { InputLayer } from "../layers/input.ts"
import { within } from "../scope.ts"
import { checkDims, type DataShape, type DataShapes, isShapeList, singleShape } from "../shapes.ts"
import { Model, type ModelOptions } from "./model.ts"

/**
 * A model whose layers follow one another.
 *
 *     const model = new Sequential([
 *       new Flatten({ inputShape: [28, 28] }),
 *       new Dense(300, { activation: "relu", kernelInitializer: "he_normal" }),
 *       new Dense(10, { activation: "softmax" }),
 *     ], { seed: 42 })
 *
 * It is built as soon as its input's shape is known: from the first layer's `inputShape`, from `input({ shape })` as the
 * first entry, from a first layer that is built already, or from the first data. Layers of another model given here
 * are shared with it, weights and all. [Keras](https://keras.io/api/models/sequential/)
 */
export class Sequential extends Model {
  static override readonly module: string = "keras"
  static override readonly className: string = "Sequential"
  readonly #layers: Layer[] = []
  #input: InputLayer | null = null
  /** Whether its input's shape was taken from what came first, and may be another. */
  #inferred = false
  #outputShape: DataShape | null = null

  /** @throws OptionError for an unknown option, anything but layers, or two layers of one name. */
  constructor(layers: readonly (Layer | Symbolic)[] = [], options: ModelOptions = {}) {
    super(options)
    if (!Array.isArray(layers)) {
      throw new OptionError(`${nameOfClass(new.target)}: layers must be a list, got ${describe(layers)}`)
    }
    const { batchInputShape } = this
    if (batchInputShape) this.#input = new InputLayer({ batchShape: batchInputShape })
    for (const layer of layers) this.#append(layer)
    if (this.built) this.initialiseWeights()
  }

  /** A Sequential model from its config. @throws OptionError for a config without layers. */
  static override fromConfig(config: Config, make: MakeLayer, ofClass: LayerClass): Layer {
    const { layers, buildInputShape, ...options } = optionsFromConfig("Sequential", config)
    if (!Array.isArray(layers)) {
      throw new OptionError(`Sequential: config has no list of layers, got ${describe(layers)}`)
    }
    const model = newLayer(ofClass, [layers.map(make), options])
    if (buildInputShape) model.ensureBuilt(checkDims("Sequential", "buildInputShape", buildInputShape, true))
    return model
  }

  /**
   * Puts a layer at the end. The model grows in place; a built one builds the layer at once.
   * @throws OptionError for anything but a layer, or a name that is taken.
   */
  add(layer: Layer | Symbolic): void {
    this.#append(layer)
    if (this.built) this.initialiseWeights()
  }

  #append(layer: Layer | Symbolic): void {
    const next = layer instanceof SymbolicTensor ? layer.node.layer : layer
    if (!(next instanceof Layer)) throw new OptionError(`${this.name}: a layer is expected, got ${describe(next)}`)
    if (next instanceof InputLayer) {
      this.#addInput(next)
      return
    }
    if (next === this || holds(next, this)) {
      throw new OptionError(`${this.name}: a model cannot be a layer of itself`, {
        hint: "its present layers can be shared: new Sequential([...model.layers, ...])",
      })
    }
    if (this.#layers.some(other => other.name === next.name)) {
      throw new OptionError(`${this.name}: two layers are called "${next.name}"`, {
        rule: "names are unique within a model",
      })
    }
    this.#layers.push(next)
    try {
      const shape = this.#knownInputShape()
      const before = this.built ? this.#outputShape : null
      if (before) this.#outputShape = within(this, null, () => this.#buildLayer(next, before))
      else if (shape) this.#buildLayers(shape)
    } catch (error) {
      this.#layers.pop()
      throw error
    }
  }

  #addInput(layer: InputLayer): void {
    if (this.#layers.length > 0 || this.#input) {
      throw new OptionError(`${this.name}: an input can only be the first entry`)
    }
    this.#input = layer
  }

  /** Removes the last layer and gives it. @throws OptionError when there is none. */
  pop(): Layer {
    const layer = this.#layers.pop()
    if (!layer) throw new OptionError(`${this.name}: has no layer to remove`)
    if (this.built && this.#input) this.#outputShape = this.#propagate(this.#input.batchShape)
    return layer
  }

  #knownInputShape(): DataShape | null {
    const [first] = this.#layers
    const { builtShape } = first ?? {}
    const built = builtShape && !isShapeList(builtShape) ? builtShape : null
    return this.#input?.batchShape ?? first?.batchInputShape ?? built
  }

  /** Builds every layer for what comes out of the one before it. */
  override build(inputShape: DataShapes): void {
    this.#buildLayers(singleShape(this.name, inputShape))
    this.initialiseWeights()
  }

  #buildLayers(shape: DataShape): void {
    this.#checkInput(shape)
    this.#outputShape = deferInitialisation(() => this.#propagate(shape))
    if (!this.#input || this.#inferred) {
      this.#input = new InputLayer({ batchShape: shape })
      this.#inferred = !this.#layers[0]?.batchInputShape
    }
    this.built = true
    this.builtShape = shape
  }

  /** @throws ShapeError for another input than the one that was given to it as such. */
  #checkInput(shape: DataShapes): void {
    if (this.#input && !this.#inferred) this.#input.checkShape(shape)
  }

  #propagate(inputShape: DataShape): DataShape {
    return within(this, null, () =>
      this.#layers.reduce((shape: DataShape, layer) => this.#buildLayer(layer, shape), inputShape),
    )
  }

  #buildLayer(layer: Layer, shape: DataShape): DataShape {
    return within(layer, null, () => {
      deferInitialisation(() => layer.ensureBuilt(shape))
      layer.checkFits(shape)
      return singleShape(layer.name, layer.computeOutputShape(shape))
    })
  }

  override call(x: Tensor, options: CallOptions = {}): Tensor {
    return within(this, options.training, training => {
      const shape = shapesOf(this.name, x)
      this.ensureBuilt(shape)
      const y = this.#layers.reduce((h: Tensor, layer) => layer.apply(h, { training }), x)
      // Last, because a layer that cannot take it says best why; behind a Flatten all of them may.
      this.#checkInput(shape)
      return y
    })
  }

  override computeOutputShape(inputShape: DataShapes): DataShapes {
    return this.#layers.reduce((shape: DataShapes, layer) => {
      layer.checkFits(shape)
      return layer.computeOutputShape(shape)
    }, inputShape)
  }

  /** Its layers, without the input. A new list: to grow the model use `add`. */
  override get layers(): Layer[] {
    return [...this.#layers]
  }

  /** Where its data enter; null before its input's shape is known. */
  get inputLayer(): InputLayer | null {
    return this.#input
  }

  override getConfig(): Record<string, unknown> {
    const layers = [...(this.#input ? [this.#input] : []), ...this.#layers].map(serializeObject)
    const { name, trainable, dtype } = super.getConfig()
    const config = { name, trainable, dtype, layers }
    return this.built && this.#input ? { ...config, build_input_shape: this.#input.batchShape } : config
  }
}

/** Whether a layer is somewhere inside another. */
function holds(outer: Layer, inner: Layer): boolean {
  return outer.sublayers().some(layer => layer === inner || holds(layer, inner))
}
