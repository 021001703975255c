import type { Buffer, Tensor } from "@selvedge/core"
import { assign, finishRuns, inAnyOrder, isTensor, OptionError, runAtOnce, tensor } from "@selvedge/core"
import { Weight } from "@selvedge/layers"
import { type Config, toConfig } from "../config.ts"
import { type LearningRate, Schedule } from "../schedules/index.ts"
import { addInto, averageInto, clip, decayInto, scaled } from "./prepare.ts"
import { type CommonOptions, checkLearningRate } from "./settings.ts"
import {
  checkGradients,
  type Gradient,
  newSlot,
  numbersOf,
  type OptimizerState,
  type SlotKind,
  type Step,
  slotPrefix,
} from "./slots.ts"

interface State {
  readonly slots: readonly Tensor[]
  readonly average: Tensor | null
  readonly accumulator: Tensor | null
}

const factorOf = (weight: Tensor) => (weight instanceof Weight ? weight.learningRateMultiplier : 1)

/** Classes of this library whose update of a weight is one kernel at the most, and looks at nothing that others may be computing. */
export const ownClasses = new Set<unknown>()

/**
 * Base of all optimizers. A subclass gives the formula, `update`; here stands, once and in Keras's order, what is common:
 * gradients are divided by the loss scale, averaged over the accumulation steps, clipped; weights decay, are updated,
 * averaged (EMA). Constraints follow, in `fit`.
 *
 * `iterations` counts updates. A schedule is asked for the number of calls of `apply` before this one.
 */
export abstract class Optimizer {
  static readonly className: string = "Optimizer"
  protected abstract readonly options: CommonOptions
  #rate: LearningRate | null = null
  #calls = 0
  #weights: readonly Tensor[] = []
  readonly #states = new Map<Tensor, State>()
  #stateTensors: readonly Tensor[] = []
  #undecayed: readonly string[] = []

  /** Its Keras name. */
  get className(): string {
    return (this.constructor as typeof Optimizer).className
  }

