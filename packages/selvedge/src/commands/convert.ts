import { FormatError, nearest, OptionError } from "@selvedge/core"
import { formats } from "../index.ts"
import { count } from "./data.ts"
import { type Opened, openFile } from "./files.ts"
import { type Command, flag, positional, type Values } from "./report.ts"

const ENDINGS = [".weights.h5", ".keras", ".h5", ".onnx", ".npz", ".npy", ".safetensors", ".json"]

/** `convert IN OUT`: the same in another format, with all that both can hold. */
export const convert: Command = {
  about: "Write a file in another format: .keras .h5 .weights.h5 .onnx .npz .npy .safetensors .json",
  args: {
    in: positional("a model, its weights, or arrays"),
    out: positional("the file to write; its ending tells the format"),
    keras: flag("words of an .h5: 3 (default), or 2 for tf_keras", "2|3"),
  },
  async run(values) {
    const [from, to] = [String(values.in), String(values.out)]
    const ending = ENDINGS.find(end => to.endsWith(end))
    if (!ending) {
      const near = nearest(to.slice(to.lastIndexOf(".")), ENDINGS)
      throw new OptionError(`convert: cannot write ${to}${near ? `, did you mean ${near}?` : ""}`, {
        facts: { allowed: ENDINGS.join(" ") },
      })
    }
    if (values.keras !== undefined && ending !== ".h5") throw new OptionError(`convert: --keras is for .h5, got ${to}`)
    const opened = await openFile(from)
    await write(opened, to, ending, values)
    const whole = [".keras", ".h5", ".weights.h5", ".onnx", ".json"].includes(ending)
    const state = opened.trainer && ![".onnx", ".json"].includes(ending) ? "a model with its training" : "a model"
    const holds = whole ? state : `${opened.arrays.length} arrays`
    return { value: { in: from, out: to, from: opened.kind, to: ending.slice(1) }, text: `${to}: ${holds}` }
  },
}

async function write({ model, trainer, arrays }: Opened, to: string, ending: string, values: Values): Promise<void> {
  const { saveBundle, saveModel, saveOnnx, saveTrainer, saveWeights, ...rest } = await formats()
  const keras = count(values, "keras", 2) as 2 | 3 | undefined
  if (ending === ".npz") return rest.writeFileAtomic(to, rest.writeNpz(arrays))
  if (ending === ".safetensors") return rest.writeFileAtomic(to, rest.writeSafetensors(arrays))
  if (ending === ".npy") {
    if (arrays.length !== 1) throw new FormatError(`convert: .npy holds one array, the file has ${arrays.length}`)
    return rest.writeFileAtomic(to, rest.writeNpy(arrays[0]!))
  }
  if (!model) throw new FormatError(`convert: ${ending} needs a model, the file holds arrays alone`)
  if (ending === ".onnx") return saveOnnx(model, to)
  if (ending === ".json") return saveBundle(model, to)
  if (ending === ".weights.h5") return saveWeights(trainer ?? model, to)
  const options = keras === undefined ? {} : { keras }
  return trainer ? saveTrainer(trainer, to, options) : saveModel(model, to, options)
}
