import type { DataShape } from "./shapes.ts"

/** One application of a layer in the functional API. */
export interface Node<L> {
  readonly layer: L
  readonly inputs: readonly SymbolicTensor<L>[]
  /** Whether the layer was applied to a list, of one or more. */
  readonly list: boolean
  readonly outputs: readonly SymbolicTensor<L>[]
  /** Position among all applications of this layer. */
  readonly index: number
  /** The `training` it was applied with; null when left open. */
  readonly training: boolean | null
}

/** A tensor of which only the shape is known, to build models from: what `input()` and `layer.apply(symbolic)` give. */
export class SymbolicTensor<L = unknown> {
  readonly shape: DataShape
  /** The application that it comes out of. */
  readonly node: Node<L>
  /** Which of the outputs it is. */
  readonly index: number

  constructor(shape: DataShape, node: Node<L>, index: number) {
    this.shape = shape
    this.node = node
    this.index = index
  }

  toString(): string {
    return `SymbolicTensor [${this.shape.map(String).join(", ")}]`
  }

  [Symbol.for("nodejs.util.inspect.custom")](): string {
    return this.toString()
  }
}

/** A part of a graph: its applications, each after those that it needs, and its layers in the order they were met. */
export interface Subgraph<L> {
  readonly nodes: readonly Node<L>[]
  /** Position of each layer in a walk that begins at the first output, as Keras counts. */
  readonly met: ReadonlyMap<L, number>
}

/** What lies between `inputs` and `outputs`. The walk has its own stack: no chain is too long. */
export function between<L>(inputs: readonly SymbolicTensor<L>[], outputs: readonly SymbolicTensor<L>[]): Subgraph<L> {
  const nodes: Node<L>[] = []
  const met = new Map<L, number>()
  const done = new Set<Node<L>>()
  const stack: { readonly node: Node<L>; next: number }[] = []
  const visit = (x: SymbolicTensor<L>) => {
    if (done.has(x.node) || (x.node.inputs.length > 0 && inputs.includes(x))) return
    done.add(x.node)
    if (!met.has(x.node.layer)) met.set(x.node.layer, met.size)
    stack.push({ node: x.node, next: 0 })
  }
  for (const y of outputs) {
    visit(y)
    for (let top = stack.at(-1); top; top = stack.at(-1)) {
      const input = top.node.inputs[top.next++]
      if (input) {
        visit(input)
      } else {
        nodes.push(top.node)
        stack.pop()
      }
    }
  }
  return { nodes, met }
}
