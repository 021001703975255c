import { checkChoice, checkKeys, checkNumber, describe, math, OptionError, type Tensor } from "@selvedge/core"
import { mat2d } from "gl-matrix"
import type { CallOptions } from "../layer.ts"
import { type AffineOptions, affineSample, fillModes, interpolations } from "./affine.ts"
import {
  checkDataFormat,
  type DataFormat,
  type DataFormatOptions,
  fromChannelsLast,
  toChannelsLast,
} from "./dataFormat.ts"
import { RandomLayer, type RandomLayerOptions } from "./random.ts"

const TWO_PI = 6.283185307179586

/** Options of the random maps. */
export interface RandomMapOptions extends RandomLayerOptions, DataFormatOptions {
  /** What is seen beyond the edges. Default `"reflect"`. */
  readonly fillMode?: AffineOptions["fillMode"]
  /** Default `"bilinear"`. */
  readonly interpolation?: AffineOptions["interpolation"]
  /** For fill mode `"constant"`. Default 0. */
  readonly fillValue?: number
}

const mapKeys = ["fillMode", "interpolation", "fillValue", "dataFormat"]

/** A range that a random factor lies in: [-f, f] for one number f. */
export type Factor = number | readonly [number, number]

/** Base of layers that move each image of a batch by a random affine map, in training only. */
abstract class RandomMap extends RandomLayer {
  readonly fillMode: AffineOptions["fillMode"]
  readonly interpolation: AffineOptions["interpolation"]
  readonly fillValue: number
  readonly dataFormat: DataFormat
  protected override readonly inputRank = 4

  constructor(owner: string, options: RandomMapOptions, keys = mapKeys) {
    super(options, keys)
    const { fillMode = "reflect", interpolation = "bilinear", fillValue = 0 } = options
    this.fillMode = checkChoice(owner, "fillMode", fillMode, fillModes)
    this.interpolation = checkChoice(owner, "interpolation", interpolation, interpolations)
    this.fillValue = checkNumber(owner, "fillValue", fillValue)
    this.dataFormat = checkDataFormat(owner, options.dataFormat)
  }

  /** How many random numbers one image takes. */
  protected abstract readonly draws: number
  /** Where each pixel of the output is found in the input; `u` are uniform numbers in [0, 1). */
  protected abstract mapFor(u: Float64Array, height: number, width: number): mat2d

  override call(x: Tensor, { training }: CallOptions = {}): Tensor {
    if (!training) return x
    const images = toChannelsLast(x, this.dataFormat)
    const [batch = 0, height = 0, width = 0] = images.shape
    const u = this.draw().uniform(new Float64Array(batch * this.draws))
    const maps = Array.from({ length: batch }, (_, i) =>
      this.mapFor(u.subarray(i * this.draws, (i + 1) * this.draws), height, width),
    )
    return fromChannelsLast(affineSample(images, maps, this), this.dataFormat)
  }

  override options(): Record<string, unknown> {
    const { fillMode, interpolation, fillValue, dataFormat } = this
    return { ...super.options(), fillMode, interpolation, fillValue, dataFormat }
  }
}

/**
 * Turns each image about its centre by a random angle, a share `factor` of the full circle, counter-clockwise where
 * positive. [Keras](https://keras.io/api/layers/preprocessing_layers/image_augmentation/random_rotation/)   [b, h, w, c] -> [b, h, w, c]
 */
export class RandomRotation extends RandomMap {
  static override readonly className: string = "RandomRotation"
  static override readonly positional: readonly string[] = ["factor"]
  readonly factor: readonly [number, number]
  protected readonly draws = 1

  /** @throws OptionError for an unknown option or a factor outside of -1 to 1. */
  constructor(factor: Factor, options: RandomMapOptions = {}) {
    super("RandomRotation", options)
    this.factor = checkFactor("RandomRotation", "factor", factor)
  }

  protected mapFor(u: Float64Array, height: number, width: number): mat2d {
    const angle = TWO_PI * within(this.factor, u[0])
    const [cos, sin] = [math.cos(angle), math.sin(angle)]
    return aboutCentre([cos, sin, -sin, cos, 0, 0], height, width)
  }

  override options(): Record<string, unknown> {
    return { ...super.options(), factor: this.factor }
  }
}

/**
 * Shifts each image by random shares of its height and width, down and to the right where positive.
 * [Keras](https://keras.io/api/layers/preprocessing_layers/image_augmentation/random_translation/)    [b, h, w, c] -> [b, h, w, c]
 */
export class RandomTranslation extends RandomMap {
  static override readonly className: string = "RandomTranslation"
  static override readonly positional: readonly string[] = ["heightFactor", "widthFactor"]
  readonly heightFactor: readonly [number, number]
  readonly widthFactor: readonly [number, number]
  protected readonly draws = 2

  /** @throws OptionError for an unknown option or a factor outside of -1 to 1. */
  constructor(heightFactor: Factor, widthFactor: Factor, options: RandomMapOptions = {}) {
    super("RandomTranslation", options)
    this.heightFactor = checkFactor("RandomTranslation", "heightFactor", heightFactor)
    this.widthFactor = checkFactor("RandomTranslation", "widthFactor", widthFactor)
  }

