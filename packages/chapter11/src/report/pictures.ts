import { readFile } from "node:fs/promises"
import { join } from "node:path"
import type { ReportBlock } from "@selvedge/report"
import type { CollectedRun } from "../results.ts"
import { narrowFolder } from "../running/record.ts"

/**
 * A picture that a run saved, with its drawing for phones; one that has none of its own scrolls there. Null where its file
 * is gone.
 */
export async function chartOf({ folder, record }: CollectedRun, name: string): Promise<ReportBlock | null> {
  const read = (...path: string[]) => readFile(join(folder, ...path), "utf8").catch(() => null)
  const [wide, narrow] = await Promise.all([read(`${name}.svg`), read(narrowFolder, `${name}.svg`)])
  if (wide === null) return null
  if (narrow === null || narrow === wide)
    return { chart: wide, caption: `${record.title}: ${name.replaceAll("_", " ")}` }
  return { chart: width => (width < 500 ? narrow : wide) }
}
