import { type Constraint, type ConstraintLike, getConstraint } from "./constraints/index.ts"
import { getInitializer, type Initializer, type InitializerLike } from "./initializers/index.ts"
import { getRegularizer, type Regularizer, type RegularizerLike } from "./regularizers/index.ts"

/** What a layer's options say about one of its weights. */
export interface WeightRules {
  readonly initializer?: InitializerLike
  readonly regularizer?: RegularizerLike
  readonly constraint?: ConstraintLike
}

/** How one weight begins, what is added to the loss for it, and where it may be. */
export class WeightRule {
  readonly name: string
  readonly initializer: Initializer
  readonly regularizer: Regularizer | null
  readonly constraint: Constraint | null

  /** @throws OptionError for an unknown name. */
  constructor(name: string, initializer: unknown, regularizer?: unknown, constraint?: unknown) {
    this.name = name
    this.initializer = getInitializer(initializer)
    this.regularizer = getRegularizer(regularizer)
    this.constraint = getConstraint(constraint)
  }

  /** The three as a layer's options: `kernelInitializer`, `kernelRegularizer`, `kernelConstraint`. */
  options(): Record<string, unknown> {
    return {
      [`${this.name}Initializer`]: this.initializer,
      [`${this.name}Regularizer`]: this.regularizer,
      [`${this.name}Constraint`]: this.constraint,
    }
  }
}
