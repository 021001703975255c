import { checkNumber, embedding, type Tensor } from "@selvedge/core"
import type { ConstraintLike } from "../constraints/index.ts"
import type { InitializerLike } from "../initializers/index.ts"
import { Layer, type LayerOptions } from "../layer.ts"
import type { RegularizerLike } from "../regularizers/index.ts"
import { WeightRule } from "../rule.ts"
import { type DataShapes, singleShape } from "../shapes.ts"

/** Options of `Embedding`. */
export interface EmbeddingOptions extends LayerOptions {
  /** Default `"uniform"`. */
  readonly embeddingsInitializer?: InitializerLike
  readonly embeddingsRegularizer?: RegularizerLike
  readonly embeddingsConstraint?: ConstraintLike
}

/**
 * A vector for each id: y = embeddings[x], embeddings [inputDim, outputDim].     [...] -> [..., outputDim]
 *
 * Ids are integers from 0 to inputDim - 1. [Keras](https://keras.io/api/layers/core_layers/embedding/)
 */
export class Embedding extends Layer {
  static override readonly className: string = "Embedding"
  static override readonly positional: readonly string[] = ["inputDim", "outputDim"]
  readonly inputDim: number
  readonly outputDim: number
  readonly #rule: WeightRule

  /** @throws OptionError for an unknown option, naming the nearest, or sizes that are not positive integers. */
  constructor(inputDim: number, outputDim: number, options: EmbeddingOptions = {}) {
    super(options, ["embeddingsInitializer", "embeddingsRegularizer", "embeddingsConstraint"])
    this.inputDim = checkNumber("Embedding", "inputDim", inputDim, { min: 1, integer: true })
    this.outputDim = checkNumber("Embedding", "outputDim", outputDim, { min: 1, integer: true })
    const { embeddingsInitializer = "uniform", embeddingsRegularizer, embeddingsConstraint } = options
    this.#rule = new WeightRule("embeddings", embeddingsInitializer, embeddingsRegularizer, embeddingsConstraint)
  }

  override build(inputShape: DataShapes): void {
    this.addWeight({ ...this.#rule, shape: [this.inputDim, this.outputDim] })
    super.build(inputShape)
  }

  /** @throws OptionError for an id that is not one. */
  override call(x: Tensor): Tensor {
    return embedding(this.weight("embeddings"), x)
  }

  override computeOutputShape(inputShape: DataShapes): DataShapes {
    return [...singleShape(this.name, inputShape), this.outputDim]
  }

  override options(): Record<string, unknown> {
    const { inputDim, outputDim } = this
    return { ...super.options(), inputDim, outputDim, ...this.#rule.options() }
  }
}
