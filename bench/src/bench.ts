import { mkdirSync, writeFileSync } from "node:fs"
import { dirname } from "node:path"
import { parseArgs } from "node:util"
import { machine } from "./machine.ts"
import { findPython } from "./peers/python.ts"
import type { Report, Suite, SuiteOptions } from "./suite.ts"
import { gemm } from "./suites/gemm.ts"
import { step } from "./suites/step.ts"
import { table } from "./table.ts"

const suites: Record<string, Suite> = { gemm, step }

const help = `npm run bench -- [SUITE...] [options]

Suites: ${Object.keys(suites).join(", ")} (all of them when none is named)

  --quick          few rounds, for a look
  --peers          other libraries beside ours, in turns with it
  --python PATH    a Python with keras, jax, tensorflow, torch for more peers (default .venv/bin/python)
  --json FILE      writes all figures
  --help           this text`

function readOptions() {
  const { values, positionals } = parseArgs({
    allowPositionals: true,
    options: {
      quick: { type: "boolean", default: false },
      peers: { type: "boolean", default: false },
      python: { type: "string" },
      json: { type: "string" },
      help: { type: "boolean", default: false },
    },
  })
  const unknown = positionals.find(name => !(name in suites))
  if (unknown !== undefined)
    throw new Error(`there is no suite "${unknown}"; there are: ${Object.keys(suites).join(", ")}`)
  return { ...values, names: positionals.length > 0 ? positionals : Object.keys(suites) }
}

async function main(): Promise<number> {
  let options: ReturnType<typeof readOptions>
  try {
    options = readOptions()
  } catch (error) {
    console.error(`bench: ${error instanceof Error ? error.message : String(error)}\n\n${help}`)
    return 2
  }
  if (options.help) {
    console.log(help)
    return 0
  }
  const python = options.peers ? findPython(options.python) : null
  const settings: SuiteOptions = { quick: options.quick, peers: options.peers, python }
  console.log(machine())
  const reports: Record<string, Report> = {}
  for (const name of options.names) {
    const report = await suites[name]?.(settings)
    if (!report) continue
    reports[name] = report
    console.log(`\n${report.title}\n\n${table(report.header, report.rows)}`)
    for (const note of report.notes) console.log(note)
  }
  if (options.json !== undefined) {
    mkdirSync(dirname(options.json), { recursive: true })
    writeFileSync(options.json, `${JSON.stringify({ machine: machine(), reports }, null, 2)}\n`)
  }
  return 0
}

process.exitCode = await main()
