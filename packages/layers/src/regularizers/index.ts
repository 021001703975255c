import type { Tensor } from "@selvedge/core"
import type { ObjectConfig } from "../config.ts"
import { type Kind, resolve } from "../configurable.ts"
import { L1, L1L2, L2 } from "./norms.ts"
import { OrthogonalRegularizer, type OrthogonalRegularizerOptions } from "./orthogonal.ts"
import { FunctionRegularizer, Regularizer } from "./regularizer.ts"

/** Keras's names of regularizers. */
export const regularizers = {
  l1: L1,
  l2: L2,
  l1_l2: L1L2,
  orthogonal_regularizer: OrthogonalRegularizer,
} as const

/** A name that Keras has for a regularizer. */
export type RegularizerName = keyof typeof regularizers

/** What an option that wants a regularizer takes; null for none. */
export type RegularizerLike = RegularizerName | Regularizer | ObjectConfig | ((x: Tensor) => Tensor) | null

const kind: Kind<Regularizer> = {
  kind: "regularizer",
  base: Regularizer,
  table: { ...regularizers, l1l2: L1L2 },
  fromFunction: fn => new FunctionRegularizer(fn as (x: Tensor) => Tensor),
}

/**
 * The regularizer that a name, a config or a function stands for; null for none.
 * @throws OptionError for an unknown name, with the nearest known one, or a bad config.
 */
export function getRegularizer(value: unknown): Regularizer | null {
  return value === null || value === undefined ? null : resolve(kind, value)
}

/** `new L1({ l1 })`: l1 * sum |x|. */
export const l1 = (factor = 0.01) => new L1({ l1: factor })
/** `new L2({ l2 })`: l2 * sum x². */
export const l2 = (factor = 0.01) => new L2({ l2: factor })
/** `new L1L2({ l1, l2 })`; without arguments 0.01 each, as Keras's `l1_l2()`. */
export const l1L2 = (l1 = 0.01, l2 = 0.01) => new L1L2({ l1, l2 })
/** `new OrthogonalRegularizer(options)` */
export const orthogonalRegularizer = (options?: OrthogonalRegularizerOptions) => new OrthogonalRegularizer(options)

export { L1, L1L2, type L1L2Options, type L1Options, L2, type L2Options } from "./norms.ts"
export { OrthogonalRegularizer, type OrthogonalRegularizerOptions } from "./orthogonal.ts"
export { Regularizer } from "./regularizer.ts"
