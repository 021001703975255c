import { readdir, readFile } from "node:fs/promises"
import { join } from "node:path"
import type { ReportBlock, ReportCell, ReportSection } from "@selvedge/report"

/** What the bench's suite `chapter` leaves in a results file. */
interface Measured {
  readonly machine?: { readonly processor?: string; readonly cores?: number; readonly node?: string }
  readonly width?: number
  readonly quick?: boolean
  readonly reports?: Readonly<Record<string, readonly MeasuredTable[]>>
}

interface MeasuredTable {
  readonly header: readonly string[]
  readonly rows: readonly (readonly (string | number | null)[])[]
  readonly notes: readonly string[]
}

const none =
  "No measurement is at hand. `npm run bench -- chapter --peers --json bench/results/chapter.json` runs the chapter here and in Keras, one after the other, and the next report shows what it finds."

/** Seconds of each experiment here and in Keras, from the results of the bench in a folder, where there are any. */
export async function wallClockSection(folder: string): Promise<ReportSection> {
  const names = (await readdir(folder).catch(() => [])).filter(name => name.endsWith(".json")).sort()
  const found = await Promise.all(names.map(name => measured(join(folder, name))))
  const blocks = found.flat()
  return { heading: "Time beside Keras", blocks: blocks.length > 0 ? blocks : [none] }
}

async function measured(file: string): Promise<ReportBlock[]> {
  const { machine = {}, width, quick, reports } = parse(await readFile(file, "utf8"))
  if (quick) return []
  const where = `${machine.processor}, ${machine.cores} cores, Node ${machine.node}, vectors of ${width} bits`
  return (reports?.chapter ?? []).flatMap(({ header, rows, notes }) => [
    { table: { caption: `Seconds. ${where}`, columns: header, rows: rows.map(row => row.map(cell)) } },
    ...notes,
  ])
}

/** A file that holds something else is passed over. */
function parse(text: string): Measured {
  try {
    return JSON.parse(text) ?? {}
  } catch {
    return {}
  }
}

const cell = (value: string | number | null): ReportCell =>
  typeof value === "number" ? value.toFixed(value < 10 ? 2 : 1) : value
