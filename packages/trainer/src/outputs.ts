import { concat, noGrad, type Tensor } from "@selvedge/core"

/** A list of one stands for itself. */
export function single(outputs: readonly Tensor[]): Tensor | Tensor[] {
  return outputs.length === 1 ? outputs[0]! : [...outputs]
}

/** Predictions of batches, put together output by output. */
export function joined(batches: readonly (readonly Tensor[])[]): Tensor | Tensor[] {
  const outputs = batches[0]?.map((_, i) => batches.map(batch => batch[i]!)) ?? []
  return single(noGrad(() => outputs.map(parts => (parts.length === 1 ? parts[0]! : concat(parts, 0)))))
}
