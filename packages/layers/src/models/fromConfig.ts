import { describe, OptionError } from "@selvedge/core"
import { type Config, isRecord } from "../config.ts"
import type { Layer, MakeLayer, Symbolic } from "../layer.ts"
import { InputLayer, outputOfInput } from "../layers/input.ts"
import type { Ends } from "./graph.ts"

/** A tensor in a config: the layer it comes out of, which application of it, which output. */
type History = readonly [name: string, node: number, index: number]

/** One application of a layer in a config. */
interface Application {
  readonly inputs: readonly History[]
  readonly list: boolean
  readonly training: boolean | null
}

/**
 * The graph that the config of a functional model describes, in Keras 3's form or Keras 2's.
 * @throws OptionError for a config that is not one, or whose applications refer to tensors that are never made.
 */
export function graphFromConfig(config: Config, make: MakeLayer): Ends {
  const entries = listOf("layers", config.layers).map(entry => readLayer(entry, make))
  const made = new Map<string, Symbolic[][]>()
  for (const { name, layer } of entries) {
    made.set(name, layer instanceof InputLayer ? [[outputOfInput(layer)]] : [])
  }
  const offsets = offsetsOf(entries, config)
  const find = ([name, node, index]: History) => made.get(name)?.[node - (offsets.get(name) ?? 0)]?.[index]
  connect(entries, made, find)
  const end = (key: string, value: unknown) => {
    const tensor = (history: History) => {
      const found = find(history)
      if (found) return found
      throw new OptionError(`functional model: ${key} names a tensor that is never made: ${describe([...history])}`)
    }
    if (isHistory(value)) return tensor(value)
    // Keras 3 keeps the names under which a model takes or gives several tensors.
    if (isRecord(value)) {
      const named = Object.entries(value).map(([name, x]) => [name, isHistory(x) ? tensor(x) : refuse(key, x)] as const)
      return Object.fromEntries(named)
    }
    const list = listOf(key, value).map(entry => (isHistory(entry) ? tensor(entry) : refuse(key, entry)))
    // Keras 2 writes a list also for the single output that such a model gives bare.
    const [only] = list
    return only && list.length === 1 && isKeras2(config) ? only : list
  }
  return { inputs: end("input_layers", config.input_layers), outputs: end("output_layers", config.output_layers) }
}

interface Entry {
  readonly name: string
  readonly layer: Layer
  readonly applications: readonly Application[]
}

/** Applies the layers, each application as soon as its inputs exist. */
function connect(
  entries: readonly Entry[],
  made: ReadonlyMap<string, Symbolic[][]>,
  find: (history: History) => Symbolic | undefined,
): void {
  let waiting = entries.filter(entry => entry.applications.length > 0)
  while (waiting.length > 0) {
    const before = progress(waiting, made)
    for (const { name, layer, applications } of waiting) {
      const done = made.get(name) ?? []
      for (let next = applications[done.length]; next; next = applications[done.length]) {
        const inputs = next.inputs.map(find)
        const ready = inputs.filter(x => x !== undefined)
        if (ready.length < inputs.length) break
        const [first] = ready
        const { training } = next
        done.push(layer.applyAll(next.list || !first ? ready : first, training === null ? {} : { training }))
      }
    }
    if (progress(waiting, made) === before) {
      throw new OptionError("functional model: its graph has loops or loose ends", {
        facts: { "never applied": waiting.map(entry => entry.name).join(", ") },
      })
    }
    waiting = waiting.filter(entry => (made.get(entry.name)?.length ?? 0) < entry.applications.length)
  }
}

function progress(waiting: readonly Entry[], made: ReadonlyMap<string, Symbolic[][]>): number {
  return waiting.reduce((sum, entry) => sum + (made.get(entry.name)?.length ?? 0), 0)
}

/** Where counting begins: Keras counts an application that a functional model inside makes of itself. */
function offsetsOf(entries: readonly Entry[], config: Config): Map<string, number> {
  const largest = new Map<string, number>()
  const see = ([name, node]: History) => {
    largest.set(name, Math.max(largest.get(name) ?? 0, node))
  }
  for (const entry of entries) for (const application of entry.applications) application.inputs.forEach(see)
  for (const ends of [config.input_layers, config.output_layers]) {
    const all = isHistory(ends) ? [ends] : Object.values(Array.isArray(ends) || isRecord(ends) ? ends : [])
    for (const end of all) if (isHistory(end)) see(end)
  }
  const counted = entries.filter(entry => (largest.get(entry.name) ?? 0) >= Math.max(1, entry.applications.length))
  return new Map(counted.map(entry => [entry.name, 1]))
}

function readLayer(value: unknown, make: MakeLayer): Entry {
  if (!isRecord(value)) throw new OptionError(`functional model: a layer is ${describe(value)}`)
  const layer = make(value)
  const name = typeof value.name === "string" ? value.name : layer.name
  const nodes = listOf(`inbound_nodes of "${name}"`, value.inbound_nodes ?? [])
  return { name, layer, applications: nodes.map(node => readNode(name, node)) }
}

function readNode(name: string, node: unknown): Application {
  if (isRecord(node)) {
    const args = listOf(`args of "${name}"`, node.args)
    const [first] = args
    const list = Array.isArray(first) || args.length > 1
    const tensors: unknown[] = Array.isArray(first) ? first : args
    const training = isRecord(node.kwargs) && typeof node.kwargs.training === "boolean" ? node.kwargs.training : null
    return { list, training, inputs: tensors.map(tensor => historyOf(name, tensor)) }
  }
  const inputs = listOf(`inbound_nodes of "${name}"`, node).map(entry => historyOf(name, entry))
  return { inputs, list: inputs.length > 1, training: null }
}

function historyOf(name: string, tensor: unknown): History {
  const value = isRecord(tensor) && isRecord(tensor.config) ? tensor.config.keras_history : tensor
  if (isHistory(value)) return value
  throw new OptionError(`functional model: "${name}" is applied to something other than a layer's output`, {
    facts: { got: describe(tensor) },
  })
}

function isHistory(value: unknown): value is History {
  return (
    Array.isArray(value) && typeof value[0] === "string" && Number.isInteger(value[1]) && Number.isInteger(value[2])
  )
}

/** Keras 2 writes an application as a list of tensors, Keras 3 as `{ args, kwargs }`. */
function isKeras2(config: Config): boolean {
  return listOf("layers", config.layers).some(
    entry => isRecord(entry) && Array.isArray(entry.inbound_nodes) && entry.inbound_nodes.some(Array.isArray),
  )
}

function listOf(what: string, value: unknown): unknown[] {
  if (Array.isArray(value)) return value
  throw new OptionError(`functional model: ${what} must be a list, got ${describe(value)}`)
}

function refuse(key: string, value: unknown): never {
  throw new OptionError(`functional model: ${key} must name layers' outputs, got ${describe(value)}`)
}
