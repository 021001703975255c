/** The facts of an error, printed one a line under its sentence. */
export interface ErrorDetails {
  /** Values that came, by name: shapes as number arrays, everything else as text. */
  readonly facts?: Readonly<Record<string, readonly (number | null)[] | string | number>>
  /** The rule that was broken. */
  readonly rule?: string
  /** The likely fix. */
  readonly hint?: string
  readonly cause?: unknown
}

/**
 * Base of every error this library throws on purpose. The message is a sentence, then aligned facts:
 *
 *     linear: kernel expects 784 features, the input has 28
 *       x        [32, 28, 28]
 *       kernel   [784, 300]
 *       rule     the input's last dimension = the kernel's first
 *       hint     flatten first: add new Flatten() before "dense_1"
 *       in       sequential/dense_1 (Dense)
 */
export class SelvedgeError extends Error {
  /** Stable, machine-readable kind, the same in every version: `"ERR_SHAPE"`, `"ERR_OPTION"`, ... */
  readonly code: string = "ERR_SELVEDGE"
  // Private, so that printing an error shows its message once and not these again.
  readonly #sentence: string
  readonly #details: ErrorDetails
  #path = ""

  constructor(sentence: string, details: ErrorDetails = {}) {
    super(compose(sentence, details, ""), details.cause === undefined ? undefined : { cause: details.cause })
    this.name = new.target.name
    this.#sentence = sentence
    this.#details = details
  }

  /** The message's first line. */
  get sentence(): string {
    return this.#sentence
  }

  /** The facts under it. */
  get details(): ErrorDetails {
    return this.#details
  }

