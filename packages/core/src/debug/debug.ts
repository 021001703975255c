import { type Watcher, watch } from "../autograd.ts"
import { formatShape, NonFiniteError } from "../errors.ts"
import { poisonEndedSteps } from "../kernels/session.ts"
import type { Buffer } from "../storage.ts"
import type { Tensor } from "../tensor.ts"
import { describeNumbers, describeValues } from "./describeValues.ts"

/**
 * Runs `fn`, and looks at every number meanwhile: what each differentiable op gives, and each gradient. Slow, for finding
 * where a NaN comes from. The buffers of every ended training step are filled with NaN, so that a use after the end of
 * the step cannot go unseen.
 *
 *     await debug(() => trainer.fit(x, y, { epochs: 1 }))
 *
 * `fn` may return a promise. One `debug` or `profile` at a time: a second one inside takes over until it ends.
 * @returns what `fn` gives.
 * @throws NonFiniteError naming the first op, and inside a model the layer, whose output or gradient is NaN or infinite,
 *   with what its inputs are like; whatever `fn` throws.
 */
export async function debug<T>(fn: () => T | Promise<T>): Promise<T> {
  const before = watch(inspector)
  const poisoned = poisonEndedSteps(true)
  try {
    return await fn()
  } finally {
    poisonEndedSteps(poisoned)
    watch(before)
  }
}

const inspector: Watcher = {
  made(op, y, inputs) {
    if (allFinite(y.read())) return
    const bad = inputs.findIndex(x => !allFinite(x.read()))
    const sentence =
      bad < 0
        ? `${op}: the result is not finite, of finite inputs`
        : `${op}: ${inputs[bad].name ? `"${inputs[bad].name}"` : `input ${bad}`} is not finite`
    throw new NonFiniteError(sentence, { facts: { result: describeValues(y), ...factsOf(inputs) } })
  },
  passing() {},
  passed(op, y, inputs, gradients) {
    const bad = gradients.findIndex(dx => dx !== null && !allFinite(dx))
    const dx = gradients[bad]
    if (!dx) return
    const to = inputs[bad].name ? `"${inputs[bad].name}"` : `input ${bad}`
    throw new NonFiniteError(`${op}: the gradient for ${to} is not finite`, {
      facts: {
        gradient: `${formatShape(inputs[bad].shape)}${describeNumbers(dx)}`,
        result: describeValues(y),
        ...factsOf(inputs),
      },
    })
  },
}

const factsOf = (inputs: readonly Tensor[]) =>
  Object.fromEntries(inputs.map((x, i) => [x.name || `input ${i}`, describeValues(x)]))

function allFinite(values: Buffer): boolean {
  for (let i = 0; i < values.length; i++) if (!Number.isFinite(values[i])) return false
  return true
}
