import { describe, FormatError } from "@selvedge/core"
import { messageOf, type Refuse, show } from "./fail.ts"

/** Anything JSON can say. */
export type Json = null | boolean | number | string | Json[] | JsonObject

/** A JSON object. Read keys with `Object.hasOwn`: a file chooses its own keys. */
export interface JsonObject {
  [key: string]: Json
}

/** Deeper nesting is refused: no Keras configuration comes near it, and recursion over it could overflow the stack. */
export const MAX_JSON_DEPTH = 256

/**
 * UTF-8 bytes as text.
 * @throws FormatError for bytes that are not UTF-8.
 */
export function decodeUtf8(bytes: Uint8Array, refuse: Refuse, place: string): string {
  try {
    return new TextDecoder("utf-8", { fatal: true }).decode(bytes)
  } catch {
    throw refuse(place, "UTF-8 text", "bytes that are not UTF-8")
  }
}

/**
 * JSON text from a stranger: nesting is bounded before parsing, and the key `__proto__` is refused, because code that
 * copies it into an object would change that object's prototype. Python's `NaN` and `Infinity` are refused as JSON
 * refuses them.
 * @throws FormatError naming the place.
 */
export function parseJson(text: string, refuse: Refuse, place: string): Json {
  const depth = depthOf(text)
  if (depth > MAX_JSON_DEPTH) throw refuse(place, `JSON nested at most ${MAX_JSON_DEPTH} levels`, `${depth} levels`)
  let value: Json
  try {
    value = JSON.parse(text)
  } catch (error) {
    throw refuse(place, "JSON", messageOf(error))
  }
  refuseProto(value, refuse, place)
  return value
}

/**
 * A JSON object from text.
 * @throws FormatError when it is anything else.
 */
export function parseJsonObject(text: string, refuse: Refuse, place: string): JsonObject {
  const value = parseJson(text, refuse, place)
  if (!isObject(value)) throw refuse(place, "a JSON object", show(value))
  return value
}

/** True for a JSON object that is neither null nor an array. */
export function isObject(value: Json | undefined): value is JsonObject {
  return typeof value === "object" && value !== null && !Array.isArray(value)
}

/** Every JSON object inside a value, itself first. */
export function* objectsIn(root: Json): Generator<JsonObject> {
  const pending: Json[] = [root]
  for (let value = pending.pop(); value !== undefined; value = pending.pop()) {
    if (typeof value !== "object" || value === null) continue
    if (!Array.isArray(value)) yield value
    for (const item of Object.values(value)) pending.push(item)
  }
}

function depthOf(text: string): number {
  let depth = 0
  let deepest = 0
  let quoted = false
  for (let i = 0; i < text.length; i++) {
    const code = text.charCodeAt(i)
    if (code === 92 && quoted) i++
    else if (code === 34) quoted = !quoted
    else if (!quoted && (code === 91 || code === 123)) deepest = Math.max(deepest, ++depth)
    else if (!quoted && (code === 93 || code === 125)) depth--
  }
  return deepest
}

function refuseProto(root: Json, refuse: Refuse, place: string): void {
  const pending: Json[] = [root]
  for (let value = pending.pop(); value !== undefined; value = pending.pop()) {
    if (typeof value !== "object" || value === null) continue
    if (Object.hasOwn(value, "__proto__")) throw refuse(place, "ordinary keys", 'the key "__proto__"')
    for (const item of Object.values(value)) pending.push(item)
  }
}

/**
 * A value as a JSON object, unchanged.
 * @throws FormatError when something in it cannot be written as JSON: NaN, infinities, functions, class instances.
 */
export function asJsonObject(owner: string, value: object): JsonObject {
  const json = asJson(owner, value)
  if (isObject(json)) return json
  throw new FormatError(`${owner}: must be an object`)
}

function asJson(place: string, value: unknown): Json {
  if (value === null || typeof value === "boolean" || typeof value === "string") return value
  if (typeof value === "number" && Number.isFinite(value)) return value
  if (Array.isArray(value)) return value.map((item, i) => asJson(`${place}[${i}]`, item))
  if (typeof value === "object" && Object.getPrototypeOf(value) === Object.prototype) {
    const entries = Object.entries(value).filter(([, item]) => item !== undefined)
    return Object.fromEntries(entries.map(([key, item]) => [key, asJson(`${place}.${key}`, item)]))
  }
  throw new FormatError(`${place}: ${describe(value)} cannot be written as JSON`)
}
