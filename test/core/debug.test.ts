import {
  backward,
  debug,
  describeValues,
  div,
  explain,
  log,
  matmul,
  mean,
  mul,
  NonFiniteError,
  noGrad,
  profile,
  Session,
  sqrt,
  sum,
  tanh,
  tensor,
} from "@selvedge/core"
import { Dense, Sequential } from "@selvedge/layers"
import { describe, expect, it } from "vitest"
import { classifier } from "../trainer/small.ts"

const leaf = (values: number[] | number[][], name: string) => tensor(values, undefined, { requiresGrad: true, name })

async function errorOf(run: () => unknown): Promise<Error> {
  try {
    await run()
  } catch (error) {
    if (error instanceof Error) return error
  }
  throw new Error("nothing was thrown")
}

describe("explain", () => {
  it("lists the graph behind a tensor, each tensor once, in the order of creation", () => {
    const x = tensor([[1, 2, 3]], undefined, { name: "x" })
    const w = leaf([[1], [2], [3]], "w")
    const h = matmul(x, w)
    const loss = mean(mul(h, h))
    expect(explain(loss)).toBe(
      [
        "%1  x       [1, 3]  data",
        "%2  w       [3, 1]  wants a gradient",
        "%3  matmul  [1, 1]  from %1 %2",
        "%4  mul     [1, 1]  from %3 %3",
        "%5  mean    []      from %4",
      ].join("\n"),
    )
    backward(loss)
    expect(explain(loss)).toContain("from %4, gradient taken")
  })

  it("shows the latest of a long graph, and what was not recorded as data", () => {
    const w = leaf([1], "w")
    let y = w
    for (let i = 0; i < 50_000; i++) y = tanh(y)
    const lines = explain(y, { limit: 2 }).split("\n")
    expect(lines[0]).toBe("... 49999 earlier")
    expect(lines).toHaveLength(3)
    expect(explain(noGrad(() => tanh(w)))).toBe("%1  a tensor  [1]  data")
  })

  it("refuses what is no tensor and what is no option", () => {
    expect(() => explain([1] as never)).toThrow("explain: needs a tensor, got [1]")
    expect(() => explain(leaf([1], "w"), { limt: 3 } as never)).toThrow('unknown option "limt", did you mean "limit"?')
    expect(() => explain(leaf([1], "w"), { limit: 0 })).toThrow("limit must be an integer >= 1, got 0")
  })
})

describe("debug", () => {
  it("names the first op whose result is not finite, with what its inputs are like", async () => {
    const x = leaf([1, 0, 4], "x")
    const error = await errorOf(() => debug(() => sum(mul(log(x), 2))))
    expect(error).toBeInstanceOf(NonFiniteError)
    expect(error.message).toBe(
      [
        "log: the result is not finite, of finite inputs",
        "  result   [3], min 0, max 1.386, mean 0.6931, 1 infinite",
        "  x        [3], min 0, max 4, mean 1.667",
      ].join("\n"),
    )
  })

  it("says so when an op was given a number that is not finite", async () => {
    const error = await errorOf(() => debug(() => tanh(leaf([1, Number.NaN], "x"))))
    expect(error.message).toContain('tanh: "x" is not finite')
  })

  it("names the op whose gradient is not finite", async () => {
    const x = leaf([0, 1], "x")
    const error = await errorOf(() => debug(() => backward(sum(sqrt(x)))))
    expect(error.message).toContain('sqrt: the gradient for "x" is not finite')
  })

  it("names the layer, inside of fit, and lets the promise end first", async () => {
    const trainer = classifier()
    const weight = trainer.model.weights[0]!
    weight.data[0] = Number.POSITIVE_INFINITY
    const x = { data: new Float32Array(8).fill(1), shape: [4, 2] }
    const error = await errorOf(() => debug(() => trainer.fit(x, [0, 1, 2, 0], { verbose: 0 })))
    expect(error.message).toContain('linear: "dense/kernel" is not finite')
    expect(error.message).toMatch(/in +sequential\/dense \(Dense\)/)
  })

  it("fills ended steps with NaN, and is over when it ends, also after an error", async () => {
    const kept = () => {
      const session = new Session()
      session.step(() => tanh(tensor([1, 2, 3])))
      return session.step(() => tanh(tensor([1, 2, 3])).read())
    }
    expect([...(await debug(kept))].every(Number.isNaN)).toBe(true)
    await errorOf(() => debug(() => log(leaf([0], "x"))))
    expect([...kept()].some(Number.isNaN)).toBe(false)
    expect(log(leaf([0], "x")).item()).toBe(Number.NEGATIVE_INFINITY)
    expect(await debug(() => 3)).toBe(3)
  })
})

describe("profile", () => {
  it("counts each op forward and backward, and what is in between", async () => {
    const w = leaf([1, 2], "w")
    const report = await profile(() => {
      for (let i = 0; i < 3; i++) backward(sum(tanh(mul(w, w))))
      noGrad(() => tanh(w))
    })
    const counts = Object.fromEntries(report.ops.map(o => [o.op, [o.calls, o.gradients]]))
    expect(counts).toEqual({ sum: [3, 3], tanh: [4, 3], mul: [3, 3] })
    const spent = report.ops.reduce((all, o) => all + o.forward + o.backward, 0)
    expect(spent).toBeGreaterThan(0)
    expect(spent).toBeLessThanOrEqual(report.total + 1)
    expect(String(report)).toMatch(/^op +calls +forward ms +gradients +backward ms\n/)
    expect((await profile(() => {})).ops).toEqual([])
  })

  it("names the weights that somebody may look at", async () => {
    const layers = [new Dense(3, { inputShape: [2], name: "first" }), new Dense(1, { name: "last" })]
    const model = new Sequential(layers, { seed: 1 })
    const x = tensor([[1, 2]])
    expect((await profile(() => model.call(x))).exposed).toEqual([])
    expect(model.weights[2]!.data.length).toBe(3)
    const report = await profile(() => model.call(x))
    expect(report.exposed).toEqual(["last/kernel"])
    expect(String(report)).toContain("copied after each step, because exposed: last/kernel")
  })

  it("sees a whole run, and nothing when it is over", async () => {
    const trainer = classifier()
    const x = { data: new Float32Array(8).fill(1), shape: [4, 2] }
    const report = await profile(() => trainer.fit(x, [0, 1, 2, 0], { epochs: 2, batchSize: 2, verbose: 0 }))
    expect(report.ops.find(o => o.op === "linear")).toMatchObject({ calls: 8, gradients: 8 })
    trainer.trainOnBatch(x, [0, 1, 2, 0])
    expect(report.ops.find(o => o.op === "linear")).toMatchObject({ calls: 8, gradients: 8 })
  })
})

describe("describeValues", () => {
  it("gives shape, range and what is wrong", () => {
    const x = tensor([1, Number.NaN, Number.POSITIVE_INFINITY, 3])
    expect(describeValues(x)).toBe("[4], min 1, max 3, mean 2, 1 NaN, 1 infinite")
    expect(describeValues(div(tensor([0]), 0))).toBe("[1], 1 NaN")
  })
})
