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
  let ran = 0

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
    ran++
  })

  it("ran every case", () => {
    expect(ran).toBe(cases.length)
    expect(ran).toBe(28)
  })
})

describe("a threshold", () => {
  it.each(["BinaryAccuracy", "Precision", "Recall", "TruePositives", "FalseNegatives"])(
    "of %s is strict",
    class_name => {
      const metric = deserializeMetric({ class_name, config: {} })
      metric.updateState([1, 1, 0], [0.5, 0.75, 0.25])
      const expected = { BinaryAccuracy: 2 / 3, Precision: 1, Recall: 0.5, TruePositives: 1, FalseNegatives: 1 }
      expect(metric.result()).toBeCloseTo(expected[class_name as keyof typeof expected], 12)
    },
  )

  // Values from Keras 3.15 itself.
  it("of Precision may be several, and a class or the k largest may be looked at", () => {
    const scores = [
      [0.1, 0.7, 0.2],
      [0.5, 0.3, 0.2],
      [0.2, 0.35, 0.45],
    ]
    const truth = [
      [0, 1, 0],
      [0, 1, 0],
      [0, 0, 1],
    ]
    const measure = (class_name: string, config: object) => {
      const metric = deserializeMetric({ class_name, config: { ...config } })
      metric.updateState(truth, scores)
      return metric.result()
    }
    expect(measure("Precision", { thresholds: [0.25, 0.6] })).toEqual([3 / 5, 1])
    expect(measure("Recall", { class_id: 1, thresholds: 0.5 })).toBe(0.5)
    expect(measure("Recall", { top_k: 1 })).toBeCloseTo(2 / 3, 12)
    expect(measure("Precision", { top_k: 2 })).toBe(0.5)
    expect(measure("AUC", { thresholds: [0.3, 0.6] })).toBeCloseTo(0.7222222, 6)
    expect(measure("AUC", { curve: "PR", summation_method: "minoring", num_thresholds: 7 })).toBeCloseTo(0.2916667, 6)
  })
})