  /** How many updates were made: calls of `apply`, divided by the accumulation steps. */
  get iterations(): number {
    return Math.floor(this.#calls / (this.options.gradientAccumulationSteps ?? 1))
  }

  /** The rate of the coming step. Settable at any time, to a number, a schedule or a function of the step. */
  get learningRate(): number {
    const rate = this.#rate ?? this.options.learningRate
    if (typeof rate === "number") return rate
    return rate instanceof Schedule ? rate.at(this.#calls) : rate(this.#calls)
  }
  set learningRate(rate: LearningRate) {
    this.#rate = checkLearningRate(`${this.className}.learningRate`, rate)
  }

  /** The schedule or function that sets the rate; null when it is a plain number. */
  get schedule(): Exclude<LearningRate, number> | null {
    const rate = this.#rate ?? this.options.learningRate
    return typeof rate === "number" ? null : rate
  }

  /** Whether it was told to multiply the loss: gradients are divided by this again. */
  get lossScaleFactor(): number | null {
    return this.options.lossScaleFactor
  }

  /** Whether it keeps averages of the weights. */
  get useEma(): boolean {
    return this.options.useEma
  }

  /**
   * The formula: changes `w` by its gradient `g`. `slots` come in the order of `slotKinds()`.
   */
  protected abstract update(w: Buffer, g: Buffer, slots: readonly Buffer[], step: Step, weight: Tensor): void

  /** The state kept per weight, in groups: within a group Keras lists it weight by weight, groups one after the other. */
  protected slotKinds(): readonly (readonly SlotKind[])[] {
    return []
  }

  /** Numbers that belong to no weight and change once per update, in Keras's order. */
  protected readonly scalars: Record<string, number> = {}

  /** Called once per update, before the first weight. */
  protected beginUpdate(_step: Step): void {}

  /** Weights whose name contains one of these fragments do not decay. */
  excludeFromWeightDecay(nameFragments: readonly string[]): void {
    this.#undecayed = [...nameFragments]
  }

  /**
   * One step: changes the weights by their gradients. Creates the state of weights it has not met before.
   * @throws ShapeError when a gradient has not as many numbers as its weight.
   */
  apply(gradients: readonly Gradient[], weights: readonly Tensor[]): void {
    checkGradients(this.className, gradients, weights)
    this.build(weights)
    const each = this.options.gradientAccumulationSteps ?? 1
    const unscale = 1 / (this.options.lossScaleFactor ?? 1)
    const raw = gradients.map(g => scaled(numbersOf(g), unscale))
    if ((this.#calls + 1) % each !== 0) this.#accumulate(raw, weights)
    else this.#updateAll(each === 1 ? raw : this.#mean(raw, weights, each), weights)
    if (this.options.useEma) this.#average()
    this.#calls++
  }

  #accumulate(gradients: readonly Buffer[], weights: readonly Tensor[]): void {
    for (const [i, w] of weights.entries()) addInto(gradients[i]!, this.#state(w).accumulator!.write())
  }

  #mean(gradients: readonly Buffer[], weights: readonly Tensor[], each: number): Buffer[] {
    return weights.map((w, i) => {
      const sum = this.#state(w).accumulator!.write()
      addInto(gradients[i]!, sum)
      const mean = scaled(sum, 1 / each)
      finishRuns()
      sum.fill(0)
      return mean
    })
  }

  #updateAll(gradients: readonly Buffer[], weights: readonly Tensor[]): void {
    const step = { learningRate: this.learningRate, t: this.iterations + 1 }
    const clipped = clip(gradients, this.options)
    this.beginUpdate(step)
    for (const weight of weights) {
      // Looked at all the same: one that still waits for its first values gets them here, and not among updates.
      const w = weight.operand()
      const share = (this.options.weightDecay ?? 0) * step.learningRate * factorOf(weight)
      if (share !== 0 && this.#decays(weight)) decayInto(w, share)
    }
    finishRuns()
    // From here on nothing of ours waits for kernels: the first weights are updated while the last are looked up.
    const run = ownClasses.has(this.constructor) && new Set(weights).size === weights.length ? inAnyOrder : runAtOnce
    run(() => {
      for (const [i, weight] of weights.entries()) {
        // A factor of 0 is a frozen weight; a rate of 0, the first of a warm-up, still moves what is remembered.
        if (factorOf(weight) === 0) continue
        const learningRate = step.learningRate * factorOf(weight)
        const slots = this.#state(weight).slots.map(slot => slot.operand())
        this.update(weight.operand(), clipped[i]!, slots, { learningRate, t: step.t }, weight)
      }
    })
  }

  #decays(weight: Tensor): boolean {
    return !this.#undecayed.some(part => weight.name.includes(part))
  }

  #average(): void {
    const share = this.iterations === 0 ? 1 : 1 - this.options.emaMomentum
    for (const w of this.#weights) averageInto(w.read(), this.#state(w).average!.write(), share)
    const every = this.options.emaOverwriteFrequency
    if (every !== null && (this.iterations + 1) % every === 0) this.overwriteWithAverages()
  }

  /** Puts the averages in the place of the weights, as `fit` does when it ends. Nothing happens without `useEma`. */
  overwriteWithAverages(): void {
    for (const w of this.#weights) {
      const { average } = this.#state(w)
      if (average) assign(w, average)
    }
  }

  /** Creates the state for these weights; those it already knows keep theirs. */
  build(weights: readonly Tensor[]): void {
    const fresh = weights.filter(w => !this.#states.has(w))
    if (fresh.length === 0) return
    for (const w of fresh) this.#states.set(w, this.#newState(w))
    this.#weights = [...weights, ...this.#weights.filter(w => !weights.includes(w))]
    this.#stateTensors = this.#weights.flatMap(w => {
      const { slots, average, accumulator } = this.#state(w)
      return [...slots, average, accumulator].filter(x => x !== null)
    })
  }

  /** All tensors of its state: the same list until state for more weights is made. */
  get stateTensors(): readonly Tensor[] {
    return this.#stateTensors
  }

  /** The weights it has state for, in the order of `variables`. */
  get weights(): readonly Tensor[] {
    return this.#weights
  }

  /** Forgets all state and creates it anew for these weights. */
  rebuild(weights: readonly Tensor[]): void {
    this.#states.clear()
    this.#weights = []
    this.build(weights)
  }

  #newState(w: Tensor): State {
    return {
      slots: this.slotKinds()
        .flat()
        .map(kind => newSlot(w, kind)),
      // An average starts at the weight, so that one unfrozen late is not pulled towards zero.
      average: this.options.useEma ? tensor(w.read(), w.shape, { name: `${slotPrefix(w)}_average` }) : null,
      accumulator:
        this.options.gradientAccumulationSteps === null ? null : newSlot(w, { name: "gradient_accumulator" }),
    }
  }

