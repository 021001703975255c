/**
 * Loads a model file: `loadFile.js FILE [--trusted] [--serve]`. Once, printing the largest memory of the process in bytes
 * before and after as JSON; with --serve as often as each line of its input says, answering how long it took.
 */
import { existsSync, readFileSync } from "node:fs"
import { loadModel } from "@selvedge/formats"
import { answer } from "../peers/answer.ts"

const file = process.argv[2] ?? ""
const trusted = process.argv.includes("--trusted")

/** The largest resident memory of this process. The kernel's own count, where it has one, leaves out its parent. */
function peak(): number {
  const [, kilobytes] = existsSync("/proc/self/status")
    ? (/VmHWM:\s+(\d+) kB/.exec(readFileSync("/proc/self/status", "utf8")) ?? [])
    : []
  return (kilobytes === undefined ? process.resourceUsage().maxRSS : Number(kilobytes)) * 1024
}

if (process.argv.includes("--serve")) {
  await answer(async times => {
    for (let t = 0; t < times; t++) await loadModel(file, { trusted })
  })
} else {
  const before = peak()
  if (file !== "") await loadModel(file, { trusted })
  console.log(JSON.stringify({ before, after: peak() }))
}
