import { backward, isTensor, type Tensor, tensor } from "@selvedge/core"
import { deserialize, Normalization } from "@selvedge/layers"
import { expect } from "vitest"
import { decode, type Encoded } from "../trainer/fixtures.ts"

export interface Tolerance {
  readonly rtol: number
  readonly atol: number
}

export interface LayerCase {
  readonly name: string
  readonly class_name: string
  readonly config: Record<string, unknown>
  readonly trainable: boolean
  readonly training: boolean | null
  readonly input: Encoded | Encoded[]
  readonly weights: (Encoded & { readonly name: string; readonly trainable: boolean })[]
  readonly output: Encoded
  readonly cotangent: Encoded
  readonly gradients: { readonly input: Encoded | Encoded[] | null; readonly weights: Record<string, Encoded> }
  readonly state_after: (Encoded & { readonly name: string })[] | Record<string, Encoded>
  readonly adapt_data?: Encoded
  readonly tolerance: Tolerance
}

export const wanting = (x: Encoded, gradient: boolean) => {
  const data = Float32Array.from(x.data.map(Number))
  return tensor(data, x.shape, { requiresGrad: gradient && x.dtype !== "i32" })
}

/** The fixtures' rule: within the tolerance, and the infinity of its sign where float32 has no such number. */
export function expectClose(
  got: ArrayLike<number>,
  want: readonly (number | string)[],
  tolerance: Tolerance,
  what: string,
) {
  expect(got.length, what).toBe(want.length)
  want.map(Number).forEach((value, i) => {
    const representable = Math.abs(value) > 3.4028235e38 ? Math.sign(value) * Infinity : value
    const close = Math.abs(got[i] - value) <= tolerance.atol + tolerance.rtol * Math.abs(value)
    if (got[i] !== representable && !close) expect.fail(`${what}[${i}]: got ${got[i]}, want ${value}`)
  })
}

export function gradientOf(x: Tensor): ArrayLike<number> {
  return x.grad?.read() ?? new Float32Array(x.size)
}

/** Builds the layer of a case, sets its weights, and compares output, gradients and state with Keras's. */
export function runLayerCase(c: LayerCase): void {
  const layer = deserialize({ class_name: c.class_name, config: c.config })
  const list = Array.isArray(c.input)
  const inputs = [c.input].flat().map(x => wanting(x, true))
  const shapes = inputs.map(x => [null, ...x.shape.slice(1)])
  layer.build(list ? shapes : shapes[0])
  if (c.adapt_data && layer instanceof Normalization) layer.adapt(decode(c.adapt_data))
  layer.setWeights(c.weights.map(w => ({ shape: w.shape, data: w.data.map(Number) })))
  layer.trainable = c.trainable
  expect(layer.weights.map(w => [w.key, w.shape])).toEqual(c.weights.map(w => [w.name, w.shape]))

  const y = layer.call(list ? inputs : inputs[0], { training: c.training })
  if (!isTensor(y)) throw new Error("one output is expected")
  expect(y.shape).toEqual(c.output.shape)
  expectClose(y.read(), c.output.data, c.tolerance, "output")

  const inputGradients = c.gradients.input === null ? [] : [c.gradients.input].flat()
  const weightGradients = Object.entries(c.gradients.weights)
  if (inputGradients.length + weightGradients.length > 0) backward(y, decode(c.cotangent))
  inputGradients.forEach((want, i) => {
    expectClose(gradientOf(inputs[i]), want.data, c.tolerance, `gradient of input ${i}`)
  })
  for (const [name, want] of weightGradients) {
    const weight = layer.weights.find(w => w.key === name)!
    expectClose(gradientOf(weight), want.data, c.tolerance, `gradient of ${name}`)
  }
  for (const [name, want] of Object.entries(c.state_after)) {
    const key = "name" in want ? String(want.name) : name
    expectClose(layer.weights.find(w => w.key === key)!.read(), want.data, c.tolerance, key)
  }
  expect(layer.computeOutputShape(list ? shapes : shapes[0])).toEqual([null, ...y.shape.slice(1)])
}
