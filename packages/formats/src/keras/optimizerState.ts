import { formatShape, math, type Tensor } from "@selvedge/core"
import type { Optimizer } from "@selvedge/trainer"
import { toFloat32 } from "../arrays.ts"
import type { Refuse } from "../fail.ts"
import { dataset, emptyGroup, type Hdf5Dataset, type Hdf5Group } from "../hdf5/types.ts"
import { sameDims } from "./assign.ts"
import type { KerasFile } from "./file.ts"
import { namedGroup, readNamed } from "./weightsH5.ts"
import { optimizerV3, toFloat } from "./weightsV3.ts"

/** Numbers for one variable. */
export type Values = Float32Array | Float64Array

/** One stored variable of an optimizer, with its name where the file gives one. */
export interface StoredVariable {
  readonly name: string
  readonly stored: Hdf5Dataset
}

/** The ends of slot names, longest first, so that `velocity_hat` is not taken for `velocity`. */
const KINDS =
  /_(accumulated_delta_var|accumulated_grad|average_gradient|velocity_hat|accumulator|momentum|velocity|average|linear|norm)$/

/** The optimizer's variables that a file stores, in its order; undefined when it stores none. */
export function storedVariables(file: KerasFile): StoredVariable[] | undefined {
  if (file.optimizer === undefined) return undefined
  if (file.weights.layout === "h5") return readNamed(file.optimizer, "optimizer_weights", file.refuse)
  const vars = optimizerV3(file.optimizer)
  if (!vars) return undefined
  return Array.from({ length: vars.datasets.size }, (_, i) => {
    const stored = vars.datasets.get(String(i))
    if (!stored) throw file.refuse("optimizer/vars", `${vars.datasets.size} datasets numbered from 0`, `no ${i}`)
    return { name: String(i), stored }
  })
}

/**
 * Values for `optimizer.setVariables`, checked. Keras 2 stores no learning rate (the configuration has it), momentum for
 * an SGD without any, and in its legacy optimizers all first moments before all second ones.
 *
 * @throws FormatError when the variables are of another optimizer or model.
 */
export function planOptimizer(optimizer: Optimizer, stored: readonly StoredVariable[], refuse: Refuse): Values[] {
  const variables = optimizer.variables
  const sources = arrange(optimizer, stored)
  if (sources.length !== variables.length) {
    const hint = "the file's optimizer is of another kind, or was made for other weights"
    throw refuse("optimizer", `${variables.length} variables`, `${stored.length}`, hint)
  }
  return variables.map((variable, i) => valuesOf(variable, sources[i]!, refuse))
}

function arrange(optimizer: Optimizer, stored: readonly StoredVariable[]): (StoredVariable | Tensor)[] {
  const { variables } = optimizer
  const [iteration, ...rest] = stored
  if (!iteration) return []
  const rate = variables[1]?.name === "learning_rate" ? [variables[1]] : []
  const head = 1 + rate.length
  if (iteration.name.endsWith("iter:0")) return [iteration, ...rate, ...regroup(variables.slice(head), rest)]
  if (stored.length === variables.length) return [...stored]
  if (variables.length === head) return [iteration, ...rate]
  // A model that was compiled and never trained: Keras makes the slots at the first step.
  if (stored.length <= head) return [...stored, ...variables.slice(stored.length)]
  const complete = [iteration, ...rate, ...rest]
  if (variables.at(-1)?.name === PRODUCT && complete.length === variables.length - 1) {
    complete.push(momentumProduct(optimizer, Number(iteration.stored.data[0])))
  }
  return complete.length === variables.length ? complete : [...stored]
}

/** What Keras calls Nadam's product of all momenta so far. */
const PRODUCT = "variable"
/** From about here on 0.96ᵗ / 2 is nothing beside 1 in double. */
const WARM = 1000

