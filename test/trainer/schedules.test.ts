import {
  deserializeSchedule,
  ExponentialDecay,
  exponentialScheduling,
  OneCycle,
  piecewiseScheduling,
  powerScheduling,
} from "@selvedge/trainer"
import { describe, expect, it } from "vitest"
import { expectClose, fixture } from "./fixtures.ts"

interface Case {
  name: string
  class_name: string | null
  book: string | null
  config: Record<string, never>
  steps: number[]
  values: number[]
  tolerance: { rtol: number; atol: number }
}

const { cases } = fixture<Case>("schedules")

function book({ book, config }: Case): (t: number) => number {
  if (book === "power") return powerScheduling(config.initial, config.steps, config.power)
  if (book === "exponential") return exponentialScheduling(config.initial, config.decay)
  if (book === "piecewise") return piecewiseScheduling(config.boundaries, config.values)
  const cycle = new OneCycle({ iterations: config.iterations, maxRate: config.max_rate })
  return t => cycle.at(t)
}

describe("schedules.json", () => {
  let ran = 0

  it.each(cases)("$name", c => {
    if (c.class_name === null) {
      const at = book(c)
      expectClose(c.steps.map(at), c.values, c.tolerance, c.name)
      ran++
      return
    }
    const schedule = deserializeSchedule({ class_name: c.class_name, config: c.config })
    expectClose(
      c.steps.map(t => schedule.at(t)),
      c.values,
      c.tolerance,
      c.name,
    )
    const copy = deserializeSchedule({ class_name: schedule.className, config: schedule.getConfig() })
    for (const t of c.steps) expect(copy.at(t)).toBe(schedule.at(t))
    ran++
  })

  it("ran every case", () => {
    expect(ran).toBe(cases.length)
    expect(ran).toBe(19)
  })
})

describe("a schedule", () => {
  it("refuses a wrong option with the nearest name", () => {
    const wrong = { initialLearningRate: 1, decayStep: 3, decayRate: 0.5 }
    expect(() => new ExponentialDecay(wrong)).toThrow(
      'ExponentialDecay: unknown option "decayStep", did you mean "decaySteps"?',
    )
  })

  it("OneCycle's momentum goes down and up again", () => {
    const { momentum } = new OneCycle({ iterations: 100, maxRate: 1 })
    expect(momentum.at(0)).toBe(0.95)
    expect(momentum.at(44)).toBeCloseTo(0.85, 12)
    expect(momentum.at(88)).toBe(0.95)
    expect(momentum.at(99)).toBe(0.95)
  })
})
