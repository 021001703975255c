import { mkdir, rename, writeFile } from "node:fs/promises"
import { dirname, join } from "node:path"
import { OptionError } from "@selvedge/core"
import { DownloadError, formatProgress } from "@selvedge/datasets"
import { liveDashboard, plotHistory } from "@selvedge/report"
import { loadChapterData, prepare } from "./data.ts"
import { leaky_relu } from "./experiments/leaky_relu.ts"
import { flagHelp, parseFlags, path, positiveNumber, toggle, wholeNumber } from "./flags.ts"
import { onInterrupt } from "./running/interrupt.ts"
import { type Outcome, train } from "./train.ts"
import { useWideVectors } from "./wide.ts"

const key = "leaky_relu"
const experiment = leaky_relu

const flags = {
  epochs: wholeNumber(1, experiment.epochs, "passes over the training images"),
  "batch-size": wholeNumber(1, experiment.batchSize ?? 32, "images per training step"),
  "learning-rate": positiveNumber(experiment.learningRate ?? 1e-3, "rate of gradient descent"),
  seed: wholeNumber(0, 42, "seed of weights and of the order of images"),
  data: path("FOLDER", "where Fashion-MNIST lies (default: $SELVEDGE_DATASETS, the cache, or a download)"),
  out: path("FOLDER", "where results go", `runs/${key}`),
  json: path("FILE", "writes the results in one file"),
  dashboard: toggle("a page on this machine that shows the training live"),
  "no-wide": toggle("vectors of 128 bits, also where the engine has wider ones"),
}

const help = `npm start -- [options]

Trains chapter 11's first network on Fashion-MNIST: ${experiment.title}.

${flagHelp(flags)}`

function readFlags() {
  const { values, words, help } = parseFlags(process.argv.slice(2), flags)
  const [word] = words
  if (word !== undefined) throw new OptionError(`"${word}" is not a flag; see npm start -- --help`)
  return { ...values, help }
}

async function main(): Promise<number> {
  let options: ReturnType<typeof readFlags>
  try {
    options = readFlags()
  } catch (error) {
    if (!(error instanceof OptionError)) throw error
    console.error(error.message)
    return 2
  }
  if (options.help) {
    console.log(help)
    return 0
  }
  return run(options)
}

/** Trains, and writes what came of it. */
async function run(options: ReturnType<typeof readFlags>): Promise<number> {
  const { seed, epochs, data: folder, out = "", json } = options
  const data = await loadChapterData({
    seed,
    ...(folder === undefined ? {} : { folder }),
    onProgress: progress => process.stderr.write(formatProgress(progress)),
  })
  console.log(`Data: ${data.description}`)
  console.log(useWideVectors(!options["no-wide"]))
  const live = options.dashboard ? await liveDashboard() : null
  if (live) console.log(`Dashboard: ${live.url}`)
  const interrupt = new AbortController()
  onInterrupt(() => interrupt.abort())
  const outcome = await train(experiment, prepare(data, experiment.pixels), {
    seed,
    epochs,
    batchSize: options["batch-size"],
    learningRate: options["learning-rate"],
    signal: interrupt.signal,
    callbacks: live ? [live.callback(key)] : [],
  })
  const result = resultOf(seed, data.description, outcome)
  await writeText(join(out, "history.json"), `${JSON.stringify(result, null, 2)}\n`)
  if (result.epochs > 0) await writeText(join(out, "curves.svg"), plotHistory(result.history))
  if (json !== undefined) await writeText(json, `${JSON.stringify(result)}\n`)
  if (interrupt.signal.aborted) console.log(`Interrupted after ${result.epochs} whole epochs.`)
  console.log(`Results in ${out}`)
  console.log(`Test accuracy ${outcome.test.accuracy.toFixed(4)}, loss ${outcome.test.loss.toFixed(4)}`)
  return interrupt.signal.aborted ? 130 : 0
}

function resultOf(seed: number, data: string, { history, test, seconds }: Outcome) {
  const { loss = [], accuracy = [], val_loss = [], val_accuracy = [] } = history.history
  return { key, seed, data, epochs: loss.length, history: { loss, accuracy, val_loss, val_accuracy }, test, seconds }
}

/** Writes a file whole or not at all. */
async function writeText(file: string, text: string): Promise<void> {
  await mkdir(dirname(file), { recursive: true })
  await writeFile(`${file}.partial`, text)
  await rename(`${file}.partial`, file)
}

try {
  process.exitCode = await main()
} catch (error) {
  // A file that cannot be read, a folder that cannot be written: the sentence says it, the stack would not help.
  if (!(error instanceof Error) || !("code" in error || error instanceof DownloadError)) throw error
  console.error(error.message)
  process.exitCode = 1
}
