import { FormatError } from "@selvedge/core"
import { formats } from "../index.ts"
import { count, dataArgs, readExamples, text } from "./data.ts"
import { openTrainer } from "./files.ts"
import { type Command, flag, positional } from "./report.ts"

/** `hand-over MODEL FOLDER --data FILE`: a run that goes on in Keras on many devices. */
export const handOver: Command = {
  about: "Write a folder with which Keras continues a model's training on many devices",
  args: {
    model: positional("the model's file, saved with its optimizer"),
    folder: positional("the folder to write; then: python FOLDER/continue.py"),
    data: { type: "string", description: "training examples", valueHint: "FILE", required: true },
    validation: flag("validation examples", "FILE"),
    ...dataArgs,
    epochs: flag("epochs to train (1)", "N"),
    "batch-size": flag("examples per step (32)", "N"),
    seed: flag("seed of the order (0)", "N"),
    shuffle: { type: "boolean", description: "another order each epoch", default: true },
  },
  async run(values) {
    const [file, folder] = [String(values.model), String(values.folder)]
    const trainer = await openTrainer(file)
    trainer.seed = count(values, "seed", 0) ?? 0
    const read = async (path: string) => {
      const { x, y, count: examples } = await readExamples(path, values, trainer.model)
      if (!y) throw new FormatError(`${path}: holds no targets`, { hint: "name them with --y" })
      return { x, y, examples }
    }
    const validation = text(values.validation)
    const batchSize = count(values, "batch-size") ?? 32
    const epochs = count(values, "epochs") ?? 1
    const options = { epochs, batchSize, shuffle: values.shuffle !== false }
    const { examples, ...data } = await read(String(values.data))
    const more = validation === undefined ? null : await read(validation)
    const validationData = more ? { validationData: { x: more.x, y: more.y } } : {}
    await (await formats()).handOver(trainer, folder, { data, ...validationData, ...options })
    const next = `python ${folder}/continue.py`
    return { value: { folder, step: trainer.step, examples, ...options, next }, text: `next: ${next}` }
  },
}

/** `take-back FOLDER OUT`: the run that Keras has continued, as a file. */
export const takeBack: Command = {
  about: "Write the model that Keras has trained after hand-over",
  args: { folder: positional("the folder of hand-over"), out: positional("the .keras or .h5 file to write") },
  async run({ folder, out }) {
    const { saveTrainer, takeBack: take } = await formats()
    const trainer = await take(String(folder))
    await saveTrainer(trainer, String(out))
    const history = trainer.pending?.history
    return { value: { out, step: trainer.step, history }, text: `${String(out)}: step ${trainer.step}` }
  },
}