  protected mapFor(u: Float64Array, height: number, width: number): mat2d {
    return [1, 0, 0, 1, -width * within(this.widthFactor, u[1]), -height * within(this.heightFactor, u[0])]
  }

  override options(): Record<string, unknown> {
    return { ...super.options(), heightFactor: this.heightFactor, widthFactor: this.widthFactor }
  }
}

/** Options of `RandomZoom`. */
export interface RandomZoomOptions extends RandomMapOptions {
  /** Default: as the height, by the same random number. */
  readonly widthFactor?: Factor | null
}

/**
 * Zooms each image about its centre by random factors: out where positive (0.2 shows 1.2 times the height), in where
 * negative. [Keras](https://keras.io/api/layers/preprocessing_layers/image_augmentation/random_zoom/)   [b, h, w, c] -> [b, h, w, c]
 */
export class RandomZoom extends RandomMap {
  static override readonly className: string = "RandomZoom"
  static override readonly positional: readonly string[] = ["heightFactor"]
  readonly heightFactor: readonly [number, number]
  readonly widthFactor: readonly [number, number] | null
  protected readonly draws = 2

  /** @throws OptionError for an unknown option or a factor outside of -1 to 1. */
  constructor(heightFactor: Factor, options: RandomZoomOptions = {}) {
    super("RandomZoom", options, [...mapKeys, "widthFactor"])
    const { widthFactor = null } = options
    this.heightFactor = checkFactor("RandomZoom", "heightFactor", heightFactor)
    this.widthFactor = widthFactor === null ? null : checkFactor("RandomZoom", "widthFactor", widthFactor)
  }

  protected mapFor(u: Float64Array, height: number, width: number): mat2d {
    const down = 1 + within(this.heightFactor, u[0])
    const right = this.widthFactor === null ? down : 1 + within(this.widthFactor, u[1])
    return aboutCentre([right, 0, 0, down, 0, 0], height, width)
  }

  override options(): Record<string, unknown> {
    return { ...super.options(), heightFactor: this.heightFactor, widthFactor: this.widthFactor }
  }
}

const flipModes = ["horizontal", "vertical", "horizontal_and_vertical"] as const

/** Options of `RandomFlip`. */
export interface RandomFlipOptions extends RandomLayerOptions, DataFormatOptions {
  readonly mode?: (typeof flipModes)[number]
}

/**
 * Mirrors each image with probability 1/2: left to right, upside down, or both at once.    [b, h, w, c] -> [b, h, w, c]
 * [Keras](https://keras.io/api/layers/preprocessing_layers/image_augmentation/random_flip/)
 */
export class RandomFlip extends RandomMap {
  static override readonly className: string = "RandomFlip"
  readonly mode: (typeof flipModes)[number]
  protected readonly draws = 1

  /** Takes `new RandomFlip("horizontal")` and `new RandomFlip({ mode })`. @throws OptionError for an unknown mode. */
  constructor(mode: (typeof flipModes)[number] | RandomFlipOptions = {}, rest: RandomFlipOptions = {}) {
    if (typeof mode !== "string") checkKeys("RandomFlip", rest, [])
    const { mode: chosen = "horizontal_and_vertical", ...options } = typeof mode === "string" ? { ...rest, mode } : mode
    super("RandomFlip", options, ["mode", "dataFormat"])
    this.mode = checkChoice("RandomFlip", "mode", chosen, flipModes)
  }

  protected mapFor(u: Float64Array, height: number, width: number): mat2d {
    const flip = (u[0] ?? 1) <= 0.5 ? -1 : 1
    const right = this.mode === "vertical" ? 1 : flip
    const down = this.mode === "horizontal" ? 1 : flip
    return aboutCentre([right, 0, 0, down, 0, 0], height, width)
  }

  override options(): Record<string, unknown> {
    const { fillMode, interpolation, fillValue, ...options } = super.options()
    return { ...options, mode: this.mode }
  }
}

/** A linear map about the middle of an image: to it, through the map, and back. */
function aboutCentre(linear: mat2d, height: number, width: number): mat2d {
  const [right, down] = [(width - 1) / 2, (height - 1) / 2]
  const map: mat2d = [1, 0, 0, 1, right, down]
  mat2d.multiply(map, map, linear)
  return mat2d.translate(map, map, [-right, -down])
}

/** The place in a range that a uniform number stands for. */
function within([lower, upper]: readonly [number, number], u = 0): number {
  return lower + u * (upper - lower)
}

function checkFactor(owner: string, name: string, value: unknown): readonly [number, number] {
  const [a, b, ...more]: unknown[] = Array.isArray(value) ? value : typeof value === "number" ? [-value, value] : []
  const fine = (n: unknown): n is number => typeof n === "number" && n >= -1 && n <= 1
  if (fine(a) && fine(b) && more.length === 0) return a <= b ? [a, b] : [b, a]
  throw new OptionError(`${owner}: ${name} must be a number from -1 to 1 or two of them, got ${describe(value)}`)
}
