import { readdirSync, readFileSync, writeFileSync } from "node:fs"
import { join } from "node:path"
import { describeMachine, type Machine } from "./machine.ts"
import type { Report } from "./suite.ts"
import { markdown } from "./table.ts"

/** The content of a results file. */
export interface Results {
  readonly machine: Machine
  readonly width: 128 | 256
  readonly arithmetic: string
  readonly quick: boolean
  readonly versions: Readonly<Record<string, string>>
  readonly reports: Readonly<Record<string, readonly Report[]>>
}

/** Writes all results of a folder as one page of Markdown; gives its path. */
export function render(folder: string, page: string): string {
  const files = readdirSync(folder)
    .filter(name => name.endsWith(".json"))
    .sort()
  const sections = files.map(name => section(name, JSON.parse(readFileSync(join(folder, name), "utf8"))))
  const text = [
    "# Results",
    `Rendered by \`npm run bench -- --render\` from \`${folder}\`. What was aimed at, and what was tried: [BARS.md](BARS.md).`,
    ...sections,
  ].join("\n\n")
  writeFileSync(page, `${text}\n`)
  return page
}

/** One run as Markdown: what it was measured with, then its tables. */
export function section(name: string, { machine, width, arithmetic, quick, versions, reports }: Results): string {
  const peers = Object.entries(versions).map(([peer, version]) => `${peer} ${version}`)
  const facts = [
    `- ${describeMachine(machine)}`,
    `- vectors of ${width} bits, ${arithmetic} arithmetic${quick ? "; a quick look, few rounds" : ""}`,
    ...(peers.length > 0 ? [`- ${peers.join(", ")}`] : []),
  ]
  const tables = Object.values(reports)
    .flat()
    .map(({ title, header, rows, notes }) => [`### ${title}`, markdown(header, rows), ...notes].join("\n\n"))
  return [`## ${name.replace(/\.json$/, "")}`, facts.join("\n"), ...tables].join("\n\n")
}
