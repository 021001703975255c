import { deserializeMetric, Mean } from "@selvedge/trainer"
import { describe, expect, it } from "vitest"
import { decode, type Encoded, expectClose, fixture } from "./fixtures.ts"

interface Case {
  name: string
  class_name: string
  config: Record<string, unknown>
  batches: { y_true: Encoded | null; y_pred: Encoded; sample_weight: Encoded | null; result_after: Encoded }[]
  tolerance: { rtol: number; atol: number }
}

const { cases } = fixture<Case>("metrics")
const list = (result: number | readonly number[]) => (typeof result === "number" ? [result] : result)

describe("metrics.json", () => {
  it("holds 28 cases", () => expect(cases.length).toBe(28))

  it.each(cases)("$name", c => {
    const metric = deserializeMetric(c)
    const run = () => {
      for (const batch of c.batches) {
        const weights = batch.sample_weight && decode(batch.sample_weight)
        const yPred = decode(batch.y_pred)
        if (batch.y_true) metric.updateState(decode(batch.y_true), yPred, weights)
        else if (metric instanceof Mean) metric.updateState(yPred, weights)
        expectClose(list(metric.result()), batch.result_after.data, c.tolerance, c.name)
      }
    }
    run()
    metric.resetState()
    run()
    const copy = deserializeMetric({ class_name: metric.className, config: metric.getConfig() })
    expect(copy.getConfig()).toEqual(metric.getConfig())
    copy.state = metric.state.slice()
    expect(copy.result()).toEqual(metric.result())
  })
})
