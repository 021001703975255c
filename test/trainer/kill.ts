import { type ChildProcess, spawn } from "node:child_process"
import { existsSync, mkdtempSync, readFileSync, rmSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { createInterface } from "node:readline"
import { fileURLToPath } from "node:url"
import { stream } from "@selvedge/core"
import { buildSync } from "esbuild"

/** One file of plain JavaScript starts ten times faster than all the sources. */
function bundle(folder: string): string {
  const outfile = join(folder, "killed.mjs")
  buildSync({
    entryPoints: [fileURLToPath(new URL("./killed.ts", import.meta.url))],
    bundle: true,
    platform: "node",
    format: "esm",
    conditions: ["@selvedge/source"],
    outfile,
  })
  return outfile
}

function start(script: string, folder: string, pause: number): ChildProcess {
  return spawn(process.execPath, [script, folder, String(pause)], { stdio: ["ignore", "pipe", "inherit"] })
}

/** Reads what the run says until `isMoment`, kills it there, and gives the line; null when it came to its end first. */
async function killAt(child: ChildProcess, isMoment: (line: string) => boolean): Promise<string | null> {
  const ended = new Promise<void>(resolve => child.once("close", () => resolve()))
  let moment: string | null = null
  if (child.stdout) {
    for await (const line of createInterface({ input: child.stdout })) {
      if (moment !== null || !isMoment(line)) continue
      moment = line
      child.kill("SIGKILL")
    }
  }
  await ended
  if (moment === null && child.exitCode !== 0) throw new Error(`the run failed with ${child.exitCode}`)
  return moment
}

/**
 * Kills a training run with SIGKILL again and again, each time letting it go on from its checkpoint, until it has been
 * killed so many times; then lets it come to its end and compares its weights with those of an undisturbed run. A run
 * that ends before has its weights compared, too, and another begins.
 * @throws Error when the weights differ, or a checkpoint cannot be read.
 */
export async function killedRun({ kills, seed }: { kills: number; seed: number }) {
  const folders: string[] = []
  const folder = () => {
    const made = mkdtempSync(join(tmpdir(), "selvedge-kill-"))
    folders.push(made)
    return made
  }
  try {
    const script = bundle(folder())
    const calm = folder()
    await killAt(start(script, calm, 0), () => false)
    const expected = readFileSync(join(calm, "weights.bin"))
    const chance = stream(seed, "test", "kills").integers(new Uint32Array(2 * kills), 1 << 16)
    const log: string[] = []
    let current = folder()
    const finish = () => {
      if (!readFileSync(join(current, "weights.bin")).equals(expected))
        throw new Error(`other bits after ${log.join(", ")}`)
      if (existsSync(join(current, "training.checkpoint"))) throw new Error("a checkpoint is left over")
      current = folder()
    }
    while (log.length < kills) {
      // Two of five kills fall into the writing of a checkpoint; the others between steps.
      const window = chance[2 * log.length] % 5 < 2
      let left = 1 + (chance[2 * log.length + 1] % (window ? 7 : 5))
      const isMoment = (line: string) => line.startsWith(window ? "window" : "step") && --left === 0
      const moment = await killAt(start(script, current, window ? 20 : 0), isMoment)
      if (moment === null) finish()
      else log.push(moment)
    }
    await killAt(start(script, current, 0), () => false)
    finish()
    return { kills: log.length, inWindow: log.filter(line => line.startsWith("window")).length, log }
  } finally {
    for (const path of folders) rmSync(path, { recursive: true, force: true })
  }
}
