import { readdirSync, readFileSync } from "node:fs"
import { type Tensor, tensor } from "@selvedge/core"
import type { Model } from "@selvedge/layers"
import { expect } from "vitest"

/** An array of a fixture. */
export interface Encoded {
  shape: number[]
  dtype: string
  data: (number | string)[]
}

/** What a model's JSON beside its files says. */
export interface ModelFixture {
  name: string
  kind: string
  files: Record<string, string>
  loss: string
  weights: (Encoded & { name: string })[]
  input: Encoded[]
  predictions: Encoded
  optimizer_variables: (Encoded & { name: string })[]
  continue: { batches: { x: Encoded[]; y: Encoded }[]; losses: number[]; final_weights: Encoded[] } | null
  tolerance: { predictions_abs: number; losses_relative: number; weights: number }
}

const folder = new URL("../fixtures/files/", import.meta.url)

/** The bytes of a fixture file. */
export const fileBytes = (name: string) => new Uint8Array(readFileSync(new URL(name, folder)))

/** Its path. */
export const filePath = (name: string) => new URL(name, folder)

/** Every model, by name. */
export const fixtures: ModelFixture[] = readdirSync(folder)
  .filter(name => name.endsWith(".json"))
  .sort()
  .map(name => ({ ...JSON.parse(readFileSync(new URL(name, folder), "utf8")), name: name.slice(0, -5) }))

/** A fixture's numbers as float32. */
export const numbers = ({ data }: Encoded) => Float32Array.from(data, Number)

/** A fixture's array as a tensor. */
export const asTensor = (x: Encoded) => tensor(numbers(x), x.shape)

/** One tensor, or a list of them for a model of several inputs. */
export const asInput = (xs: Encoded[]): Tensor | Tensor[] => (xs.length === 1 ? asTensor(xs[0]) : xs.map(asTensor))

/** Checks a model's weights, bit by bit, and its predictions. */
export function expectModel(model: Model, { weights, input, predictions, tolerance }: ModelFixture): void {
  const got = model.getWeights()
  expect(got.length).toBe(weights.length)
  weights.forEach((want, i) => {
    expect(model.weights[i].shape, want.name).toEqual(want.shape)
    expect(Buffer.from(got[i].buffer).equals(Buffer.from(numbers(want).buffer)), want.name).toBe(true)
  })
  const y = model.apply(asInput(input), { training: false })
  expect(y.shape).toEqual(predictions.shape)
  expectClose(y.toArray(), predictions, tolerance.predictions_abs)
}

/** Checks numbers against a fixture. */
export function expectClose(got: unknown, want: Encoded, tolerance: number): void {
  const flat = [got].flat(9) as number[]
  expect(flat.length).toBe(want.data.length)
  const worst = flat.reduce((most, value, i) => Math.max(most, Math.abs(value - Number(want.data[i]))), 0)
  expect(worst).toBeLessThanOrEqual(tolerance)
}