  #state(w: Tensor): State {
    const state = this.#states.get(w)
    if (state) return state
    throw new OptionError(`${this.className}: build(weights) has not been called for "${w.name}"`)
  }

  /**
   * All of its state in Keras's order: iteration, learning rate (unless scheduled), averages, accumulators, slots, scalars.
   * State of weights is the optimizer's own; the single numbers are copies: write them with `setVariables`.
   */
  get variables(): readonly Tensor[] {
    return this.variablesFor(this.#weights)
  }

  /** Its state for some of the weights that it knows, in the order of `variables`. */
  variablesFor(weights: readonly Tensor[]): readonly Tensor[] {
    const number = (name: string, value: number) => tensor(value, [], { name })
    const states = weights.map(w => this.#state(w))
    const present = (x: Tensor | null) => (x ? [x] : [])
    let first = 0
    const groups = this.slotKinds().flatMap(group => {
      const [from, to] = [first, first + group.length]
      first = to
      return states.flatMap(state => state.slots.slice(from, to))
    })
    return [
      number("iteration", this.#calls),
      ...(this.schedule ? [] : [number("learning_rate", this.learningRate)]),
      ...states.flatMap(state => present(state.average)),
      ...states.flatMap(state => present(state.accumulator)),
      ...groups,
      ...Object.entries(this.scalars).map(([name, value]) => number(name, value)),
    ]
  }

  /**
   * Sets all of its state, in the order of `variables`: for weights that `build` has been called with.
   * @throws OptionError for another number of variables; ShapeError for one that does not fit.
   */
  setVariables(values: readonly (Tensor | ArrayLike<number>)[]): void {
    const variables = this.variables
    if (values.length !== variables.length) {
      throw new OptionError(`${this.className}: expects ${variables.length} variables, got ${values.length}`, {
        facts: { expected: variables.map(v => v.name).join(", ") },
        hint: "call build(weights) first",
      })
    }
    variables.forEach((variable, i) => {
      const value = values[i]!
      const first = (isTensor(value) ? value.read() : value)[0]!
      if (variable.name === "iteration") this.#calls = first
      else if (variable.name === "learning_rate") this.#rate = first
      else if (variable.name in this.scalars) this.scalars[variable.name] = first
      else assign(variable, value)
    })
  }

  /** What a checkpoint keeps beside `variables`. */
  getState(): OptimizerState {
    const learningRate = this.schedule ? null : this.learningRate
    return { calls: this.#calls, learningRate, scalars: { ...this.scalars }, settings: {} }
  }

  /** Restores what `getState` gave. */
  setState(state: OptimizerState): void {
    this.#calls = state.calls
    if (state.learningRate !== null) this.#rate = state.learningRate
    Object.assign(this.scalars, state.scalars)
  }

  /** Its options under Keras's names. */
  getConfig(): Config {
    const { name, ...options } = this.options
    const rate = this.schedule instanceof Schedule ? this.schedule : this.learningRate
    return { name: name ?? this.className.toLowerCase(), ...toConfig({ ...options, learningRate: rate }) }
  }
}
