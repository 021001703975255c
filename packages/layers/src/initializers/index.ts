import type { Shape, Stream } from "@selvedge/core"
import type { ObjectConfig } from "../config.ts"
import { type Kind, resolve } from "../configurable.ts"
import { Constant, Identity, type IdentityOptions, Ones, Zeros } from "./constant.ts"
import { FunctionInitializer, Initializer, type SeedOptions } from "./initializer.ts"
import { Orthogonal, type OrthogonalOptions } from "./orthogonal.ts"
import { type NormalOptions, RandomNormal, RandomUniform, TruncatedNormal, type UniformOptions } from "./random.ts"
import {
  GlorotNormal,
  GlorotUniform,
  HeNormal,
  HeUniform,
  LecunNormal,
  LecunUniform,
  VarianceScaling,
  type VarianceScalingOptions,
} from "./varianceScaling.ts"

/** Keras's names of initializers. */
export const initializers = {
  zeros: Zeros,
  ones: Ones,
  constant: Constant,
  identity: Identity,
  random_normal: RandomNormal,
  random_uniform: RandomUniform,
  truncated_normal: TruncatedNormal,
  variance_scaling: VarianceScaling,
  glorot_normal: GlorotNormal,
  glorot_uniform: GlorotUniform,
  he_normal: HeNormal,
  he_uniform: HeUniform,
  lecun_normal: LecunNormal,
  lecun_uniform: LecunUniform,
  orthogonal: Orthogonal,
  zero: Zeros,
  one: Ones,
  normal: RandomNormal,
  uniform: RandomUniform,
} as const

/** A name that Keras has for an initializer. */
export type InitializerName = keyof typeof initializers

/** A function of your own: values (a tensor, a typed array or nested arrays) for a weight of that shape. */
export type InitializerFunction = (shape: Shape, from: Stream) => unknown

/** What an option that wants an initializer takes. */
export type InitializerLike = InitializerName | Initializer | ObjectConfig | InitializerFunction

const aliases = { IdentityInitializer: Identity, OrthogonalInitializer: Orthogonal }

const kind: Kind<Initializer> = {
  kind: "initializer",
  base: Initializer,
  table: { ...initializers, ...aliases },
  fromFunction: fn => new FunctionInitializer(fn),
}

/**
 * The initializer that a name, a config or a function stands for.
 * @throws OptionError for an unknown name, with the nearest known one, or a bad config.
 */
export function getInitializer(value: unknown): Initializer {
  return resolve(kind, value)
}

/** `new Zeros()` */
export const zerosInitializer = () => new Zeros()
/** `new Ones()` */
export const onesInitializer = () => new Ones()
/** `new Constant({ value })` */
export const constant = (value = 0) => new Constant({ value })
/** `new Identity(options)` */
export const identity = (options?: IdentityOptions) => new Identity(options)
/** `new RandomNormal(options)` */
export const randomNormalInitializer = (options?: NormalOptions) => new RandomNormal(options)
/** `new RandomUniform(options)` */
export const randomUniformInitializer = (options?: UniformOptions) => new RandomUniform(options)
/** `new TruncatedNormal(options)` */
export const truncatedNormal = (options?: NormalOptions) => new TruncatedNormal(options)
/** `new VarianceScaling(options)` */
export const varianceScaling = (options?: VarianceScalingOptions) => new VarianceScaling(options)
/** `new GlorotNormal(options)` */
export const glorotNormal = (options?: SeedOptions) => new GlorotNormal(options)
/** `new GlorotUniform(options)` */
export const glorotUniform = (options?: SeedOptions) => new GlorotUniform(options)
/** `new HeNormal(options)` */
export const heNormal = (options?: SeedOptions) => new HeNormal(options)
/** `new HeUniform(options)` */
export const heUniform = (options?: SeedOptions) => new HeUniform(options)
/** `new LecunNormal(options)` */
export const lecunNormal = (options?: SeedOptions) => new LecunNormal(options)
/** `new LecunUniform(options)` */
export const lecunUniform = (options?: SeedOptions) => new LecunUniform(options)
/** `new Orthogonal(options)` */
export const orthogonal = (options?: OrthogonalOptions) => new Orthogonal(options)

export { Constant, type ConstantOptions, Identity, type IdentityOptions, Ones, Zeros } from "./constant.ts"
export { Initializer, type SeedOptions } from "./initializer.ts"
export { Orthogonal, type OrthogonalOptions } from "./orthogonal.ts"
export { type NormalOptions, RandomNormal, RandomUniform, TruncatedNormal, type UniformOptions } from "./random.ts"
export * from "./varianceScaling.ts"
