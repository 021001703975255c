import { tensor } from "@selvedge/core"
import { deserializeOptimizer, Optimizer } from "@selvedge/trainer"
import { describe, expect, it } from "vitest"
import { decode, type Encoded, expectClose, fixture } from "./fixtures.ts"

interface Case {
  name: string
  class_name: string
  config: Record<string, unknown>
  parameter_names: string[]
  parameters: Encoded[]
  steps: { learning_rate: number; gradients: Encoded[]; parameters_after: Encoded[] }[]
  variables: { name: string; shape: number[]; final: number[] }[]
  ema_final: Encoded[] | null
  steps_without_update: number[]
  tolerance: { rtol: number; atol: number }
}

const { cases } = fixture<Case>("optimizers")

function start(c: Case) {
  const optimizer = deserializeOptimizer(c)
  const weights = c.parameters.map((p, i) =>
    tensor(decode(p).data, p.shape, { requiresGrad: true, name: c.parameter_names[i] }),
  )
  return { optimizer, weights }
}

describe("optimizers.json", () => {
  let ran = 0

  it.each(cases)("$name takes Keras's ten steps", c => {
    const { optimizer, weights } = start(c)
    c.steps.forEach((step, i) => {
      expectClose([optimizer.learningRate], [step.learning_rate], { rtol: 1e-12, atol: 0 }, "rate")
      const before = weights.map(w => [...w.data])
      optimizer.apply(step.gradients.map(decode), weights)
      weights.forEach((w, k) => {
        expectClose(w.data, step.parameters_after[k].data, c.tolerance, `step ${i}, ${w.name}`)
      })
      const moved = weights.some((w, k) => before[k].some((x, j) => x !== w.data[j]))
      expect(moved, `step ${i} moves`).toBe(!c.steps_without_update.includes(i))
    })
    if (c.ema_final) optimizer.overwriteWithAverages()
    for (const [k, average] of (c.ema_final ?? []).entries()) {
      expectClose(weights[k].data, average.data, c.tolerance, "average")
    }
    ran++
  })

  it("ran every case", () => {
    expect(ran).toBe(cases.length)
    expect(ran).toBe(111)
  })

  it.each(cases)("$name keeps Keras's variables, in its order", c => {
    const { optimizer, weights } = start(c)
    for (const step of c.steps) optimizer.apply(step.gradients.map(decode), weights)
    const names = c.variables.map(v => (v.name.startsWith("variable_") ? "variable" : v.name))
    expect(optimizer.variables.map(v => v.shape)).toEqual(c.variables.map(v => v.shape))
    if (c.class_name !== "Adafactor") expect(optimizer.variables.map(v => v.name)).toEqual(names)
    optimizer.variables.forEach((v, i) => {
      const largest = Math.max(...c.variables[i].final.map(Math.abs))
      expectClose(v.data, c.variables[i].final, { rtol: 1e-4, atol: 2e-6 * largest + 1e-9 }, v.name)
    })
  })

  it.each(cases)("$name goes on from its config and variables", c => {
    const { optimizer, weights } = start(c)
    for (const step of c.steps.slice(0, 5)) optimizer.apply(step.gradients.map(decode), weights)
    const copies = weights.map(w => tensor(w.data, w.shape, { name: w.name }))
    const { exclude_from_weight_decay } = c.config
    const config = { ...optimizer.getConfig(), exclude_from_weight_decay }
    const copy = deserializeOptimizer(JSON.parse(JSON.stringify({ class_name: optimizer.className, config })))
    copy.build(copies)
    copy.setVariables(optimizer.variables)
    copy.setState(optimizer.getState())
    for (const step of c.steps.slice(5)) {
      optimizer.apply(step.gradients.map(decode), weights)
      copy.apply(step.gradients.map(decode), copies)
    }
    expect(copies.map(w => w.toArray())).toEqual(weights.map(w => w.toArray()))
  })
})

describe("an optimizer", () => {
  it("is an Optimizer and knows its Keras name", () => {
    const adam = deserializeOptimizer({ class_name: "Adam", config: { lr: 0.5 } })
    expect(adam).toBeInstanceOf(Optimizer)
    expect(adam.className).toBe("Adam")
    expect(adam.learningRate).toBe(0.5)
  })

  // Keras 3.15 in float64, three steps under a warm-up that begins at 0: that step moves no weight, but what is remembered.
  it.each([
    ["Adam", {}, [0.8624828965020968, -2.070229165016079]],
    ["SGD", { momentum: 0.9 }, [0.87625, -2.29]],
    ["RMSprop", {}, [0.644421332008876, -2.278814051377644]],
    ["Nadam", {}, [0.8753901618183666, -2.0915807663458756]],
    ["Adagrad", {}, [0.8963968993511442, -2.08476956001995]],
    ["Adadelta", {}, [0.9997624321439118, -2.0002017294852035]],
    ["Adamax", {}, [0.902973427674518, -2.051226301425822]],
    ["Lion", {}, [0.85, -2.15]],
    ["AdamW", {}, [0.8619016199893673, -2.069022002955894]],
    ["Adafactor", {}, [0.7417412447095071, -2.198398049653709]],
  ])("%s remembers a gradient that came at a rate of 0", (class_name, more, want) => {
    const warmUp = { initial_learning_rate: 0, decay_steps: 100, warmup_target: 0.1, warmup_steps: 2 }
    const config = { learning_rate: { class_name: "CosineDecay", config: warmUp }, ...more }
    const optimizer = deserializeOptimizer({ class_name, config })
    const w = tensor([1, -2], [2], { name: "w" })
    const gradients = [
      [0.5, -1],
      [0.25, 2],
      [1, 1],
    ]
    for (const g of gradients) optimizer.apply([tensor(g)], [w])
    expectClose(w.data, want, { rtol: 2e-6, atol: 0 }, class_name)
  })

  it("understands Keras 2's decay", () => {
    const sgd = deserializeOptimizer({ class_name: "SGD", config: { lr: 0.1, decay: 0.5 } })
    const w = tensor([1], [1], { name: "w" })
    sgd.apply([tensor([0])], [w])
    expect(sgd.learningRate).toBeCloseTo(0.1 / 1.5, 12)
  })
})
