import { checkSeed, drawStream, type Stream, stream } from "@selvedge/core"
import { nameOfClass } from "../configurable.ts"
import type { LayerOptions } from "../layer.ts"
import { Elementwise } from "./elementwise.ts"

/** Options of layers that draw random numbers. */
export interface RandomLayerOptions extends LayerOptions {
  /** A seed of its own in place of the trainer's, or of the default outside of one. 0 is a seed. */
  readonly seed?: number | null
}

/** Base of layers that draw random numbers in training: a new stream at each call, never the same mask twice. */
export abstract class RandomLayer extends Elementwise {
  readonly seed: number | null

  /** @throws OptionError for an unknown option or a seed that is not an integer >= 0. */
  constructor(options: RandomLayerOptions, keys: readonly string[]) {
    super(options, [...keys, "seed"])
    const { seed = null } = options
    this.seed = seed === null ? null : checkSeed(nameOfClass(new.target), seed)
  }

  /** The random numbers of this call: those of the running step, under the layer's own seed if it has one. */
  protected draw(): Stream {
    const drawn = drawStream(this, this.freeId)
    const [, ...position] = drawn.counter
    return this.seed === null ? drawn : stream(this.seed, "layer", "", ...position)
  }

  override options(): Record<string, unknown> {
    return { ...super.options(), seed: this.seed }
  }
}
