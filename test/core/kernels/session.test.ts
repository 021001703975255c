import { setFlagsFromString } from "node:v8"
import { runInNewContext } from "node:vm"
import {
  add,
  assign,
  backward,
  closeWith,
  linear,
  mean,
  memory,
  mul,
  onHeap,
  poisonEndedSteps,
  reshape,
  Session,
  StaleTensorError,
  setThreads,
  simd,
  slice,
  stream,
  type Tensor,
  tanh,
  tensor,
} from "@selvedge/core"
import { afterEach, beforeEach, describe, expect, it } from "vitest"
import { setMirrorBudget } from "../../../packages/core/src/kernels/session.ts"
import { bitsOf } from "./twins.ts"

const drawn = (size: number, id: string) => stream(3, "test", id).uniform(new Float32Array(size))
const weight = (shape: number[], id: string) =>
  tensor(
    drawn(
      shape.reduce((a, b) => a * b, 1),
      id,
    ),
    shape,
    { requiresGrad: true, name: id },
  )
const bits = (...tensors: Tensor[]) => bitsOf(tensors.map(t => Float32Array.from(t.read())))

/** A little model: 40 inputs, 30 hidden units, 1 output. */
function model() {
  const weights = [weight([40, 30], "kernel"), weight([30], "bias"), weight([30, 1], "head")]
  const x = tensor(drawn(16 * 40, "x"), [16, 40])
  const loss = () => mean(mul(linear(tanh(linear(x, weights[0], weights[1])), weights[2]), 0.5))
  const step = () => {
    const value = loss()
    backward(value)
    for (const w of weights) {
      const [buffer, g] = [w.write(), w.grad!.read()]
      if (!simd.sgdUpdate.run(buffer, g, 0.1)) for (let i = 0; i < buffer.length; i++) buffer[i] -= 0.1 * g[i]
    }
    return value
  }
  return { weights, loss, step }
}

beforeEach(() => setThreads(1))

