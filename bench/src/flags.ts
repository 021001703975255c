import { parseArgs } from "node:util"

/** What the command line asks for. */
export interface Options {
  /** The suites to run, in order. */
  readonly names: readonly string[]
  readonly quick: boolean
  readonly peers: boolean
  readonly only: readonly string[]
  readonly python: string | undefined
  readonly wide: boolean
  readonly fused: boolean
  readonly json: string | undefined
  readonly render: boolean
  readonly help: boolean
}

export const help = (suites: readonly string[], usual: readonly string[]) => `npm run bench -- [SUITE...] [options]

Suites: ${suites.join(", ")} (when none is named: ${usual.join(", ")})

  --quick          few rounds and rows, for a look
  --peers          other libraries beside ours, in turns with it
  --only NAME,...  of the peers of the step suite these alone: many of them keep cores busy beyond their turn
  --python PATH    a Python with keras, jax, tensorflow, torch for more peers (default .venv/bin/python,
                   which npm run bench:keras-env makes)
  --no-wide        vectors of 128 bits, also where the engine has wider ones
  --fused          multiply-add rounded once, where the engine has it
  --json FILE      writes all figures
  --render         writes bench/RESULTS.md from bench/results/*.json, and measures nothing
  --help           this text`

/** @throws Error for an unknown option or suite. */
export function readOptions(args: readonly string[], suites: readonly string[], usual: readonly string[]): Options {
  const flag = { type: "boolean", default: false } as const
  const { values, positionals } = parseArgs({
    args: [...args],
    allowPositionals: true,
    options: {
      quick: flag,
      peers: flag,
      only: { type: "string" },
      python: { type: "string" },
      "no-wide": flag,
      fused: flag,
      json: { type: "string" },
      render: flag,
      help: flag,
    },
  })
  const unknown = positionals.find(name => !suites.includes(name))
  if (unknown !== undefined) throw new Error(`there is no suite "${unknown}"; there are: ${suites.join(", ")}`)
  const { quick, peers, python, fused, json, render, help: helps } = values
  const names = positionals.length > 0 ? positionals : usual
  const only = values.only?.split(",").map(name => name.trim()) ?? []
  return { names, quick, peers, only, python, wide: !values["no-wide"], fused, json, render, help: helps }
}
