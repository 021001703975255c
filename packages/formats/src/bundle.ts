import { checkKeys, formatShape, OptionError, sizeOf } from "@selvedge/core"
import { type CustomObjects, type Model, serialize } from "@selvedge/layers"
import { bytesOf } from "./arrays.ts"
import { writeFileAtomic } from "./atomic.ts"
import { type Refuse, refuseIn, show } from "./fail.ts"
import { asJsonObject, decodeUtf8, isObject, type Json, type JsonObject, parseJsonObject } from "./json.ts"
import { applyAll } from "./keras/assign.ts"
import { modelFromConfig } from "./keras/build.ts"
import { toFloat } from "./keras/weightsV3.ts"
import { sha256 } from "./sha256.ts"
import { nodeFs, toBytes } from "./source.ts"

/** A model for the web: one JSON and one binary file. */
export interface Bundle {
  json: Uint8Array<ArrayBuffer>
  binary: Uint8Array<ArrayBuffer>
}

/** How to load a bundle. */
export interface BundleOptions {
  /** Classes and functions of your own, by the names that the bundle uses for them. */
  customObjects?: CustomObjects
  /** Called while the binary file comes in; once, at the end, for a file of this machine. */
  onProgress?: (progress: { loaded: number; total: number }) => void
  /** Ends the download. */
  signal?: AbortSignal
}

const FORMAT = "selvedge-bundle"
const VERSION = 1

/**
 * A model as two files: `NAME.json` (the configuration in Keras's words, names and shapes of the weights, the other file's
 * name, size and SHA-256) and `NAME.bin` (all weights one after another, little-endian float32).
 * @throws OptionError for a model without weights yet.
 */
export async function toBundle(model: Model, name = "model"): Promise<Bundle> {
  if (!model.built)
    throw new OptionError("toBundle: the model has no weights yet", { hint: "call build(inputShape) first" })
  const binary = new Uint8Array(4 * model.countParams())
  let at = 0
  const weights = model.weights.map(weight => {
    const offset = at
    binary.set(bytesOf(toFloat(weight.read())), at)
    at += 4 * weight.size
    return { name: weight.name, shape: [...weight.shape], offset }
  })
  const binaryFile = { file: `${name}.bin`, bytes: binary.length, sha256: await sha256(binary) }
  const config = asJsonObject("toBundle", { ...serialize(model) })
  const json = { format: FORMAT, version: VERSION, config, weights, binary: binaryFile }
  return { json: new TextEncoder().encode(JSON.stringify(json)), binary }
}

/** Writes a bundle beside each other: `path` ends in `.json`, the binary file has the same name and `.bin`. */
export async function saveBundle(model: Model, path: string): Promise<void> {
  if (!path.endsWith(".json")) throw new OptionError(`saveBundle: the file's name must end in .json, got ${path}`)
  const stem = path.slice(0, -".json".length)
  const { json, binary } = await toBundle(
    model,
    stem.slice(Math.max(stem.lastIndexOf("/"), stem.lastIndexOf("\\")) + 1),
  )
  await writeFileAtomic(`${stem}.bin`, binary)
  await writeFileAtomic(path, json)
}

/**
 * Loads a bundle: from the path or URL of its JSON file, or from both files' bytes. Needs neither HDF5 nor zip. The
 * binary file's size and SHA-256 are checked before a weight is made.
 *
 * @throws FormatError naming file, place, expected and found.
 */
export async function loadBundle(source: string | URL | Bundle, options: BundleOptions = {}): Promise<Model> {
  checkKeys("loadBundle", options, ["customObjects", "onProgress", "signal"])
  const given = typeof source === "object" && "json" in source ? source : undefined
  const name = given ? "bundle" : String(source)
  const refuse = refuseIn(name)
  const json = given ? given.json : (await toBytes(source as string | URL)).bytes
  const root = parseJsonObject(decodeUtf8(json, refuse, "JSON file"), refuse, "JSON file")
  if (root.format !== FORMAT) throw refuse("format", show(FORMAT), show(root.format))
  if (root.version !== VERSION) throw refuse("version", String(VERSION), show(root.version))
  const { file, bytes, digest } = readBinaryEntry(root.binary, refuse)
  const binary = given ? given.binary : await fetchBinary(name, file, bytes, options, refuse)
  if (binary.length !== bytes) throw refuse(file, `${bytes} bytes`, `${binary.length}`)
  const found = await sha256(binary)
  if (found !== digest) throw refuse(file, `SHA-256 ${digest}`, found, "the file is damaged, or of another version")
  return build(root, binary, options.customObjects, refuse)
}

function readBinaryEntry(value: Json | undefined, refuse: Refuse): { file: string; bytes: number; digest: string } {
  const { file, bytes, sha256: digest } = isObject(value) ? value : {}
  if (typeof file !== "string" || !/^[^/\\:]+$/.test(file) || file.startsWith(".")) {
    throw refuse("binary.file", "the name of a file beside this one", show(file))
  }
  if (!Number.isSafeInteger(bytes) || typeof digest !== "string") {
    throw refuse("binary", "bytes and sha256", show(value))
  }
  return { file, bytes: Number(bytes), digest }
}

/** The file beside the JSON, with progress: never more than was announced is kept. */
async function fetchBinary(
  from: string,
  file: string,
  total: number,
  options: BundleOptions,
  refuse: Refuse,
): Promise<Uint8Array<ArrayBuffer>> {
  const address = from.replace(/[^/\\]*$/, "") + encodeName(file, from)
  if (nodeFs() && !/^https?:/.test(from)) {
    const { bytes } = await toBytes(address)
    options.onProgress?.({ loaded: bytes.length, total })
    return bytes
  }
  const response = await fetch(address, options.signal ? { signal: options.signal } : {})
  if (!response.ok || !response.body) throw refuse(file, "an answer", `HTTP ${response.status}`)
  const chunks: Uint8Array[] = []
  let loaded = 0
  for await (const chunk of response.body) {
    loaded += chunk.length
    if (loaded > total) throw refuse(file, `${total} bytes`, "more")
    chunks.push(chunk)
    options.onProgress?.({ loaded, total })
  }
  return new Uint8Array(await new Blob(chunks as Uint8Array<ArrayBuffer>[]).arrayBuffer())
}

function encodeName(file: string, from: string): string {
  return /^(https?|file):/.test(from) ? encodeURIComponent(file) : file
}

function build(root: JsonObject, binary: Uint8Array, customObjects: CustomObjects | undefined, refuse: Refuse): Model {
  const { config, weights } = root
  if (!isObject(config) || !Array.isArray(weights)) throw refuse("JSON file", "config and weights", "neither")
  const model = modelFromConfig(config, binary.length / 4, customObjects, refuse)
  if (model.weights.length !== weights.length) throw refuse("weights", `${model.weights.length}`, `${weights.length}`)
  let at = 0
  const plan = model.weights.map((weight, i) => {
    const entry = weights[i]
    const { shape, offset } = isObject(entry) ? entry : {}
    const place = `weight ${i}, ${show(weight.name)}`
    if (JSON.stringify(shape) !== JSON.stringify(weight.shape))
      throw refuse(place, formatShape(weight.shape), show(shape))
    if (offset !== at) throw refuse(place, `offset ${at}`, show(offset))
    const values = new Float32Array(binary.slice(at, at + 4 * sizeOf(weight.shape)).buffer)
    at += values.byteLength
    return { weight, values }
  })
  if (at !== binary.length) throw refuse("binary file", `${at} bytes`, `${binary.length}`)
  applyAll(plan)
  return model
}