describe("what a step computes", () => {
  it("is gone when the step has ended, and says so", () => {
    const session = new Session()
    const x = tensor(drawn(64, "x"), [8, 8], { requiresGrad: true })
    session.step(() => tanh(x))
    const y = session.step(() => tanh(x))
    expect(() => y.data).toThrow(StaleTensorError)
    expect(() => y.toArray()).toThrow(/the output of "tanh" belonged to a training step that has ended/)
    expect(() => add(y, 1)).toThrow(StaleTensorError)
    expect(() => session.step(() => add(y, 1))).toThrow(StaleTensorError)
    expect(() => backward(y, x)).toThrow(StaleTensorError)
    expect(() => y.clone()).toThrow(/keep a copy with clone\(\)/)
  })

  it("cannot be differentiated then, although somebody looked at the output", () => {
    const w = weight([1000], "w")
    const session = new Session()
    session.adopt([w])
    for (let i = 0; i < 2; i++) session.step(() => tanh(w))
    let kept = tensor(0)
    session.step(() => {
      kept = tanh(w)
      expect(kept.data.length).toBe(1000)
    })
    expect(() => backward(mean(kept))).toThrow(StaleTensorError)
  })

  it("survives when it was looked at, cloned or copied", () => {
    const session = new Session()
    const x = tensor(drawn(64, "x"), [8, 8])
    const want = bits(tanh(x))
    session.step(() => tanh(x))
    const looked = session.step(() => {
      const [a, b, c] = [tanh(x), tanh(x), tanh(x)]
      return { a, data: a.data, b: b.clone(), c, view: c.view(), array: tanh(x).toArray(), item: mean(x).item() }
    })
    // Another step writes over the arena.
    session.step(() => mul(tanh(mul(x, 7)), 3))
    expect(bits(looked.a)).toBe(want)
    expect(looked.a.data).toBe(looked.data)
    expect(bits(looked.b)).toBe(want)
    expect(looked.view.data).toBe(looked.c.data)
    expect(bits(looked.c)).toBe(want)
    expect(bits(tensor(looked.array))).toBe(want)
    expect(looked.item).toBeCloseTo(mean(x).item(), 6)
  })

  it("is shared by its slices and reshapes, before and after a look", () => {
    const session = new Session()
    const x = tensor(drawn(64, "x"), [8, 8])
    session.step(() => tanh(x))
    const { row, flat, lost } = session.step(() => {
      const [y, z] = [tanh(x), tanh(x)]
      const [row, flat] = [slice(y, [2, 0], [3, 8]), reshape(y, [64])]
      row.data
      return { row, flat, lost: reshape(z, [64]) }
    })
    session.step(() => tanh(mul(x, 7)))
    expect(bits(flat)).toBe(bits(tanh(x)))
    expect([...row.data]).toEqual([...flat.data.subarray(16, 24)])
    expect(() => lost.data).toThrow(StaleTensorError)
  })

  it("does not include tensors that are made: a constant that a layer keeps, a metric's running total", () => {
    const session = new Session()
    const x = tensor(drawn(64, "x"), [8, 8])
    let constant: Tensor | null = null
    const total = tensor(0)
    for (let i = 0; i < 3; i++) {
      session.step(() => {
        constant ??= tensor([1, 2, 3, 4])
        assign(total, add(total, mean(x)))
        return tanh(x)
      })
    }
    expect(constant!.toArray()).toEqual([1, 2, 3, 4])
    expect(total.item()).toBeCloseTo(3 * mean(x).item(), 5)
  })

  it("has its gradients until the next step begins", () => {
    const { weights, step } = model()
    const session = new Session()
    session.adopt(weights)
    session.step(step)
    session.step(step)
    const gradient = weights[0].grad!
    expect(gradient.toArray()).toHaveLength(40)
    session.step(() => 0)
    expect(() => gradient.toArray()).toThrow(StaleTensorError)
  })

  it("has the same bits in the arena, on the heap when there is no room yet, and outside of any step", () => {
    const [inside, outside] = [model(), model()]
    const session = new Session()
    session.adopt(inside.weights)
    for (let i = 0; i < 4; i++) {
      const a = session.step(() => inside.step().clone())
      expect(bits(a)).toBe(bits(outside.step()))
    }
    expect(bits(...inside.weights)).toBe(bits(...outside.weights))
    session.close()
    expect(bits(...inside.weights)).toBe(bits(...outside.weights))
  })

  it("is over when the step throws", () => {
    const session = new Session()
    const w = weight([100], "w")
    session.adopt([w])
    const fail = () => {
      w.write()[0] = 42
      throw new Error("in the middle")
    }
    expect(() => session.step(fail)).toThrow("in the middle")
    expect(w.read()[0]).toBe(42)
    expect(tanh(tensor([0])).data.buffer).toBeInstanceOf(ArrayBuffer)
  })

  it("is filled with NaN for whoever kept a buffer, when debugging asks for it", () => {
    poisonEndedSteps(true)
    try {
      const session = new Session()
      const x = tensor(drawn(64, "x"))
      session.step(() => tanh(x))
      const buffer = session.step(() => tanh(x).read())
      expect([...buffer].every(Number.isNaN)).toBe(true)
    } finally {
      poisonEndedSteps(false)
    }
  })

  it("belongs to the outer of two steps", () => {
    const session = new Session()
    const x = tensor(drawn(64, "x"))
    session.step(() => tanh(x))
    session.step(() => {
      const y = tanh(x)
      const inner = new Session().step(() => tanh(x))
      expect(bits(inner)).toBe(bits(y))
    })
  })
})

