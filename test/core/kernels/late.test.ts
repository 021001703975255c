import {
  type Buffer,
  backward,
  mul,
  neg,
  poisonEndedSteps,
  Session,
  setThreads,
  slice,
  sum,
  type Tensor,
} from "@selvedge/core"
import { afterAll, beforeAll, expect, it, vi } from "vitest"
import { recordVectorized } from "../../../packages/core/src/autograd.ts"
import { word } from "../../../packages/core/src/kernels/control.ts"
import { controlWords, stopWorkers } from "../../../packages/core/src/kernels/pool.ts"
import { alloc } from "../../../packages/core/src/storage.ts"
import { type Case, cotangentFor, make } from "../oracle/inputs.ts"
import { rows } from "../oracle/rows.ts"
import { bitsOf, threadsReady } from "./twins.ts"

// Kernels run as late as they ever can: each is queued, however small, and nobody begins one before somebody must wait. An
// op that looks at a buffer without waiting then finds what an earlier step left there: NaN.

vi.mock("../../../packages/core/src/kernels/queue.ts", async original => ({
  ...(await original<object>()),
  isSettled: () => false,
}))

vi.mock("../../../packages/core/src/kernels/twin.ts", async original => {
  const actual = await original<typeof import("../../../packages/core/src/kernels/twin.ts")>()
  const twin: typeof actual.twin = (program, options) => actual.twin(program, { ...options, least: 0 })
  return { ...actual, twin }
})

beforeAll(() => void poisonEndedSteps(true))
afterAll(() => {
  poisonEndedSteps(false)
  return stopWorkers()
})

/** The output of a case and the gradients of its inputs, all of which, and the output's own gradient, come out of kernels. */
function outcome({ inputs, run }: Case): string {
  return new Session().step(() => {
    const leaves = inputs.map(input => make(input, !input.fixed))
    // The first copy is in the step's memory.
    const y = run(...leaves.map(x => neg(neg(mul(x, 1)))))
    const loss = sum(mul(neg(neg(y)), mul(cotangentFor(y), 1)))
    if (loss.requiresGrad) backward(loss)
    return bitsOf([y, ...leaves.map(x => x.grad)].map(x => Float32Array.from(x?.read() ?? [])))
  })
}

/** The same on one thread, then with two of which the other one sleeps. */
async function onTimeAndLate(one: Case): Promise<[string, string]> {
  setThreads(1)
  const onTime = outcome(one)
  await threadsReady(2)
  Atomics.store(controlWords()!, word.wanted, 0)
  // The step before leaves NaN wherever this one computes.
  outcome(one)
  return [onTime, outcome(one)]
}

it.each(rows.map(row => [row.op, row] as const))("%s waits for what it looks at", async (_, { cases }) => {
  for (const one of cases) {
    const [onTime, late] = await onTimeAndLate(one)
    expect(late, one.name).toBe(onTime)
  }
})

it("would show an op that does not", async () => {
  const copy = (from: Buffer, to: Buffer) => to.set(from)
  const hasty = (looksAtGradient: boolean) => (x: Tensor) => {
    const y = alloc(x.size)
    copy(looksAtGradient ? x.read() : x.operand(), y)
    return recordVectorized("hasty", y, x.shape, [x], (dy, dx) => dx && copy(dy, dx))
  }
  const inputs = [{ shape: [2, 3], values: [1, 2, 3, 4, 5, 6] }]
  for (const looksAtGradient of [false, true]) {
    const [onTime, late] = await onTimeAndLate({ name: "", inputs, run: hasty(looksAtGradient) })
    expect(late).not.toBe(onTime)
  }
})

it("has nothing to wait for where tensors are empty", async () => {
  const cases: Case[] = [0, 1, 2].map(times => ({
    name: String(times),
    inputs: [{ shape: [3], values: [1, 2, 3] }],
    run: x => {
      let none = slice(x, [1], [1])
      // The third gradient takes the buffer of the first.
      for (let i = 0; i < times; i++) none = neg(neg(mul(none, 2)))
      return none
    },
  }))
  for (const one of cases) {
    const [onTime, late] = await onTimeAndLate(one)
    expect(late).toBe(onTime)
  }
})
