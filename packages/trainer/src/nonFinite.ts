import { ancestors, describeValues, NonFiniteError, type Tensor } from "@selvedge/core"
import type { Batch, Loaded } from "./data/feed.ts"
import type { Place } from "./step.ts"

/**
 * The error for a loss that is not finite: it looks through the graph of the loss for the first result that went wrong,
 * and says where in the run, in which layer and op, and what the op's inputs were like.
 */
export function explainNonFinite(loss: Tensor, data: Loaded, batch: Batch, place: Place, step: number): NonFiniteError {
  const graph = ancestors(loss)
  const bad = graph.find(x => !allFinite(x))
  const value = loss.read()[0]
  const origin = bad ? describeOrigin(bad) : "the loss"
  const inputs = bad?.node?.inputs ?? data.x
  return new NonFiniteError(`fit: the loss is ${value} in epoch ${place.epoch + 1}, batch ${place.batch + 1}`, {
    facts: {
      "first in": origin,
      step,
      examples: `${batch.first} to ${batch.first + batch.size - 1} of the epoch`,
      ...Object.fromEntries(inputs.map((x, i) => [x.name || `input ${i}`, describeValues(x)])),
    },
    rule: "every loss is finite; this step has changed nothing",
    hint: hintFor(bad),
  })
}

function hintFor(bad: Tensor | undefined): string {
  if (bad && !bad.node) {
    return bad.name
      ? "an earlier update made this weight infinite: lower the learning rate or clip gradients"
      : "look at the data"
  }
  return "lower the learning rate, clip gradients (clipnorm) or look at these examples"
}

function describeOrigin(bad: Tensor): string {
  if (!bad.node) return bad.name ? `the weight "${bad.name}" itself` : "the inputs"
  const layer = layerOf(bad)
  return layer ? `"${bad.node.op}" of layer "${layer}"` : `"${bad.node.op}"`
}

/** The layer of the nearest weight at or below an op: weights are called "layer/weight". */
function layerOf(x: Tensor): string | null {
  const queue: Tensor[] = [x]
  for (let i = 0; i < queue.length; i++) {
    for (const input of queue[i]?.node?.inputs ?? []) {
      const at = input.node === null ? input.name.lastIndexOf("/") : -1
      if (at > 0) return input.name.slice(0, at)
      if (!queue.includes(input)) queue.push(input)
    }
  }
  return null
}

const allFinite = (x: Tensor) => x.read().every(Number.isFinite)
