import { backward, sum, tensor } from "@selvedge/core"
import { deserializeLoss } from "@selvedge/trainer"
import { describe, expect, it } from "vitest"
import { decode, type Encoded, expectClose, fixture, numbers } from "./fixtures.ts"

interface Case {
  name: string
  class_name: string
  config: Record<string, unknown>
  y_true: Encoded
  y_pred: Encoded
  sample_weight: Encoded | null
  value: Encoded
  gradient: Encoded
  tolerance: { value: { rtol: number; atol: number }; gradient: { rtol: number; atol: number } }
}

const { cases } = fixture<Case>("losses")

describe("losses.json", () => {
  let ran = 0

  it.each(cases)("$name", c => {
    const loss = deserializeLoss(c)
    const yPred = tensor(Float32Array.from(numbers(c.y_pred.data)), c.y_pred.shape, { requiresGrad: true })
    const value = loss.call(decode(c.y_true), yPred, c.sample_weight && decode(c.sample_weight))
    expect(value.shape).toEqual(c.value.shape)
    expectClose(value.data, c.value.data, c.tolerance.value, "value")
    backward(sum(value))
    expectClose(yPred.grad?.data ?? [], c.gradient.data, c.tolerance.gradient, "gradient")
    const copy = deserializeLoss({ class_name: loss.className, config: loss.getConfig() })
    expect(copy.getConfig()).toEqual(loss.getConfig())
    ran++
  })

  it("ran every case", () => {
    expect(ran).toBe(cases.length)
    expect(ran).toBe(89)
  })
})
