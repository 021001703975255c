import { FormatError, OptionError, type Tensor } from "@selvedge/core"
import { compile } from "@selvedge/trainer"
import { formats } from "../index.ts"
import { count, dataArgs, readExamples, text } from "./data.ts"
import { openFile, openTrainer } from "./files.ts"
import { type Command, flag, positional, short } from "./report.ts"

const shared = {
  model: positional("the model's file"),
  data: positional("examples: .npz, .npy or .csv"),
  ...dataArgs,
  "batch-size": flag("examples per step (32)", "N"),
}

const batchOf = (size: number | undefined) => (size === undefined ? {} : { batchSize: size })

/** `predict MODEL DATA`: the model's outputs, printed, or written with `--out`. */
export const predict: Command = {
  about: "Compute a model's outputs for examples",
  args: { ...shared, out: flag("write them to this .npy or .npz instead of printing", "FILE") },
  async run(values) {
    const { model, trainer } = await openFile(String(values.model))
    if (!model) throw new FormatError(`${String(values.model)}: holds arrays, no model`)
    const { x } = await readExamples(String(values.data), values, model)
    // A loss is needed to compile, and predicting does not look at it.
    const computes = trainer ?? compile(model, { loss: "mse" })
    const result = await computes.predict(x, batchOf(count(values, "batch-size")))
    const outputs = Array.isArray(result) ? result : [result]
    const out = text(values.out)
    if (out !== undefined) await writeOutputs(outputs, out)
    const shapes = outputs.map(output => [...output.shape])
    const rows = outputs.map(output => output.toArray())
    const lines = outputs.flatMap(output => linesOf(output))
    return {
      value: out === undefined ? { shapes, outputs: rows } : { shapes, out },
      text: out === undefined ? lines.join("\n") : `${out}: ${shapes.map(s => `[${s.join(", ")}]`).join(" ")}`,
    }
  },
}

async function writeOutputs(outputs: readonly Tensor[], out: string): Promise<void> {
  const { writeFileAtomic, writeNpy, writeNpz } = await formats()
  const arrays = outputs.map((y, i) => ({ name: `y${i}`, shape: [...y.shape], data: Float32Array.from(y.read()) }))
  if (out.endsWith(".npz")) return writeFileAtomic(out, writeNpz(arrays))
  if (out.endsWith(".npy") && arrays.length === 1) return writeFileAtomic(out, writeNpy(arrays[0]!))
  throw new OptionError(`--out must end in .npz${arrays.length === 1 ? " or .npy" : ""}, got ${out}`)
}

/** An example per line, its numbers with commas between them. */
function linesOf(output: Tensor): string[] {
  const size = output.size / (output.shape[0] ?? 1)
  const numbers = Array.from(output.read(), short)
  return Array.from({ length: output.shape[0] ?? 1 }, (_, i) => numbers.slice(i * size, (i + 1) * size).join(","))
}

/** `evaluate MODEL DATA`: loss and metrics. */
export const evaluate: Command = {
  about: "Compute a model's loss and metrics on examples with targets",
  args: {
    ...shared,
    loss: flag("instead of the one the model was saved with", "NAME"),
    metrics: flag("with --loss: names with commas between them", "NAME,..."),
  },
  async run(values) {
    const metrics = text(values.metrics)?.split(",") ?? []
    if (metrics.length > 0 && values.loss === undefined) throw new OptionError("--metrics needs --loss beside it")
    const trainer = await openTrainer(String(values.model), text(values.loss), metrics)
    const { x, y, count: examples } = await readExamples(String(values.data), values, trainer.model)
    if (!y) {
      const hint = "an .npz with an array y, or a .csv with a column y; or name it with --y"
      throw new FormatError(`${String(values.data)}: holds no targets`, { hint })
    }
    const logs = await trainer.evaluate(x, y, batchOf(count(values, "batch-size")))
    const lines = Object.entries(logs).map(([name, value]) => `${name} ${short(value)}`)
    return { value: { examples, ...logs }, text: lines.join("\n") }
  },
}
