import type { NamedArray } from "@selvedge/formats"
import { classNameOf } from "@selvedge/layers"
import { openFile } from "./files.ts"
import { type Command, positional, short, table } from "./report.ts"

/** Mean, standard deviation (of all, not a sample) and how many values are NaN or infinite, which the others leave out. */
export function statistics({ name, shape, data }: NamedArray) {
  let [sum, finite] = [0, 0]
  for (const value of data) {
    if (!Number.isFinite(Number(value))) continue
    sum += Number(value)
    finite++
  }
  const mean = sum / Math.max(1, finite)
  let squares = 0
  for (const value of data) if (Number.isFinite(Number(value))) squares += (Number(value) - mean) ** 2
  return { name, shape, mean, std: Math.sqrt(squares / Math.max(1, finite)), nonFinite: data.length - finite }
}

/** `inspect FILE`: what is in a file. */
export const inspect: Command = {
  about: "Show architecture, weights, optimizer and versions of a file",
  args: { file: positional("a model, its weights, or arrays") },
  async run({ file }) {
    const { kind, model, trainer, untrained, arrays, versions } = await openFile(String(file))
    const weights = arrays.map(statistics)
    const layers = model?.layers.map(layer => ({
      name: layer.name,
      class: classNameOf(layer),
      parameters: layer.countParams(),
    }))
    const optimizer = trainer && {
      class: trainer.optimizer.className,
      step: trainer.step,
      config: trainer.optimizer.getConfig(),
    }
    const loss = trainer && String(trainer.objective.losses.map(item => item?.name ?? "none"))
    const rows = weights.map(w => [w.name, `[${w.shape.join(", ")}]`, short(w.mean), short(w.std), String(w.nonFinite)])
    const text = [
      `${String(file)}: ${kind}${Object.entries(versions)
        .map(([name, value]) => `, ${name} ${value}`)
        .join("")}`,
      model?.summary({ printFn: () => {} }),
      table([["weight", "shape", "mean", "std", "non-finite"], ...rows]),
      optimizer && `optimizer ${optimizer.class} at step ${optimizer.step}, loss ${loss}`,
      untrained && `the training cannot be read: ${untrained}`,
    ]
    const architecture = model && {
      name: model.name,
      class: classNameOf(model),
      layers,
      parameters: model.countParams(),
    }
    return {
      value: { file, kind, versions, architecture, weights, optimizer, loss, untrained },
      text: text.filter(Boolean).join("\n\n"),
    }
  },
}
