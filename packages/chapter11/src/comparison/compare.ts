import { divergedOf, type Finals } from "./finals.ts"
import { detectable, fisher, holm, powerOf, type Sample, sampleOf, type Welch, welch } from "./tests.ts"

/** All tests together find a difference where there is none with at most this probability. */
export const level = 0.01
/** A bias of one point of accuracy is what must not be missed. */
const onePoint = 0.01
/** The probability with which a difference is called detectable. */
const wantedPower = 0.9

/** A test of one thing about one experiment. */
export interface Test {
  readonly p: number
  /** After Holm's correction over all tests. */
  readonly adjusted: number
  readonly differs: boolean
}

/** A test of two means. */
export interface MeanTest extends Test {
  /** The bias that would have been found with a probability of 0.9, at the level that Holm's correction leaves at worst. */
  readonly detectable: number
  /** The probability with which a bias of 0.01 would have been found. */
  readonly powerAtOnePoint: number
}

/** The runs of one side, those that diverged left out of the samples. */
export interface Side {
  readonly runs: number
  readonly diverged: number
  readonly val_loss: Sample
  readonly val_accuracy: Sample
}

/** An experiment here and in Keras. */
export interface KeyComparison {
  readonly key: string
  readonly ours: Side
  readonly keras: Side
  /** Null where there are too few runs to tell. */
  readonly val_loss: MeanTest | null
  readonly val_accuracy: MeanTest | null
  /** Fisher's exact test of how often runs diverge; null where none did on either side. */
  readonly divergence: Test | null
}

/** All experiments that ran on both sides. */
export interface Comparison {
  readonly level: number
  readonly tests: number
  readonly keys: readonly KeyComparison[]
  /** Sentences that say what was found and what could have been. */
  readonly statements: readonly string[]
}

interface Draft {
  readonly key: string
  readonly ours: Side
  readonly keras: Side
  readonly val_loss: Welch | null
  readonly val_accuracy: Welch | null
  readonly divergence: number | null
}

/**
 * Compares final validation loss and accuracy here and in Keras: Welch's t-test per key and metric over the runs that did
 * not diverge, Fisher's exact test of the rates of those that did, Holm's correction over all of them at 1 %.
 */
export function compare(ours: Readonly<Record<string, Finals>>, keras: Readonly<Record<string, Finals>>): Comparison {
  const drafts = Object.keys(keras).flatMap(key => {
    const [a, b] = [ours[key], keras[key]]
    return a && b && a.seeds.length > 0 ? [draft(key, sideOf(a), sideOf(b))] : []
  })
  const pValues = drafts.flatMap(d =>
    [d.val_loss?.p, d.val_accuracy?.p, d.divergence].filter(p => typeof p === "number"),
  )
  const adjusted = holm(pValues)
  const worst = level / Math.max(1, pValues.length)
  let next = 0
  const tested = (p: number): Test => {
    const value = adjusted[next++] ?? 1
    return { p, adjusted: value, differs: value < level }
  }
  const means = (w: Welch | null): MeanTest | null =>
    w && {
      ...tested(w.p),
      detectable: detectable(w, worst, wantedPower),
      powerAtOnePoint: powerOf(w, worst, onePoint),
    }
  const keys = drafts.map(({ val_loss, val_accuracy, divergence, ...rest }) => ({
    ...rest,
    val_loss: means(val_loss),
    val_accuracy: means(val_accuracy),
    divergence: divergence === null ? null : tested(divergence),
  }))
  return { level, tests: pValues.length, keys, statements: statementsFor(keys, pValues.length) }
}

function sideOf(finals: Finals): Side {
  const diverged = divergedOf(finals)
  const kept = (values: readonly (number | null)[]) =>
    sampleOf(values.filter((x, i): x is number => x !== null && !diverged[i]))
  return {
    runs: finals.seeds.length,
    diverged: diverged.filter(Boolean).length,
    val_loss: kept(finals.val_loss),
    val_accuracy: kept(finals.val_accuracy),
  }
}

function draft(key: string, ours: Side, keras: Side): Draft {
  const none = ours.diverged + keras.diverged === 0
  return {
    key,
    ours,
    keras,
    val_loss: welch(ours.val_loss, keras.val_loss),
    val_accuracy: welch(ours.val_accuracy, keras.val_accuracy),
    divergence: none ? null : fisher(ours.diverged, ours.runs, keras.diverged, keras.runs),
  }
}

function statementsFor(keys: readonly KeyComparison[], tests: number): string[] {
  const found = keys.flatMap(({ key, val_loss, val_accuracy, divergence }) =>
    Object.entries({ val_loss, val_accuracy, divergence }).flatMap(([what, test]) =>
      test?.differs ? [`${key} (${what}, adjusted p ${test.adjusted.toExponential(1)})`] : [],
    ),
  )
  const sure = keys.filter(({ val_accuracy }) => (val_accuracy?.powerAtOnePoint ?? 0) >= wantedPower)
  const unsure = keys.filter(key => !sure.includes(key))
  const points = (test: MeanTest | null) => (test ? `${(100 * test.detectable).toFixed(1)}` : "?")
  return [
    found.length > 0
      ? `Different from Keras at ${100 * level} % over ${tests} tests: ${found.join("; ")}.`
      : `No difference from Keras at ${100 * level} % over ${tests} tests.`,
    sure.length > 0
      ? `A bias of one point of accuracy would have been found with a probability of at least ${wantedPower} in: ${sure.map(({ key }) => key).join(", ")}.`
      : "In no experiment are there runs enough to find a bias of one point of accuracy.",
    ...(unsure.length > 0
      ? [
          `${sure.length > 0 ? "In the others it would take" : "It would take"}, in points: ${unsure.map(({ key, val_accuracy }) => `${key} ${points(val_accuracy)}`).join(", ")}.`,
        ]
      : []),
  ]
}
