import { type Refuse, refuseIn, show } from "../fail.ts"
import { looksLikeHdf5, readHdf5Part } from "../hdf5/read.ts"
import { RemoteEngine } from "../hdf5/remote.ts"
import type { AttributeValue, Hdf5Group, Hdf5Tree } from "../hdf5/types.ts"
import { decodeUtf8, isObject, type JsonObject, parseJsonObject } from "../json.ts"
import { openReader, type Reader } from "../reader.ts"
import type { Source } from "../source.ts"
import { looksLikeZip, openZip } from "../zip.ts"
import { fromKeras2 } from "./dialect.ts"
import type { LoadOptions } from "./options.ts"

/** A model file taken apart: nothing in it has been believed yet. */
export interface KerasFile {
  readonly name: string
  readonly refuse: Refuse
  /** `{ class_name, config, ... }`; absent in a file of weights only. */
  readonly model: JsonObject | undefined
  /** `compile_config` of `.keras`, `training_config` of `.h5`. */
  readonly training: JsonObject | undefined
  /** The version that wrote it, as far as the file says so. */
  readonly kerasVersion: string
  /** Weights in the layout of `.weights.h5`, or in that of whole-model `.h5` files. */
  readonly weights: { readonly layout: "v3" | "h5"; readonly group: Hdf5Group }
  /** Where the optimizer's state is: the same tree for v3, the group `optimizer_weights` for h5. */
  readonly optimizer: Hdf5Group | undefined
}

const CONFIG = "config.json"
const METADATA = "metadata.json"
const WEIGHTS = "model.weights.h5"
const NPZ = "model.weights.npz"

/**
 * Takes a `.keras`, `.h5` or `.weights.h5` file apart, told by its first bytes, not by its name.
 * @throws FormatError for a damaged or hostile file.
 */
export async function openKeras(from: Source, options: LoadOptions): Promise<KerasFile> {
  // The parser's thread comes up while the file is read and its checksum is taken.
  if (!options.trusted) RemoteEngine.prepare()
  const reader = await openReader(from)
  try {
    const refuse = refuseIn(reader.name)
    const first = reader.read(0, Math.min(8, reader.length))
    if (looksLikeZip(first)) return await openArchive(reader, options, refuse)
    if (looksLikeHdf5(first)) return await openH5(reader, options, refuse)
    const found = reader.length === 0 ? "an empty file" : "something else"
    throw refuse("first bytes", "a Keras file: a zip (.keras) or HDF5 (.h5)", found)
  } finally {
    reader.close()
  }
}

async function openArchive(reader: Reader, options: LoadOptions, refuse: Refuse): Promise<KerasFile> {
  // Other members, such as assets, are not even unpacked.
  const members = openZip(reader)
  const text = (name: string) => {
    const member = members.get(name)
    if (!member) throw refuse(name, "this member", `only ${[...members.keys()].slice(0, 5).map(show).join(", ")}`)
    return parseJsonObject(decodeUtf8(member.bytes(), refuse, name), refuse, name)
  }
  const model = text(CONFIG)
  const metadata = members.has(METADATA) ? text(METADATA) : {}
  const weights = members.get(WEIGHTS)?.part()
  if (!weights) throw missingWeights(members.has(NPZ), refuse)
  const group = await readHdf5Part(weights, {
    ...reading(options),
    name: `${reader.name}/${WEIGHTS}`,
    owned: reader.owned,
  })
  const training = model.compile_config
  const kerasVersion = typeof metadata.keras_version === "string" ? metadata.keras_version : ""
  return {
    name: reader.name,
    refuse,
    model: isKeras2(kerasVersion) ? fromKeras2(model) : model,
    training: isObject(training) ? training : undefined,
    kerasVersion,
    weights: { layout: "v3", group },
    optimizer: group,
  }
}

/** Told by the version that a file says it was written with. */
export const isKeras2 = (version: string) => /^[12]\./.test(version)

function missingWeights(npz: boolean, refuse: Refuse): Error {
  if (!npz) return refuse(WEIGHTS, "this member", "none")
  const hint = "load it in Keras and save it with the default weights_format"
  return refuse(NPZ, WEIGHTS, "weights as pickled Python objects, which are never read", hint)
}

async function openH5(reader: Reader, options: LoadOptions, refuse: Refuse): Promise<KerasFile> {
  const { name, owned } = reader
  const tree = await readHdf5Part(reader.part(0, reader.length), { ...reading(options), name, owned })
  const attribute = (name: string) => attributeJson(tree.attributes.get(name), name, refuse)
  const whole = tree.groups.get("model_weights")
  const layout = whole || tree.attributes.has("layer_names") || tree.attributes.has("layer_names0") ? "h5" : "v3"
  const version = (whole ?? tree).attributes.get("keras_version") ?? tree.attributes.get("keras_version")
  const kerasVersion = typeof version === "string" ? version : ""
  const model = attribute("model_config")
  return {
    name,
    refuse,
    model: model && isKeras2(kerasVersion) ? fromKeras2(model) : model,
    training: attribute("training_config"),
    kerasVersion,
    weights: { layout, group: whole ?? tree },
    optimizer: layout === "v3" ? tree : tree.groups.get("optimizer_weights"),
  }
}

function attributeJson(value: AttributeValue | undefined, name: string, refuse: Refuse): JsonObject | undefined {
  if (value === undefined) return undefined
  const place = `attribute ${name}`
  if (typeof value !== "string") throw refuse(place, "JSON text", show(value))
  return parseJsonObject(value, refuse, place)
}

/** The options that reading HDF5 shares. */
function reading({ timeoutMs, trusted }: LoadOptions): { timeoutMs?: number; trusted?: boolean } {
  return { ...(timeoutMs === undefined ? {} : { timeoutMs }), ...(trusted === undefined ? {} : { trusted }) }
}

/** How many numbers a file stores in all: no good model has more in one layer. */
export function countStored(tree: Hdf5Tree): number {
  let count = 0
  for (const { data } of tree.datasets.values()) count += data.length
  for (const group of tree.groups.values()) count += countStored(group)
  return count
}
