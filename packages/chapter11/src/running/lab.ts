import { mkdir, writeFile } from "node:fs/promises"
import { join } from "node:path"
import { OptionError } from "@selvedge/core"
import { saveModel } from "@selvedge/formats"
import { Sequential } from "@selvedge/layers"
import { svgToPng } from "@selvedge/report"
import { BackupAndRestore, TerminateOnNaN, type Trainer } from "@selvedge/trainer"
import {
  type ChapterData,
  firstExamples,
  type Images,
  loadImages,
  type Pixels,
  type Prepared,
  partOf,
  prepare,
} from "../data.ts"
import type { Draw, Fact, Lab, Result, Training, TrainOptions } from "../experiment.ts"
import { type Outcome, train, trainerOf } from "../train.ts"
import { activity, activityPlot, confusionPlot, curvesPlot, predictionsPlot, ratePlot } from "./pictures.ts"
import { asCurve, narrowFolder, narrowWidth, type Part, readRecord, runFolder, type Settings } from "./record.ts"
import { type Progress, Watch } from "./watch.ts"

/** How many epochs are enough to see that a training works. */
const quickEpochs = 2
/** How many validation images the layers' outputs are looked at with. */
const lookedAt = 200

/** Where a run takes place: it keeps all that an experiment finds, and what an interrupted one had done. */
export class RunLab implements Lab {
  readonly key: string
  readonly seed: number
  readonly quick: boolean
  readonly folder: string
  readonly lines: string[] = []
  readonly facts: Record<string, Fact> = {}
  readonly figures: string[] = []
  readonly parts: Record<string, Part> = {}
  /** The images that were looked at. */
  images = ""
  /** What the run came to; null for one that trains nothing. */
  outcome: Result | null = null
  /** What each of its trainings was told. */
  readonly configurations: Record<string, unknown> = {}
  readonly #out: string
  readonly #settings: Settings
  readonly #report: (progress: Progress) => void
  readonly #data = new Map<string, Promise<ChapterData>>()
  readonly #prepared = new Map<string, Promise<Prepared>>()

  constructor(out: string, key: string, seed: number, settings: Settings, report: (progress: Progress) => void) {
    this.#out = out
    this.key = key
    this.seed = seed
    this.quick = settings.quick
    this.folder = runFolder(out, key, seed)
    this.#settings = settings
    this.#report = report
  }

  epochs(book: number): number {
    const { epochs, quick } = this.#settings
    return epochs ?? (quick ? Math.min(book, quickEpochs) : book)
  }

  print(line: string): void {
    if (line !== "") this.lines.push(line)
  }

  fact(name: string, value: Fact): void {
    this.facts[name] = value
  }

  async figure(name: string, draw: Draw): Promise<void> {
    this.print(`Saving figure ${name}`)
    await this.picture(name, draw)
    await this.#print(name, draw)
  }

  /** Saves a picture as SVG without a word, and once more for phones: the report takes them as they are. */
  async picture(name: string, draw: Draw | null): Promise<void> {
    if (draw === null) return
    this.figures.push(name)
    await mkdir(join(this.folder, narrowFolder), { recursive: true })
    await writeFile(join(this.folder, `${name}.svg`), draw({}))
    await writeFile(join(this.folder, narrowFolder, `${name}.svg`), draw({ width: narrowWidth }))
  }

