import { checkChoice, checkKeys, OptionError } from "@selvedge/core"
import { type Model, serialize } from "@selvedge/layers"
import type { Trainer } from "@selvedge/trainer"
import { writeFileAtomic } from "../atomic.ts"
import { emptyGroup, type Hdf5Tree } from "../hdf5/types.ts"
import { writeHdf5 } from "../hdf5/write.ts"
import { asJsonObject, type JsonObject } from "../json.ts"
import { writeZip } from "../zip.ts"
import { compileConfig2 } from "./compile2.ts"
import { checkKeras3, KERAS_VERSION, toKeras2 } from "./dialect.ts"
import { optimizerGroup, optimizerVars } from "./optimizerState.ts"
import { compileConfigOf, compileJson } from "./training.ts"
import { weightsGroup } from "./weightsH5.ts"
import { putV3 } from "./weightsV3.ts"

/** A Keras file format: `.keras`, whole-model `.h5`, or `.weights.h5`. */
export type KerasFormat = "keras" | "h5" | "weights.h5"

/** How to write a model. */
export interface SaveOptions {
  /** Told by the file's name when absent; `"keras"` for bytes. */
  format?: KerasFormat
  /** Whose words the configuration of an `.h5` file uses: Keras 3 (the default), or Keras 2 for `tf_keras`. */
  keras?: 2 | 3
}

const FORMATS = ["keras", "h5", "weights.h5"] as const

/**
 * Saves a model: `.keras`, `.h5` (whole model) or `.weights.h5`, by the file's name. The file appears whole or not at all.
 *
 * @throws OptionError for another ending or option; FormatError when the model holds what the format cannot express.
 */
export async function saveModel(model: Model, path: string | URL, options: SaveOptions = {}): Promise<void> {
  await writeFileAtomic(path, await modelToBytes(model, { ...options, format: options.format ?? formatOf(path) }))
}

/** The bytes that `saveModel` would write: for a download in a browser. */
export async function modelToBytes(model: Model, options: SaveOptions = {}): Promise<Uint8Array> {
  return encodeModel(model, options)
}

/** A file format by the end of a name. */
export function formatOf(path: string | URL): KerasFormat {
  const name = String(path)
  const format = [...FORMATS].reverse().find(ending => name.endsWith(`.${ending}`))
  if (format) return format
  throw new OptionError(`the file's name must end in ${FORMATS.map(f => `.${f}`).join(", ")}, got ${name}`)
}

/** A model, with a trainer's state where there is one, as the bytes of a file. */
export async function encodeModel(model: Model, options: SaveOptions, trainer?: Trainer): Promise<Uint8Array> {
  checkKeys("saveModel", options, ["format", "keras"])
  const format = checkChoice("saveModel", "format", options.format ?? "keras", FORMATS)
  if (options.keras !== undefined && options.keras !== 2 && options.keras !== 3) {
    throw new OptionError(`saveModel: keras must be 2 or 3, got ${String(options.keras)}`)
  }
  if (!model.built)
    throw new OptionError("saveModel: the model has no weights yet", { hint: "call build(inputShape) first" })
  if (format === "h5") return writeHdf5(wholeTree(model, options.keras ?? 3, trainer))
  const weights = await writeHdf5(weightsTree(model, trainer))
  return format === "keras" ? writeArchive(model, weights, trainer) : weights
}

function weightsTree(model: Model, trainer: Trainer | undefined): Hdf5Tree {
  const tree = emptyGroup()
  putV3(model, tree)
  if (trainer) tree.groups.set("optimizer", optimizerVars(trainer.optimizer))
  return tree
}

function wholeTree(model: Model, keras: 2 | 3, trainer: Trainer | undefined): Hdf5Tree {
  const version = keras === 2 ? "2.15.0" : KERAS_VERSION
  const tree = emptyGroup()
  tree.attributes.set("backend", "tensorflow")
  tree.attributes.set("keras_version", version)
  tree.attributes.set("model_config", JSON.stringify(configOf(model, keras)))
  tree.groups.set("model_weights", weightsGroup(model, version))
  if (trainer) {
    tree.attributes.set("training_config", compileJson(keras === 2 ? compileConfig2(trainer, model) : ofH5(trainer)))
    tree.groups.set("optimizer_weights", optimizerGroup(trainer.optimizer, keras, model.trainableWeights))
  }
  return tree
}

/** In `.h5` files the optimizer has another key. */
function ofH5(trainer: Trainer): JsonObject {
  const { optimizer, ...rest } = compileConfigOf(trainer)
  return { ...rest, optimizer_config: optimizer ?? null }
}

function writeArchive(model: Model, weights: Uint8Array, trainer: Trainer | undefined): Uint8Array {
  const bytes = (text: string) => new TextEncoder().encode(text)
  const config = JSON.stringify(configOf(model, 3))
  const compiled = trainer
    ? `${config.slice(0, -1)},"compile_config":${compileJson(compileConfigOf(trainer))}}`
    : config
  const saved = new Date().toISOString().slice(0, 19).replace("T", "@")
  return writeZip(
    new Map([
      ["metadata.json", bytes(JSON.stringify({ keras_version: KERAS_VERSION, date_saved: saved }))],
      ["config.json", bytes(compiled)],
      ["model.weights.h5", weights],
    ]),
  )
}

/** A model's configuration as JSON, in the words of that Keras. */
function configOf(model: Model, keras: 2 | 3): JsonObject {
  const config = serialize(model)
  const json = asJsonObject(`saveModel: configuration of ${model.name}`, { ...config })
  if (keras === 2) return toKeras2(json)
  checkKeras3(json)
  return json
}
