import { mkdir } from "node:fs/promises"
import { dirname, join } from "node:path"
import { OptionError, SelvedgeError } from "@selvedge/core"
import { DownloadError, formatProgress } from "@selvedge/datasets"
import { writeFileAtomic } from "@selvedge/formats"
import { type Command, help, readCommand } from "./command.ts"
import { expected } from "./comparison/expected.ts"
import { comparisonMarkdown, comparisonText } from "./comparison/tables.ts"
import { loadImages } from "./data.ts"
import { experiments } from "./experiments/index.ts"
import { listText } from "./list.ts"
import { writeChapterReport } from "./report/chapterReport.ts"
import { asJson, evaluateRuns } from "./results.ts"
import { Board, formatTime } from "./running/board.ts"
import { onInterrupt } from "./running/interrupt.ts"
import { type Job, JobRunner, jobsFor } from "./running/jobs.ts"
import { type RunRecord, readRecord, runFolder, sameSettings, writeJson } from "./running/record.ts"
import { useWideVectors } from "./wide.ts"

async function main(): Promise<number> {
  let command: ReturnType<typeof readCommand>
  try {
    command = readCommand(process.argv.slice(2))
  } catch (error) {
    if (!(error instanceof OptionError)) throw error
    console.error(error.message)
    return 2
  }
  if (command === "help" || command === "list") {
    console.log(command === "help" ? help : listText())
    return 0
  }
  return runChapter(command)
}

async function runChapter(command: Command): Promise<number> {
  const { keys, seeds, out, json } = command
  const jobs = jobsFor(keys, seeds)
  const finished = await finishedOf(jobs, command)
  const missing = jobs.filter(job => !finished.includes(job))
  if (finished.length > 0) console.log(`${finished.length} of ${jobs.length} runs are in ${out} already`)
  const failures = missing.length > 0 ? await runMissing(missing, finished, command) : 0
  const records = (await Promise.all(jobs.map(job => readRecord(runFolder(out, job.key, job.seed))))).filter(
    record => record !== null && sameSettings(record.settings, command.settings),
  )
  await report(records as RunRecord[], out, json)
  if (failures === null) return 130
  if (failures > 0) console.error(`${failures} of ${jobs.length} runs failed`)
  return failures > 0 ? 1 : 0
}

async function finishedOf(jobs: readonly Job[], { out, settings }: Command): Promise<Job[]> {
  const records = await Promise.all(jobs.map(({ key, seed }) => readRecord(runFolder(out, key, seed))))
  return jobs.filter((_, i) => {
    const record = records[i]
    return record ? sameSettings(record.settings, settings) : false
  })
}

/** Runs what is missing. @returns how many runs failed; null when it was interrupted. */
async function runMissing(missing: readonly Job[], finished: readonly Job[], command: Command): Promise<number | null> {
  const { out, settings } = command
  // Downloaded once, before processes need it at the same time.
  for (const images of new Set(
    missing.map(({ key }) => (experiments[key]?.images === "cifar10" ? "cifar10" : "fashion")),
  )) {
    const { quick, data } = settings
    const loaded = await loadImages(images, {
      quick,
      ...(data === null ? {} : { folder: data }),
      onProgress: progress => process.stderr.write(formatProgress(progress)),
    })
    console.log(`Data: ${loaded.description}`)
  }
  const weight = ({ key }: Job) => expected[key]?.seconds ?? 1 + 2 * (experiments[key]?.epochs ?? 0)
  console.log(useWideVectors(command.wide))
  const board = new Board(missing, { weight, output: process.stdout })
  let failures = 0
  const runner = new JobRunner(command.jobs, job => ({ out, ...job, settings, wide: command.wide }), {
    started: job => board.started(job),
    progress: (job, progress) => board.progress(job, progress),
    done: async job => board.ended(job, linesOf(await readRecord(runFolder(out, job.key, job.seed)))),
    failed(job, error) {
      failures++
      board.ended(job, [`${job.key} ${job.seed} failed: ${error}`])
    },
  })
  onInterrupt(() => runner.stop())
  await runner.run(missing, finished)
  board.close()
  if (runner.stopped) console.log("Interrupted. The same command goes on from here.")
  return runner.stopped ? null : failures
}

/** What is said about a run that has ended. */
function linesOf(record: RunRecord | null): string[] {
  if (record === null) return []
  const { key, seed, history, seconds, test, lines, diverged, settings } = record
  const number = (x: number | null | undefined) => (typeof x === "number" ? x.toFixed(4) : "not finite")
  const { val_loss = [], val_accuracy = [] } = history
  const trained =
    val_loss.length > 0
      ? [
          `val_loss ${number(val_loss.at(-1))}`,
          `val_accuracy ${number(val_accuracy.at(-1))}`,
          ...(test ? [`test accuracy ${number(test[1])}`] : []),
          formatTime(seconds),
          // Two epochs on few images leave many networks above what guessing costs.
          ...(diverged && !settings.quick ? ["diverged"] : []),
        ]
      : []
  return [`${key} ${seed}${trained.length > 0 ? `: ${trained.join("  ")}` : ""}`, ...lines.map(line => `    ${line}`)]
}

async function report(records: readonly RunRecord[], out: string, json: string | undefined): Promise<void> {
  // There may not even be a folder yet.
  if (records.length === 0) return
  const { comparison, verdicts } = evaluateRuns(records)
  const text = comparisonText(comparison, verdicts)
  if (text !== "") {
    console.log(`\n${text}`)
    const [{ versions = {} } = { versions: {} }] = records
    const about = `${records.length} runs. ${Object.entries(versions)
      .map(([name, value]) => `${name} ${value}`)
      .join(", ")}.`
    const page = comparisonMarkdown(comparison, verdicts, about)
    await writeFileAtomic(join(out, "comparison.md"), new TextEncoder().encode(page))
  }
  if (json !== undefined) {
    await mkdir(dirname(json), { recursive: true })
    await writeJson(json, asJson(records))
  }
  console.log(`Report in ${await writeChapterReport(out)}`)
}

try {
  process.exitCode = await main()
} catch (error) {
  // A file that cannot be read, a folder that cannot be written: the sentence says it, the stack would not help.
  const known = error instanceof SelvedgeError || error instanceof DownloadError
  if (!(error instanceof Error) || !(known || "code" in error)) throw error
  console.error(error.message)
  process.exitCode = 1
}
