import { checkKeys, checkNumber, describe, formatShape, OptionError } from "../errors.ts"
import { isTensor, type Tensor } from "../tensor.ts"

/** What `explain` may be told. */
export interface ExplainOptions {
  /** The most tensors to list; of a longer graph the latest. Default 200. */
  readonly limit?: number
}

/**
 * The graph behind a tensor as text: one line for each tensor it was computed from, in the order of creation, with op or
 * name, shape, and the numbers of the lines its inputs stand on.
 *
 *     %1  x        [2, 3]  data
 *     %2  w        [3, 1]  wants a gradient
 *     %3  matmul   [2, 1]  from %1 %2
 *     %4  mean     []      from %3
 *
 * What wants no gradient was not recorded and stands as data. After `backward` a line says that its gradient was taken.
 * @throws OptionError for anything but a tensor, an unknown option, or a limit below 1.
 */
export function explain(y: Tensor, options: ExplainOptions = {}): string {
  if (!isTensor(y)) throw new OptionError(`explain: needs a tensor, got ${describe(y)}`)
  checkKeys("explain", options, ["limit"])
  const limit = checkNumber("explain", "limit", options.limit ?? 200, { min: 1, integer: true })
  const graph = ancestors(y)
  const numberOf = new Map(graph.map((x, i) => [x, `%${i + 1}`]))
  const rows = graph
    .slice(-limit)
    .map(x => [numberOf.get(x) ?? "", labelOf(x), formatShape(x.shape), originOf(x, numberOf)])
  const widths = [0, 1, 2].map(column => Math.max(...rows.map(row => row[column].length)))
  const lines = rows.map(row => row.map((text, i) => text.padEnd(widths[i] ?? 0)).join("  "))
  const left = graph.length - rows.length
  return [...(left > 0 ? [`... ${left} earlier`] : []), ...lines].join("\n")
}

function labelOf(x: Tensor): string {
  if (x.node === null) return x.name || "a tensor"
  return x.name ? `${x.node.op} "${x.name}"` : x.node.op
}

function originOf(x: Tensor, numberOf: ReadonlyMap<Tensor, string>): string {
  if (x.node === null) return x.requiresGrad ? "wants a gradient" : "data"
  const from = `from ${x.node.inputs.map(input => numberOf.get(input)).join(" ")}`
  return x.node.backward === null ? `${from}, gradient taken` : from
}

/** A tensor and everything it was computed from, in the order of creation. */
export function ancestors(y: Tensor): Tensor[] {
  const seen = new Set([y])
  const stack = [y]
  for (let x = stack.pop(); x; x = stack.pop()) {
    for (const input of x.node?.inputs ?? []) {
      if (seen.has(input)) continue
      seen.add(input)
      stack.push(input)
    }
  }
  return [...seen].sort((a, b) => a.id - b.id)
}
