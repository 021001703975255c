import type { Tensor } from "@selvedge/core"
import type { ObjectConfig } from "../config.ts"
import { type Kind, resolve } from "../configurable.ts"
import { Constraint, FunctionConstraint } from "./constraint.ts"
import {
  type AxisOptions,
  MaxNorm,
  type MaxNormOptions,
  MinMaxNorm,
  type MinMaxNormOptions,
  NonNeg,
  UnitNorm,
} from "./norms.ts"

/** Keras's names of constraints. */
export const constraints = {
  max_norm: MaxNorm,
  non_neg: NonNeg,
  unit_norm: UnitNorm,
  min_max_norm: MinMaxNorm,
} as const

/** A name that Keras has for a constraint. */
export type ConstraintName = keyof typeof constraints

/** What an option that wants a constraint takes; null for none. */
export type ConstraintLike = ConstraintName | Constraint | ObjectConfig | ((weight: Tensor) => Tensor) | null

const kind: Kind<Constraint> = {
  kind: "constraint",
  base: Constraint,
  table: constraints,
  fromFunction: fn => new FunctionConstraint(fn as (weight: Tensor) => Tensor),
}

/**
 * The constraint that a name, a config or a function stands for; null for none.
 * @throws OptionError for an unknown name, with the nearest known one, or a bad config.
 */
export function getConstraint(value: unknown): Constraint | null {
  return value === null || value === undefined ? null : resolve(kind, value)
}

/** `new MaxNorm({ maxValue, ...options })` */
export const maxNorm = (maxValue = 2, options: Omit<MaxNormOptions, "maxValue"> = {}) =>
  new MaxNorm({ ...options, maxValue })
/** `new NonNeg()` */
export const nonNeg = () => new NonNeg()
/** `new UnitNorm(options)` */
export const unitNorm = (options?: AxisOptions) => new UnitNorm(options)
/** `new MinMaxNorm(options)` */
export const minMaxNorm = (options?: MinMaxNormOptions) => new MinMaxNorm(options)

export { Constraint } from "./constraint.ts"
export * from "./norms.ts"