describe("a weight", () => {
  it("keeps its identity: data is one array, true after every step", () => {
    const { weights, step } = model()
    const reference = model()
    const captured = weights[0].data
    const session = new Session()
    session.adopt(weights)
    for (let i = 0; i < 3; i++) {
      session.step(step)
      reference.step()
      expect(weights[0].data).toBe(captured)
      expect(bitsOf([Float32Array.from(captured)])).toBe(bits(reference.weights[0]))
    }
    expect(memory().exposed).toBe(1)
    session.close()
    expect(weights[0].data).toBe(captured)
    expect(bits(...weights)).toBe(bits(...reference.weights))
    expect(memory().exposed).toBe(0)
  })

  it("is true for who looks at it only after many steps, and is not exposed by copies", () => {
    const { weights, step } = model()
    const reference = model()
    const session = new Session()
    session.adopt(weights)
    for (let i = 0; i < 3; i++) {
      session.step(step)
      reference.step()
      weights[1].toArray()
      weights[1].clone()
      String(weights[1])
    }
    expect(memory().exposed).toBe(0)
    expect(bitsOf([Float32Array.from(weights[0].data)])).toBe(bits(reference.weights[0]))
    expect(weights[1].view().data).toBe(weights[1].data)
    session.close()
  })

  it("takes what is written between steps: through assign, or into an array captured before", () => {
    const { weights, loss } = model()
    const session = new Session()
    session.adopt(weights)
    session.step(() => loss().item())
    const captured = weights[2].data
    const zeros = new Float32Array(30)
    captured.set(zeros)
    expect(session.step(() => loss().item())).toBe(0)
    captured.fill(1)
    expect(session.step(() => loss().item())).not.toBe(0)
    assign(weights[2], zeros)
    expect(session.step(() => loss().item())).toBe(0)
    expect(captured.every(value => value === 0)).toBe(true)
    // Weights 0 and 1 were never looked at: assign reaches their mirrors.
    assign(weights[2], new Float32Array(30).fill(1))
    assign(weights[0], new Float32Array(1200))
    assign(weights[1], new Float32Array(30))
    expect(session.step(() => loss().item())).toBe(0)
    session.close()
    expect(weights[0].toArray()).toEqual(Array.from({ length: 40 }, () => Array(30).fill(0)))
  })

  it("is read and written by eager code between steps, exposed or not", () => {
    const { weights, step } = model()
    const reference = model()
    const session = new Session()
    session.adopt(weights)
    for (let i = 0; i < 4; i++) {
      if (i === 2) weights[0].data
      session.step(step)
      reference.step()
      for (const m of [weights, reference.weights]) assign(m[0], mul(m[0].detach(), 0.5))
      expect(bits(add(weights[0], 1))).toBe(bits(add(reference.weights[0], 1)))
    }
    session.close()
  })

  it("shares its mirror with reshapes and slices", () => {
    const before = memory().mirrors
    const w = weight([10, 10], "w")
    const [flat, row] = [w.window([100], 0), w.window([10], 30)]
    const session = new Session()
    session.adopt([w, flat])
    session.step(() => {
      w.write().fill(2)
      expect([...row.read()]).toEqual(Array(10).fill(2))
      flat.write()[30] = 5
    })
    expect(row.read()[0]).toBe(5)
    // One mirror for all: 400 bytes in blocks of 64.
    expect(memory().mirrors - before).toBe(448)
    session.close()
    expect(row.data[0]).toBe(5)
    expect(memory().mirrors).toBe(before)
  })
})

