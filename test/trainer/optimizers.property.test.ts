import { tensor } from "@selvedge/core"
import { deserializeOptimizer, type Optimizer } from "@selvedge/trainer"
import fc from "fast-check"
import { describe, expect, it } from "vitest"
import { blobs, classifier } from "./small.ts"

interface Row {
  name: string
  className: string
  config: Record<string, unknown>
  /** What is left of the loss, at most, after 200 steps on a parabola, 2,000 on Rosenbrock's function, 20 epochs. */
  left: { parabola: number; rosenbrock: number; network: number }
}

const row = (
  name: string,
  className: string,
  config: object,
  parabola: number,
  rosenbrock: number,
  network: number,
): Row => ({
  name,
  className,
  config: { ...config },
  left: { parabola, rosenbrock, network },
})

const rows: Row[] = [
  row("SGD", "SGD", { learning_rate: 0.1 }, 1e-12, 0.01, 0.05),
  row("SGD with momentum", "SGD", { learning_rate: 0.02, momentum: 0.9 }, 1e-8, 0.001, 0.02),
  row("SGD with Nesterov momentum", "SGD", { learning_rate: 0.02, momentum: 0.9, nesterov: true }, 1e-12, 0.001, 0.02),
  row("RMSprop", "RMSprop", { learning_rate: 0.01 }, 0.2, 0.003, 0.02),
  row(
    "RMSprop, centered, with momentum",
    "RMSprop",
    { learning_rate: 0.01, centered: true, momentum: 0.5 },
    1e-6,
    1e-5,
    0.002,
  ),
  row("Adagrad", "Adagrad", { learning_rate: 0.5 }, 1e-10, 0.002, 0.005),
  row("Adadelta", "Adadelta", { learning_rate: 10 }, 0.15, 0.1, 0.05),
  row("Adam", "Adam", { learning_rate: 0.05 }, 1e-7, 1e-8, 0.002),
  row("Adam with amsgrad", "Adam", { learning_rate: 0.05, amsgrad: true }, 1e-7, 1e-5, 0.002),
  row("AdamW", "AdamW", { learning_rate: 0.05 }, 3e-5, 0.0001, 0.002),
  row("Adamax", "Adamax", { learning_rate: 0.05 }, 0.0003, 0.01, 0.02),
  row("Nadam", "Nadam", { learning_rate: 0.05 }, 1e-6, 1e-5, 0.003),
  row("Ftrl", "Ftrl", { learning_rate: 0.5 }, 1e-10, 0.002, 0.005),
  row("Lion", "Lion", { learning_rate: 0.005 }, 0.5, 0.002, 0.1),
  row("Adafactor", "Adafactor", { learning_rate: 0.05 }, 1e-12, 0.01, 0.005),
]

const make = ({ className, config }: Row): Optimizer => deserializeOptimizer({ class_name: className, config })

/** The share of the loss that is left after descending a function of which the gradient is given. */
function descend(
  optimizer: Optimizer,
  start: number[],
  steps: number,
  f: (w: Float32Array) => number,
  df: (w: Float32Array) => number[],
) {
  const weight = tensor(start, [start.length], { name: "w" })
  const w = weight.data as Float32Array
  const before = f(w)
  for (let i = 0; i < steps; i++) optimizer.apply([Float32Array.from(df(w))], [weight])
  return f(w) / before
}

const parabola = (w: Float32Array) => (w[0] - 1) ** 2 + 4 * (w[1] + 2) ** 2
const parabolaSlope = (w: Float32Array) => [2 * (w[0] - 1), 8 * (w[1] + 2)]
const rosenbrock = ([a, b]: Float32Array) => (1 - a) ** 2 + 100 * (b - a * a) ** 2
const rosenbrockSlope = ([a, b]: Float32Array) => {
  const fall = b - a * a
  return [-2 * (1 - a) - 400 * a * fall, 200 * fall]
}

/** Rosenbrock's valley is steep: a step in proportion to the gradient has to be small. */
function gentle(r: Row): Row {
  const plain = r.className === "SGD"
  return plain ? { ...r, config: { ...r.config, learning_rate: Number(r.config.learning_rate) / 100 } } : r
}

describe.each(rows)("$name", r => {
  it("descends a parabola", () => {
    const left = descend(make(r), [3, 1], 200, parabola, parabolaSlope)
    expect(left).toBeLessThan(r.left.parabola)
  })

  it("descends Rosenbrock's valley", () => {
    const left = descend(make(gentle(r)), [-1.2, 1], 2000, rosenbrock, rosenbrockSlope)
    expect(left).toBeLessThan(r.left.rosenbrock)
  })

  it("trains a small network", async () => {
    const { x, y } = blobs(90)
    const trainer = classifier({ optimizer: make(r) })
    const before = (await trainer.evaluate(x, y)).loss
    await trainer.fit(x, y, { verbose: 0, epochs: 20, batchSize: 16 })
    const left = (await trainer.evaluate(x, y)).loss / before
    expect(left).toBeLessThan(r.left.network)
  })

  it("moves its weight at every step with a gradient", () => {
    const magnitude = fc.double({ min: 0.1, max: 10, noNaN: true })
    const gradient = fc.tuple(magnitude, fc.boolean()).map(([size, sign]) => Math.fround(sign ? size : -size))
    const gradients = fc.array(gradient, { minLength: 1, maxLength: 12 })
    const place = fc.double({ min: -4, max: 4, noNaN: true })
    fc.assert(
      fc.property(gradients, place, (list, at) => {
        // The weight is drawn at the scale of the first update, which is small where an optimizer begins small.
        const probe = tensor([0], [1], { name: "w" })
        make(r).apply([Float32Array.of(list[0])], [probe])
        const w = tensor([at * Math.abs(probe.data[0])], [1], { name: "w" })
        const optimizer = make(r)
        for (const g of list) {
          const before = w.data[0]
          optimizer.apply([Float32Array.of(g)], [w])
          expect(w.data[0]).not.toBe(before)
        }
      }),
      { seed: 1, numRuns: 100 },
    )
  })
})

it("Ftrl's L1 term holds a weight at zero", () => {
  const ftrl = deserializeOptimizer({ class_name: "Ftrl", config: { l1_regularization_strength: 5 } })
  const w = tensor([0], [1], { name: "w" })
  ftrl.apply([Float32Array.of(0.5)], [w])
  expect(w.data[0]).toBe(0)
})
