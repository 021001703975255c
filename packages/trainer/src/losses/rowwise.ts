import { alloc, type Buffer, record, type Shape, ShapeError, sameShape, sizeOf, type Tensor } from "@selvedge/core"

/** A loss of one prediction `p` against one target `t`, and its derivative with respect to `p`. */
export interface Pointwise {
  value(t: number, p: number): number
  slope(t: number, p: number): number
}

/**
 * A loss that is the mean (or the sum) of a pointwise loss along the last axis.        [..., n] [..., n] -> [...]
 * Gradients flow to the predictions only.
 */
export function rowwise(
  name: string,
  yTrue: Tensor,
  yPred: Tensor,
  { value, slope }: Pointwise,
  reduce: "mean" | "sum" = "mean",
): Tensor {
  const [rows, n, shape] = rowsOf(yPred.shape)
  const [t, p, y] = [yTrue.read(), yPred.read(), alloc(rows)]
  const scale = reduce === "mean" ? 1 / n : 1
  for (let i = 0; i < rows; i++) {
    let sum = 0
    for (let j = i * n; j < (i + 1) * n; j++) sum += value(t[j]!, p[j]!)
    y[i] = sum * scale
  }
  return record(name, y, shape, [yPred], (dy, dp) => {
    if (!dp) return
    for (let j = 0; j < rows * n; j++) dp[j]! += dy[Math.floor(j / n)]! * scale * slope(t[j]!, p[j]!)
  })
}

/** A shape as rows along its last axis, and the shape without it; a scalar is one row of one. */
export function rowsOf(shape: Shape): [rows: number, n: number, outer: Shape] {
  const outer = shape.slice(0, -1)
  return [sizeOf(outer), shape.at(-1) ?? 1, outer]
}

/**
 * Targets and predictions of one shape: a last axis of 1 that only one of them has is added to the other or dropped, as
 * Keras does.
 * @throws ShapeError when they still differ.
 */
export function matched(name: string, yTrue: Tensor, yPred: Tensor): [yTrue: Tensor, yPred: Tensor] {
  const [t, p] = [yTrue.shape, yPred.shape]
  if (sameShape(t, p)) return [yTrue, yPred]
  if (t.length === p.length - 1 && p.at(-1) === 1 && sameShape(t, p.slice(0, -1))) {
    return t.length === 1 ? [yTrue.window(p, 0), yPred] : [yTrue, reshaped(yPred, t)]
  }
  if (t.length === p.length + 1 && t.at(-1) === 1 && sameShape(p, t.slice(0, -1))) {
    return p.length === 1 ? [yTrue, reshaped(yPred, t)] : [yTrue.window(p, 0), yPred]
  }
  throw new ShapeError(`${name}: targets and predictions have different shapes`, {
    facts: { yTrue: t, yPred: p },
    rule: "one target per prediction",
  })
}

/** The same predictions in another shape, gradients passed through. */
function reshaped(x: Tensor, shape: Shape): Tensor {
  const y = alloc(x.size)
  y.set(x.read())
  return record("reshape", y, shape, [x], (dy, dx) => dx && accumulate(dy, dx))
}

function accumulate(dy: Buffer, dx: Buffer): void {
  for (let i = 0; i < dx.length; i++) dx[i]! += dy[i]!
}