  /** Names the layer in which the error arose. The innermost layer is named first and stays. */
  within(path: string): this {
    if (this.#path === "") {
      this.#path = path
      this.message = compose(this.#sentence, this.#details, path)
    }
    return this
  }
}

/** Shapes that do not fit each other or an op's rule. */
export class ShapeError extends SelvedgeError {
  override readonly code = "ERR_SHAPE"
}

/** An option, argument or setting outside of what is allowed. */
export class OptionError extends SelvedgeError {
  override readonly code = "ERR_OPTION"
}

/** A file or byte stream that is not what its format demands. */
export class FormatError extends SelvedgeError {
  override readonly code = "ERR_FORMAT"
}

/** A NaN or an infinity where a finite number is needed. */
export class NonFiniteError extends SelvedgeError {
  override readonly code = "ERR_NON_FINITE"
}

/** A tensor whose buffer belonged to a training step that has ended. */
export class StaleTensorError extends SelvedgeError {
  override readonly code = "ERR_STALE_TENSOR"
}

/** `[2, null, 3]` as `"[2, null, 3]"`. */
export function formatShape(shape: readonly (number | null)[]): string {
  return `[${shape.map(String).join(", ")}]`
}

function compose(sentence: string, details: ErrorDetails, path: string): string {
  const rows = Object.entries(details.facts ?? {}).map(([name, value]): [string, string] => [
    name,
    typeof value === "object" ? formatShape(value) : String(value),
  ])
  if (details.rule) rows.push(["rule", details.rule])
  if (details.hint) rows.push(["hint", details.hint])
  if (path) rows.push(["in", path])
  const width = Math.max(8, ...rows.map(([name]) => name.length))
  return [sentence, ...rows.map(([name, text]) => `  ${name.padEnd(width)} ${text}`)].join("\n")
}

/** The candidate closest to `word` by edit distance, or undefined when none is near. */
export function nearest(word: string, candidates: readonly string[]): string | undefined {
  const bare = (text: string) => text.toLowerCase().replace(/[_\-\s]/g, "")
  let best: string | undefined
  let bestDistance = Math.max(2, Math.floor(word.length / 2))
  for (const candidate of candidates) {
    const distance = editDistance(bare(word), bare(candidate))
    if (distance < bestDistance || (distance === bestDistance && best === undefined)) {
      best = candidate
      bestDistance = distance
    }
  }
  return best
}

function editDistance(a: string, b: string): number {
  let row = Array.from({ length: b.length + 1 }, (_, j) => j)
  for (let i = 1; i <= a.length; i++) {
    const next = [i]
    for (let j = 1; j <= b.length; j++) {
      const swap = row[j - 1] + (a[i - 1] === b[j - 1] ? 0 : 1)
      next.push(Math.min(swap, row[j] + 1, next[j - 1] + 1))
    }
    row = next
  }
  return row[b.length]
}

/**
 * Refuses keys that an options object may not have, naming the nearest valid one.
 * @throws OptionError for an unknown key or when `options` is not a plain object.
 */
export function checkKeys(owner: string, options: object, allowed: readonly string[]): void {
  if (options === null || typeof options !== "object" || Array.isArray(options)) {
    throw new OptionError(`${owner}: options must be an object, got ${describe(options)}`, {
      facts: { allowed: allowed.join(", ") || "(none)" },
    })
  }
  for (const key of Object.keys(options)) {
    if (allowed.includes(key)) continue
    const near = nearest(key, allowed)
    throw new OptionError(`${owner}: unknown option "${key}"${near ? `, did you mean "${near}"?` : ""}`, {
      facts: { allowed: allowed.join(", ") || "(none)" },
    })
  }
}

/**
 * Checks that a string is one of a fixed set, and narrows it.
 * @throws OptionError naming the nearest valid value.
 */
export function checkChoice<T extends string>(owner: string, name: string, value: unknown, choices: readonly T[]): T {
  if (choices.includes(value as T)) return value as T
  const near = typeof value === "string" ? nearest(value, choices) : undefined
  throw new OptionError(`${owner}: ${name} ${describe(value)} is unknown${near ? `, did you mean "${near}"?` : ""}`, {
    facts: { allowed: choices.map(choice => `"${choice}"`).join(", ") },
  })
}

/** What a number option must satisfy. */
export interface NumberRule {
  readonly min?: number
  readonly max?: number
  /** Excludes `min` itself. */
  readonly above?: number
  /** Excludes `max` itself. */
  readonly below?: number
  readonly integer?: boolean
}

/**
 * Checks a number option against its range.
 * @throws OptionError for anything but a finite number in the range.
 */
export function checkNumber(owner: string, name: string, value: unknown, rule: NumberRule = {}): number {
  const { min = -Infinity, max = Infinity, above = -Infinity, below = Infinity, integer = false } = rule
  const fine =
    typeof value === "number" &&
    Number.isFinite(value) &&
    value >= min &&
    value <= max &&
    value > above &&
    value < below &&
    (!integer || Number.isInteger(value))
  if (fine) return value
  const limits = [
    min > -Infinity && `>= ${min}`,
    above > -Infinity && `> ${above}`,
    max < Infinity && `<= ${max}`,
    below < Infinity && `< ${below}`,
  ].filter(Boolean)
  const range = limits.length ? ` ${limits.join(" and ")}` : ""
  throw new OptionError(
    `${owner}: ${name} must be ${integer ? "an integer" : "a number"}${range}, got ${describe(value)}`,
  )
}

/** @throws OptionError for anything but true or false. */
export function checkBoolean(owner: string, name: string, value: unknown): boolean {
  if (typeof value === "boolean") return value
  throw new OptionError(`${owner}: ${name} must be true or false, got ${describe(value)}`)
}

/** A short text for any value: `"relu"`, `3`, `[1, 2]`, `an instance of Dense`. */
export function describe(value: unknown): string {
  if (typeof value === "string") return `"${value}"`
  if (Array.isArray(value))
    return value.length > 8 ? `an array of ${value.length}` : `[${value.map(describe).join(", ")}]`
  if (typeof value === "function") return `a function${value.name ? ` "${value.name}"` : ""}`
  if (typeof value === "object" && value !== null) {
    const name = value.constructor?.name
    return name && name !== "Object" ? `an instance of ${name}` : "an object"
  }
  return String(value)
}
