import { nearest, OptionError } from "@selvedge/core"

/** A flag of a command: what it is called, what it takes and how its value is checked. */
export interface Flag<T> {
  readonly value: string
  readonly about: string
  readonly fallback: T
  /** Reads the value. @throws OptionError that says what is allowed. */
  read(text: string, name: string): T
}

type Values<F> = { -readonly [K in keyof F]: F[K] extends Flag<infer T> ? T : never }

/** A whole number of at least `least`. */
export function wholeNumber(least: number, fallback: number, about: string): Flag<number> {
  return {
    value: "N",
    about,
    fallback,
    read(text, name) {
      const n = Number(text)
      if (/^\d+$/.test(text) && Number.isSafeInteger(n) && n >= least) return n
      throw new OptionError(`--${name} takes a whole number from ${least} up, got "${text}"`)
    },
  }
}

/** A number above zero. */
export function positiveNumber(fallback: number, about: string): Flag<number> {
  return {
    value: "X",
    about,
    fallback,
    read(text, name) {
      const x = Number(text)
      if (text.trim() !== "" && Number.isFinite(x) && x > 0) return x
      throw new OptionError(`--${name} takes a number above 0, got "${text}"`)
    },
  }
}

/** Whole numbers with commas between them, each once. */
export function wholeNumbers(least: number, fallback: readonly number[], about: string): Flag<readonly number[]> {
  const one = wholeNumber(least, least, about)
  return {
    value: "N,N,...",
    about,
    fallback,
    read: (text, name) => [...new Set(text.split(",").map(part => one.read(part.trim(), name)))],
  }
}

/** A whole number of at least `least`; undefined when the flag is left out. */
export function optionalNumber(least: number, about: string): Flag<number | undefined> {
  return { ...wholeNumber(least, least, about), fallback: undefined }
}

/** The path of a file or folder; undefined when the flag is left out. */
export function path(value: string, about: string, fallback?: string): Flag<string | undefined> {
  return {
    value,
    about,
    fallback,
    read(text, name) {
      if (text !== "") return text
      throw new OptionError(`--${name} takes a path, got nothing`)
    },
  }
}

/** A flag that takes no value. */
export function toggle(about: string): Flag<boolean> {
  return { value: "", about, fallback: false, read: () => true }
}

/** What a command line said. */
export interface Parsed<F> {
  readonly values: Values<F>
  readonly words: readonly string[]
  readonly help: boolean
}

/**
 * Reads `--name value`, `--name=value` and bare words.
 * @throws OptionError for an unknown flag, naming the nearest, a missing value or one that is not allowed.
 */
export function parseFlags<F extends Record<string, Flag<unknown>>>(args: readonly string[], flags: F): Parsed<F> {
  const values = Object.fromEntries(Object.entries(flags).map(([key, flag]) => [key, flag.fallback]))
  const words: string[] = []
  let help = false
  for (let i = 0; i < args.length; i++) {
    const word = args[i] ?? ""
    if (word === "--help" || word === "-h") help = true
    else if (!word.startsWith("-")) words.push(word)
    else {
      const [name = "", inline] = word.replace(/^--?/, "").split(/=(.*)/s, 2)
      const flag = flags[name]
      if (flag === undefined) throw unknownFlag(word, Object.keys(flags))
      const text = inline ?? (flag.value === "" ? "" : args[++i])
      if (text === undefined) throw new OptionError(`--${name} needs a value: --${name} ${flag.value}`)
      values[name] = flag.read(text, name)
    }
  }
  return { values: values as Values<F>, words, help }
}

function unknownFlag(word: string, names: readonly string[]): OptionError {
  const near = nearest(word.replace(/^-+/, ""), names)
  return new OptionError(`there is no flag ${word}${near ? `, did you mean --${near}?` : ""}`, {
    facts: { allowed: [...names, "help"].map(name => `--${name}`).join(" ") },
  })
}

/** One line per flag, for `--help`. */
export function flagHelp(flags: Record<string, Flag<unknown>>): string {
  const rows = Object.entries(flags).map(([name, flag]): [string, string] => {
    const fallback = flag.fallback === undefined || flag.fallback === false ? "" : ` (default ${String(flag.fallback)})`
    return [`--${name} ${flag.value}`.trim(), flag.about + fallback]
  })
  rows.push(["--help", "this text"])
  const width = Math.max(...rows.map(([left]) => left.length))
  return rows.map(([left, right]) => `  ${left.padEnd(width)}  ${right}`).join("\n")
}
