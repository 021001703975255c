import { mkdirSync, writeFileSync } from "node:fs"
import { dirname } from "node:path"
import { type Arithmetic, setArithmetic, setVectorWidth } from "@selvedge/core"
import { help, type Options, readOptions } from "./flags.ts"
import { describeMachine, machine, peerVersions } from "./machine.ts"
import { findPython } from "./peers/peer.ts"
import { type Results, render } from "./render.ts"
import type { Report, SuiteOptions } from "./suite.ts"
import { suites, usualSuites } from "./suites/index.ts"
import { table } from "./table.ts"

/** Asks for the instructions that the options want; says what it got. */
function choose({ wide, fused }: Options): { readonly width: 128 | 256; readonly arithmetic: Arithmetic } {
  const arithmetic = setArithmetic(fused ? "fused" : "portable")
  if (fused && arithmetic !== "fused") console.log("This engine has no fused arithmetic: measuring the portable one.")
  const { bits, reason } = setVectorWidth(wide ? 256 : 128)
  console.log(`Vectors of ${bits} bits${reason === "" ? "" : ` (${reason})`}, ${arithmetic} arithmetic`)
  return { width: bits, arithmetic }
}

async function run(options: Options): Promise<Results> {
  const python = options.peers ? findPython(options.python) : null
  const facts = machine()
  console.log(describeMachine(facts))
  const instructions = choose(options)
  const versions = peerVersions(options.peers, python)
  if (Object.keys(versions).length > 0) {
    const entries = Object.entries(versions).map(([name, version]) => `${name} ${version}`)
    console.log(`Peers: ${entries.join(", ")}`)
  }
  const settings: SuiteOptions = {
    quick: options.quick,
    peers: options.peers,
    only: options.only,
    python,
    ...instructions,
  }
  const reports: Record<string, readonly Report[]> = {}
  for (const name of options.names) {
    const found = (await suites[name]?.(settings)) ?? []
    reports[name] = found
    for (const { title, header, rows, notes } of found) {
      console.log(`\n${title}\n\n${table(header, rows)}`)
      for (const note of notes) console.log(note)
    }
  }
  return { machine: facts, ...instructions, quick: options.quick, versions, reports }
}

async function main(): Promise<number> {
  let options: Options
  try {
    options = readOptions(process.argv.slice(2), Object.keys(suites), Object.keys(usualSuites))
  } catch (error) {
    console.error(
      `bench: ${error instanceof Error ? error.message : String(error)}\n\n${help(Object.keys(suites), Object.keys(usualSuites))}`,
    )
    return 2
  }
  if (options.help) console.log(help(Object.keys(suites), Object.keys(usualSuites)))
  else if (options.render) console.log(`wrote ${render("bench/results", "bench/RESULTS.md")}`)
  else {
    const results = await run(options)
    if (options.json !== undefined) {
      mkdirSync(dirname(options.json), { recursive: true })
      writeFileSync(options.json, `${JSON.stringify(results, null, 2)}\n`)
    }
  }
  return 0
}

process.exitCode = await main()
