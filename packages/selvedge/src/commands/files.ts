import { FormatError, OptionError } from "@selvedge/core"
import type { Hdf5Group, NamedArray } from "@selvedge/formats"
import type { Model } from "@selvedge/layers"
import { compile, type Trainer } from "@selvedge/trainer"
import { formats } from "../index.ts"

/** A file as far as it can be understood: every part that it has. */
export interface Opened {
  readonly kind: string
  readonly model: Model | null
  readonly trainer: Trainer | null
  /** Why a model that was saved with its training comes without; null when there is nothing to say. */
  readonly untrained: string | null
  readonly arrays: readonly NamedArray[]
  readonly versions: Readonly<Record<string, string>>
}

/**
 * Opens a model or a file of arrays, told by its name and its content.
 * @throws FormatError for a damaged file.
 */
export async function openFile(path: string): Promise<Opened> {
  const { looksLikeHdf5, readNpy, readNpz, readSafetensors, toBytes } = await formats()
  if (path.endsWith(".json")) return openBundle(path)
  const { bytes } = await toBytes(path)
  if (path.endsWith(".npy")) return onlyArrays("npy", [readNpy(bytes, path)])
  if (path.endsWith(".npz")) return onlyArrays("npz", readNpz(bytes, path))
  if (path.endsWith(".safetensors")) return onlyArrays("safetensors", readSafetensors(bytes, path).arrays)
  return looksLikeHdf5(bytes) ? openHdf5(path, bytes) : openArchive(path, bytes)
}

const onlyArrays = (kind: string, arrays: readonly NamedArray[]): Opened => ({
  kind,
  model: null,
  trainer: null,
  untrained: null,
  arrays,
  versions: {},
})

async function openBundle(path: string): Promise<Opened> {
  const { loadBundle } = await formats()
  const model = await loadBundle(path)
  return { kind: "bundle", model, trainer: null, untrained: null, arrays: weightsOf(model), versions: {} }
}

async function openArchive(path: string, bytes: Uint8Array): Promise<Opened> {
  const { looksLikeZip, readZip } = await formats()
  if (!looksLikeZip(bytes)) {
    // It is none of the known kinds: loading says so in the library's words.
    return openModel(path, "keras", false, {})
  }
  const members = readZip(bytes, { name: path, only: name => name.endsWith(".json") })
  const config = readObject(members.get("config.json"))
  const { keras_version, date_saved } = readObject(members.get("metadata.json"))
  // Keras writes an empty object for a model that was not compiled.
  const compiled = Object.keys(Object(config.compile_config)).length > 0
  return openModel(path, "keras", compiled, {
    ...(typeof keras_version === "string" ? { keras: keras_version } : {}),
    ...(typeof date_saved === "string" ? { saved: date_saved } : {}),
  })
}

/** Only looked at: that it is sound is checked when the model is loaded. */
function readObject(bytes: Uint8Array | undefined): Record<string, unknown> {
  try {
    return { ...JSON.parse(new TextDecoder().decode(bytes)) }
  } catch {
    return {}
  }
}

async function openHdf5(path: string, bytes: Uint8Array): Promise<Opened> {
  const { readHdf5 } = await formats()
  const tree = await readHdf5(bytes, { name: path })
  const version = (tree.groups.get("model_weights") ?? tree).attributes.get("keras_version")
  const versions = typeof version === "string" ? { keras: version } : {}
  if (!tree.attributes.has("model_config")) return { ...onlyArrays("weights.h5", arraysIn(tree, "")), versions }
  return openModel(path, "h5", tree.attributes.has("training_config"), versions)
}

function arraysIn(group: Hdf5Group, path: string): NamedArray[] {
  const own = [...group.datasets].flatMap(([name, { shape, data }]): NamedArray[] =>
    Array.isArray(data) ? [] : [{ name: `${path}${name}`, shape: [...shape], data }],
  )
  return [...own, ...[...group.groups].flatMap(([name, inner]) => arraysIn(inner, `${path}${name}/`))]
}

/** A training that cannot be read does not keep the model from being looked at. */
async function openModel(path: string, kind: string, compiled: boolean, versions: Opened["versions"]): Promise<Opened> {
  const { loadModel, loadTrainer } = await formats()
  let trainer: Trainer | null = null
  let untrained: string | null = null
  try {
    trainer = compiled ? await loadTrainer(path) : null
  } catch (error) {
    if (!(error instanceof FormatError)) throw error
    untrained = error.message.split("\n")[0] ?? ""
  }
  // A trainer from a file always has a model.
  const model = trainer ? (trainer.model as Model) : await loadModel(path)
  return { kind, model, trainer, untrained, arrays: weightsOf(model), versions }
}

/** Copies of a model's weights. */
export const weightsOf = (model: Model): NamedArray[] =>
  model.weights.map(w => ({ name: w.name, shape: [...w.shape], data: Float32Array.from(w.read()) }))

/**
 * The trainer of a file, compiled for a loss where the file has none.
 * @throws FormatError for a file without a model; OptionError when a loss is needed.
 */
export async function openTrainer(path: string, loss?: string, metrics: readonly string[] = []): Promise<Trainer> {
  const { model, trainer, untrained } = await openFile(path)
  if (!model) throw new FormatError(`${path}: holds arrays, no model`)
  if (loss === undefined) {
    if (trainer) return trainer
    if (untrained !== null) throw new FormatError(untrained, { hint: "name a loss with --loss" })
    throw new OptionError(`${path}: the model was saved without a loss`, { hint: "name one with --loss" })
  }
  // compile checks the names itself.
  return compile(model, { loss, metrics } as Parameters<typeof compile>[1])
}