/** Keras 2 stores Nadam's product nowhere: it follows from beta1 and the number of steps. */
function momentumProduct(optimizer: Optimizer, steps: number): StoredVariable {
  const beta1 = Number(optimizer.getConfig().beta_1)
  let product = 1
  for (let t = 1; t <= Math.min(steps, WARM); t++) product *= beta1 * (1 - 0.5 * math.pow(0.96, t))
  product *= math.pow(beta1, Math.max(0, steps - WARM))
  return { name: PRODUCT, stored: dataset([], Float32Array.of(product), "float32") }
}

/** Slots kind after kind, as legacy optimizers store them, in the order of `variables`. */
function regroup(variables: readonly Tensor[], stored: readonly StoredVariable[]): StoredVariable[] {
  const kinds = new Map<string, StoredVariable[]>()
  for (const item of stored) {
    const kind = item.name.slice(item.name.lastIndexOf("/") + 1)
    kinds.set(kind, [...(kinds.get(kind) ?? []), item])
  }
  const queues = [...kinds.values()]
  const order: string[] = []
  return variables.flatMap(({ name }) => {
    const kind = KINDS.exec(name)?.[1] ?? ""
    if (!order.includes(kind)) order.push(kind)
    return queues[order.indexOf(kind)]?.splice(0, 1) ?? []
  })
}

function valuesOf(variable: Tensor, source: StoredVariable | Tensor, refuse: Refuse): Values {
  if (!("stored" in source)) return toFloat(source.read())
  const { data, shape } = source.stored
  const place = `optimizer variable ${source.name}`
  const wanted = `${variable.name} ${formatShape(variable.shape)}`
  if (Array.isArray(data)) throw refuse(place, wanted, "texts")
  if (!sameDims(shape, variable.shape)) throw refuse(place, wanted, formatShape(shape))
  if (variable.name !== "iteration") return toFloat32(data)
  const count = Number(data[0])
  if (!Number.isSafeInteger(count) || count < 0) throw refuse(place, "a count of steps", String(data[0]))
  // As float32 it would be rounded beyond 2^24 steps.
  return Float64Array.of(count)
}

/** An optimizer's variables with Keras's names and types. */
function encodeVariables(optimizer: Optimizer): [string, Hdf5Dataset][] {
  const prefix = String(optimizer.getConfig().name ?? "optimizer")
  return optimizer.variables.map(variable => {
    const data = variable.read()
    const count = variable.name === "iteration"
    const item = count
      ? dataset([], BigInt64Array.of(BigInt(data[0]!)), "int64")
      : dataset(variable.shape, toFloat(data), "float32")
    return [`${prefix}/${variable.name}`, item]
  })
}

/** The optimizer's state for `.weights.h5`: the group `optimizer/vars`. */
export function optimizerVars(optimizer: Optimizer): Hdf5Group {
  const vars = emptyGroup()
  vars.attributes.set("name", String(optimizer.getConfig().name ?? "optimizer"))
  encodeVariables(optimizer).forEach(([, item], i) => {
    vars.datasets.set(String(i), item)
  })
  return { ...emptyGroup(), groups: new Map([["vars", vars]]) }
}

/**
 * The optimizer's state for whole-model `.h5`: the group `optimizer_weights`. Keras 2 keeps the learning rate in the
 * configuration alone, Nadam's running product nowhere, and momentum for every SGD.
 */
export function optimizerGroup(optimizer: Optimizer, keras: 2 | 3, weights: readonly Tensor[]): Hdf5Group {
  const all = encodeVariables(optimizer)
  if (keras === 3) return namedGroup(all)
  const names = optimizer.variables.map(variable => variable.name)
  const kept = all.filter((_, i) => names[i] !== "learning_rate" && (names[i] === "iteration" || KINDS.test(names[i]!)))
  const idle = optimizer.className === "SGD" && kept.length === 1 ? weights : []
  return namedGroup([...kept, ...idle.map(weight => momentumOf(weight))])
}

function momentumOf({ name, shape, size }: Tensor): [string, Hdf5Dataset] {
  return [`SGD/m/${name}`, dataset(shape, new Float32Array(size), "float32")]
}
