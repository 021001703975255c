import { mkdir, readFile, rm } from "node:fs/promises"
import { createRequire } from "node:module"
import { availableParallelism, cpus } from "node:os"
import { join } from "node:path"
import { getArithmetic, getThreads, OptionError } from "@selvedge/core"
import { isTraining } from "../experiment.ts"
import { experiments } from "../experiments/index.ts"
import { RunLab } from "./lab.ts"
import { asCurve, hasDiverged, type RunRecord, type Settings, writeJson } from "./record.ts"
import type { Progress } from "./watch.ts"

/** Which run, and where. */
export interface RunRequest {
  readonly out: string
  readonly key: string
  readonly seed: number
  readonly settings: Settings
}

/**
 * Runs an experiment with a seed, going on where an interrupted run with the same settings was, and leaves everything
 * about it in its folder; `history.json`, which says that it is finished, comes last.
 * @throws OptionError for an unknown key; whatever the experiment throws.
 */
export async function runExperiment(
  request: RunRequest,
  report: (progress: Progress) => void = () => {},
): Promise<RunRecord> {
  const { out, key, seed, settings } = request
  const experiment = experiments[key]
  if (!experiment) throw new OptionError(`there is no experiment "${key}"`)
  const lab = new RunLab(out, key, seed, settings, report)
  await prepareFolder(lab, settings)
  if (isTraining(experiment)) {
    const { history, seconds, test, trainer } = await lab.train(experiment)
    lab.result({ history: history.history, seconds, test: [test.loss, test.accuracy] })
    await experiment.after?.(lab, trainer)
  } else {
    await experiment.run(lab)
  }
  const record = recordOf(lab, experiment.title, settings)
  await writeJson(join(lab.folder, "configuration.json"), configurationOf(lab, settings, record), 2)
  await writeJson(join(lab.folder, "history.json"), record)
  await rm(lab.partialFolder, { recursive: true, force: true })
  return record
}

/** Makes the folder ready: what a run with other settings left half done is of no use. */
async function prepareFolder(lab: RunLab, settings: Settings): Promise<void> {
  const file = join(lab.partialFolder, "settings.json")
  const before = await readFile(file, "utf8").catch(() => null)
  const now = JSON.stringify(settings)
  if (before !== null && JSON.stringify(JSON.parse(before)) === now) return
  await rm(lab.folder, { recursive: true, force: true })
  await mkdir(lab.partialFolder, { recursive: true })
  await writeJson(file, settings)
}

function recordOf(lab: RunLab, title: string, settings: Settings): RunRecord {
  const { key, seed, facts, lines, figures, parts, images } = lab
  const { history = {}, seconds = 0, test } = lab.outcome ?? {}
  const curves = Object.fromEntries(Object.entries(history).map(([name, values]) => [name, asCurve(values)]))
  const [loss = null, accuracy = null] = asCurve(test ?? [])
  return {
    key,
    title,
    seed,
    settings,
    images,
    history: curves,
    parts,
    seconds,
    test: test ? [loss, accuracy] : null,
    diverged: hasDiverged(curves),
    facts,
    lines,
    figures,
    versions: versions(),
  }
}

/** What the run was, for whoever wants to repeat it. */
function configurationOf(lab: RunLab, settings: Settings, { title, versions, images }: RunRecord) {
  return { key: lab.key, title, seed: lab.seed, settings, images, versions, trainings: lab.configurations }
}

function versions(): Record<string, string> {
  const { version } = createRequire(import.meta.url)("@selvedge/core/package.json")
  return {
    selvedge: String(version),
    node: process.versions.node,
    v8: process.versions.v8,
    platform: `${process.platform} ${process.arch}`,
    cpu: `${availableParallelism()} x ${cpus()[0]?.model.trim() ?? "unknown"}`,
    threads: String(getThreads()),
    arithmetic: getArithmetic(),
  }
}