  /** Saves a picture for print. */
  async #print(name: string, draw: Draw): Promise<void> {
    await writeFile(join(this.folder, `${name}.png`), await svgToPng(draw({}), { dpi: 300 }))
  }

  data(images: Images = "fashion"): Promise<ChapterData> {
    const known = this.#data.get(images)
    if (known) return known
    const loading = this.#load(images)
    this.#data.set(images, loading)
    return loading
  }

  async #load(images: Images): Promise<ChapterData> {
    if (images === "A" || images === "B") return partOf(await this.data(), images)
    const { data, quick } = this.#settings
    const loaded = await loadImages(images, { quick, ...(data === null ? {} : { folder: data }) })
    this.images = loaded.description
    return loaded
  }

  prepared(images: Images = "fashion", pixels: Pixels = "scaled"): Promise<Prepared> {
    const name = `${images} ${pixels}`
    const known = this.#prepared.get(name)
    if (known) return known
    const preparing = this.data(images).then(data => prepare(data, pixels))
    this.#prepared.set(name, preparing)
    return preparing
  }

  async trainer(training: Training): Promise<Trainer> {
    return trainerOf(training, await this.prepared(training.images, training.pixels), { seed: this.seed })
  }

  async train(training: Training, options: TrainOptions = {}): Promise<Outcome> {
    const { name = "", epochs = this.epochs(training.epochs), ...rest } = options
    const data = await this.prepared(training.images, training.pixels)
    const watch = new Watch(name, this.#report)
    const backupDir = join(this.partialFolder, name === "" ? "training" : name)
    const backup = new BackupAndRestore({ backupDir, deleteCheckpoint: false })
    const callbacks = [new TerminateOnNaN(), watch, backup]
    const outcome = await train(training, data, { seed: this.seed, epochs, ...rest, verbose: false, callbacks })
    this.configurations[name] = configurationOf(training, outcome, epochs)
    const { loss, accuracy } = outcome.test
    const { seconds, steps, rates } = watch
    const [lossOrNull = null, accuracyOrNull = null] = asCurve([loss, accuracy])
    this.parts[name] = {
      history: Object.fromEntries(
        Object.entries(outcome.history.history).map(([metric, values]) => [metric, asCurve(values)]),
      ),
      seconds,
      test: [lossOrNull, accuracyOrNull],
      // A rate that never changes is told by its first value.
      rates: new Set(rates).size > 1 ? { steps, values: rates } : { steps: [0], values: rates.slice(0, 1) },
    }
    await this.#draw(training, outcome, name, watch)
    return { ...outcome, seconds }
  }

  /** Pictures of a training, and its network as a file. */
  async #draw(training: Training, { trainer, history }: Outcome, name: string, watch: Watch): Promise<void> {
    const { title, images, pixels } = training
    const called = (picture: string) => (name === "" ? picture : `${name}_${picture}`)
    const heading = name === "" ? title : `${title}: ${name}`
    const curves = curvesPlot(heading, history.history)
    await this.picture(called("curves"), curves)
    if (curves) await this.#print(called("curves"), curves)
    await this.picture(called("learning_rate"), ratePlot(`${heading}: learning rate`, watch.steps, watch.rates))
    const { model } = trainer
    if (!(model instanceof Sequential)) return
    await saveModel(model, join(this.folder, `${called("model")}.keras`))
    const [data, prepared] = [await this.data(images), await this.prepared(images, pixels)]
    const predicted = [await trainer.predict(prepared.test.x)].flat()[0]
    if (!predicted) return
    await this.picture(called("confusion"), confusionPlot(`${heading}: test images`, predicted.data, data))
    await this.picture(called("predictions"), predictionsPlot(`${heading}: test images`, predicted.data, data))
    const layers = activity(model, firstExamples(prepared.validation, lookedAt))
    await this.picture(called("activations"), activityPlot(`${heading}: outputs of the layers`, layers))
  }

  /** What an interrupted run has done so far. */
  get partialFolder(): string {
    return join(this.folder, "partial")
  }

  fileOf(key: string, file: string): string {
    return join(runFolder(this.#out, key, this.seed), file)
  }

  async resultOf(key: string): Promise<Result> {
    const record = await readRecord(runFolder(this.#out, key, this.seed))
    if (record === null) throw new OptionError(`${this.key}: the run of ${key} with seed ${this.seed} is missing`)
    const numbers = (curve: readonly (number | null)[]) => curve.map(x => x ?? Number.NaN)
    const history = Object.fromEntries(Object.entries(record.history).map(([name, curve]) => [name, numbers(curve)]))
    const [loss, accuracy] = numbers(record.test ?? [null, null])
    return { history, seconds: record.seconds, test: [loss ?? Number.NaN, accuracy ?? Number.NaN] }
  }

  result(result: Result): void {
    this.outcome = result
  }
}

/** What a training was told, under Keras's names where Keras has them. */
function configurationOf(training: Training, { trainer, history }: Outcome, epochs: number) {
  const { model, optimizer, seed } = trainer
  return {
    title: training.title,
    pixels: training.pixels ?? "scaled",
    images: training.images ?? "fashion",
    epochs,
    batch_size: history.params.batchSize,
    steps_per_epoch: history.params.steps,
    seed,
    loss: training.loss ?? "sparse_categorical_crossentropy",
    optimizer: { class_name: optimizer.className, config: optimizer.getConfig() },
    parameters: model.countParams(),
    model: model instanceof Sequential ? model.summary({ printFn: () => {}, lineLength: 84 }) : model.name,
  }
}