describe("sessions", () => {
  it("see the truth of a weight that another session mirrors and somebody holds, and write it", () => {
    const [teacher, w] = [weight([10, 10], "teacher"), weight([10, 10], "w")]
    const [first, second] = [new Session(), new Session()]
    first.adopt([teacher])
    second.adopt([w])
    first.step(() => mul(teacher, 2))
    teacher.data.fill(5)
    expect(second.step(() => mul(teacher, 2).toArray())).toEqual(mul(teacher, 2).toArray())
    second.step(() => assign(teacher, new Float32Array(100).fill(9)))
    first.step(() => mul(teacher, 2))
    expect(teacher.data[0]).toBe(9)
  })

  it("that adopt within their own step lose nothing of it", () => {
    const [w, slot] = [weight([20], "w"), weight([20], "slot")]
    const session = new Session()
    session.adopt([w])
    const held = w.data
    session.step(() => {
      assign(w, new Float32Array(20).fill(3))
      session.adopt([w, slot])
    })
    expect(held[0]).toBe(3)
    session.step(() => assign(slot, new Float32Array(20).fill(4)))
    expect(slot.data[0]).toBe(4)
  })

  it("leave what eager code recorded differentiable after they close", () => {
    const { weights, loss } = model()
    const session = new Session()
    session.adopt(weights)
    session.step(() => loss())
    const [late, reference] = [loss(), loss()]
    backward(reference)
    const want = bits(...weights.map(w => w.grad!))
    session.close()
    const other = new Session()
    other.adopt([weight([40, 30], "other")])
    other.step(() => mul(weight([40, 30], "more"), 2))
    backward(late)
    expect(bits(...weights.map(w => w.grad!))).toBe(want)
  })

  it("do not begin within onHeap inside a step", () => {
    const { weights } = model()
    const session = new Session()
    session.adopt(weights)
    session.step(() => mul(weights[0], 2))
    session.step(() => {
      const y = mul(weights[0], 2)
      const before = y.clone().toArray()
      onHeap(() => new Session().step(() => mul(weights[0], 100)))
      expect(y.toArray()).toEqual(before)
    })
  })

  it("share weights, in turn, whoever closes first", () => {
    const before = memory().mirrors
    const { weights, step } = model()
    const reference = model()
    const [a, b] = [new Session(), new Session()]
    a.adopt(weights)
    b.adopt([weights[2], weights[0]])
    for (let i = 0; i < 6; i++) {
      const session = i % 2 ? a : b
      session.step(step)
      reference.step()
      if (i === 3) a.close()
    }
    b.close()
    expect(bits(...weights)).toBe(bits(...reference.weights))
    a.close()
    expect(memory().mirrors).toBe(before)
    expect(bits(...weights)).toBe(bits(...reference.weights))
  })

  it("can adopt other weights later", () => {
    const { weights, step } = model()
    const reference = model()
    const session = new Session()
    for (const adopted of [weights, weights.slice(0, 1), weights.slice(1), weights]) {
      session.adopt(adopted)
      session.step(step)
      reference.step()
    }
    session.close()
    expect(bits(...weights)).toBe(bits(...reference.weights))
  })

  describe("that do not fit together", () => {
    let budget = 0
    beforeEach(() => {
      budget = setMirrorBudget(40_000)
    })
    afterEach(() => {
      setMirrorBudget(budget)
    })

    it("are written back and evicted, the longest unused first, and lose nothing", () => {
      const models = [model(), model(), model(), model(), model(), model(), model(), model(), model()]
      const reference = model()
      const sessions = models.map(({ weights }) => {
        const session = new Session()
        session.adopt(weights)
        return session
      })
      models[0].weights[0].data
      for (let round = 0; round < 3; round++) {
        for (const [i, { step }] of models.entries()) {
          sessions[i].step(step)
          expect(memory().mirrors).toBeLessThanOrEqual(40_000)
        }
        reference.step()
      }
      expect(memory().sessions).toBeLessThan(models.length)
      for (const { weights } of models) expect(bits(...weights)).toBe(bits(...reference.weights))
      for (const session of sessions) session.close()
      for (const { weights } of models) expect(bits(...weights)).toBe(bits(...reference.weights))
    })

    it("leave a weight that is too large on the heap, with the same bits", () => {
      setMirrorBudget(1000)
      const { weights, step } = model()
      const reference = model()
      const session = new Session()
      session.adopt(weights)
      for (let i = 0; i < 3; i++) {
        session.step(step)
        reference.step()
      }
      expect(bits(...weights)).toBe(bits(...reference.weights))
      session.close()
    })
  })
})

describe("a thousand sessions dropped", () => {
  setFlagsFromString("--expose-gc")
  const gc: () => void = runInNewContext("gc")
  const mebibyte = 1 << 20
  const use = () => {
    const { arrayBuffers, external, rss } = process.memoryUsage()
    return { arrayBuffers, external, rss }
  }
  /** A session with 200 kB of weights, used and forgotten. */
  const dropped = () => {
    const owner = {}
    const w = weight([50_000], "w")
    const session = new Session()
    closeWith(owner, session)
    session.adopt([w])
    session.step(() => tanh(w))
  }
  let budget = 0
  beforeEach(() => {
    budget = setMirrorBudget(32 * mebibyte)
  })
  afterEach(() => {
    setMirrorBudget(budget)
  })

  it("in one synchronous run stay within the budget", () => {
    dropped()
    gc()
    const before = use()
    for (let i = 0; i < 1000; i++) dropped()
    const { mirrors, linear } = memory()
    gc()
    // Buffers are freed beside the program after a collection; the next one waits for that.
    gc()
    const after = use()
    expect(mirrors).toBeLessThanOrEqual(32 * mebibyte)
    expect(linear).toBeLessThan(128 * mebibyte)
    expect(after.arrayBuffers - before.arrayBuffers).toBeLessThan(64 * mebibyte)
    expect(after.external - before.external).toBeLessThan(128 * mebibyte)
    expect(after.rss - before.rss).toBeLessThan(256 * mebibyte)
  })

  it("between jobs are freed when their owners are collected", async () => {
    for (let i = 0; i < 1000; i++) {
      dropped()
      if (i % 50 === 49) {
        gc()
        await new Promise(resolve => setTimeout(resolve, 0))
      }
    }
    for (let i = 0; i < 20 && memory().sessions > 2; i++) {
      gc()
      await new Promise(resolve => setTimeout(resolve, 5))
    }
    expect(memory().sessions).toBeLessThanOrEqual(2)
    expect(memory().mirrors).toBeLessThan(mebibyte)
  })
})
