import { execFile } from "node:child_process"
import { fileURLToPath } from "node:url"
import { promisify } from "node:util"
import type { Report, SuiteOptions } from "../suite.ts"

const execute = promisify(execFile)
const program = fileURLToPath(new URL("../memory/run.ts", import.meta.url))
const mebibyte = 1 << 20

async function resident(kind: "leaky_relu" | "steps", count: number): Promise<number[]> {
  const { stdout } = await execute(process.execPath, [...process.execArgv, program, kind, String(count)])
  return JSON.parse(stdout)
}

/** What a process holds: at its peak while it trains on many images, and while it takes very many small steps. */
export async function memory({ quick }: SuiteOptions): Promise<Report[]> {
  const [images, steps] = quick ? [6_000, 100_000] : [60_000, 1_000_000]
  const { stdout } = await execute(process.execPath, ["-p", "process.resourceUsage().maxRSS * 1024"])
  const [, peak = Number.NaN] = await resident("leaky_relu", images)
  const tenths = await resident("steps", steps)
  const mebibytes = (bytes: number | undefined) => (bytes ?? Number.NaN) / mebibyte
  return [
    {
      title: "Resident memory of a process, MiB",
      header: ["what", "MiB"],
      rows: [
        ["node alone, peak", mebibytes(Number(stdout))],
        [`LeakyReLU network, ${images} images of 784 bytes, one epoch, peak`, mebibytes(peak)],
        ...tenths.map((bytes, i) => [`small network after ${((i + 1) * steps) / 10} steps`, mebibytes(bytes)]),
      ],
      notes: ["Sources run through a transpiler, whose memory counts in."],
    },
  ]
}
