import { availableParallelism } from "node:os"
import { nearest, OptionError } from "@selvedge/core"
import { experiments } from "./experiments/index.ts"
import { flagHelp, optionalNumber, parseFlags, path, toggle, wholeNumber, wholeNumbers } from "./flags.ts"
import type { Settings } from "./running/record.ts"

const flags = {
  seeds: wholeNumbers(0, [42], "seeds; each experiment runs once with each"),
  epochs: optionalNumber(1, "passes over the training images, in place of the book's numbers"),
  quick: toggle("few images and at most two epochs: to see that everything works"),
  json: path("FILE", "writes all runs and the comparison with Keras in one file"),
  out: path("FOLDER", "where results go (default runs, and runs/quick with --quick)"),
  jobs: wholeNumber(1, availableParallelism(), "experiments at once, each in a process of its own"),
  data: path("FOLDER", "where Fashion-MNIST lies (default: $SELVEDGE_DATASETS, the cache, or a download)"),
  "no-wide": toggle("vectors of 128 bits, also where the engine has wider ones"),
}

/** What `--help` prints. */
export const help = `npm run chapter -- [KEY...] [options]

Runs the experiments of chapter 11, all of them when none is named. "npm run chapter -- list" shows what there is.
A run that has finished under the same options is not run again, and an interrupted one goes on where it was:
remove its folder to begin anew.

${flagHelp(flags)}`

/** What the command line asks for. */
export interface Command {
  readonly keys: readonly string[]
  readonly seeds: readonly number[]
  readonly settings: Settings
  readonly out: string
  readonly json: string | undefined
  readonly jobs: number
  readonly wide: boolean
}

/**
 * Reads the command line.
 * @throws OptionError for a key or flag that does not exist, naming the nearest, or a value that is not allowed.
 */
export function readCommand(args: readonly string[]): Command | "help" | "list" {
  const { values, words, help } = parseFlags(args, flags)
  if (help) return "help"
  if (words[0] === "list" && words.length === 1) return "list"
  const unknown = words.find(word => !(word in experiments))
  if (unknown !== undefined) {
    const near = nearest(unknown, Object.keys(experiments))
    throw new OptionError(`there is no experiment "${unknown}"${near ? `, did you mean ${near}?` : ""}`, {
      facts: { keys: Object.keys(experiments).join(" ") },
    })
  }
  const { seeds, epochs = null, quick, data = null, out = quick ? "runs/quick" : "runs", json, jobs } = values
  const keys = words.length > 0 ? words : Object.keys(experiments)
  return { keys, seeds, settings: { epochs, quick, data }, out, json, jobs, wide: !values["no-wide"] }
}
