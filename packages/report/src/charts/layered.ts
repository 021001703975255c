import { pack } from "./place.ts"

/** A node of a layered layout: the nodes of the graph, then a dummy for each layer that an edge crosses. */
export interface LayeredNode {
  readonly width: number
  readonly layer: number
  /** Centre. */
  x: number
}

/** A layered layout of a directed graph. */
export interface LayeredLayout {
  /** The graph's nodes, then the dummies. */
  readonly nodes: readonly LayeredNode[]
  /** Node numbers by layer, from left to right. */
  readonly layers: readonly (readonly number[])[]
  /** For each edge the nodes it passes, from its source through dummies to its target. */
  readonly paths: readonly (readonly number[])[]
}

/**
 * Lays out an acyclic graph in layers: each node one layer below the lowest of its sources (longest path), edges over several
 * layers through dummies, crossings reduced by barycentres up and down, nodes then drawn towards their neighbours.
 *
 * @param widths of the nodes, in pixels
 * @param edges pairs of node numbers
 * @returns undefined when the graph has a cycle
 *
 * Source: Sugiyama, Tagawa and Toda, Methods for Visual Understanding of Hierarchical System Structures (1981).
 */
export function layeredLayout(
  widths: readonly number[],
  edges: readonly (readonly [number, number])[],
  gap: number,
): LayeredLayout | undefined {
  const depth = longestPaths(widths.length, edges)
  if (!depth) return undefined
  const nodes: LayeredNode[] = widths.map((width, i) => ({ width: width + gap, layer: depth[i]!, x: 0 }))
  const paths = edges.map(([from, to]) => {
    const path = [from]
    for (let layer = depth[from]! + 1; layer < depth[to]!; layer++)
      path.push(nodes.push({ width: gap, layer, x: 0 }) - 1)
    return [...path, to]
  })
  const above = nodes.map((): number[] => [])
  const below = nodes.map((): number[] => [])
  for (const path of paths) {
    for (let i = 1; i < path.length; i++) {
      above[path[i]!]!.push(path[i - 1]!)
      below[path[i - 1]!]!.push(path[i]!)
    }
  }
  const layers = reduceCrossings(nodes, above, below)
  assignX(nodes, layers, above, below, widths.length)
  return { nodes, layers, paths }
}

/** The layer of each node, or undefined for a cycle. */
function longestPaths(count: number, edges: readonly (readonly [number, number])[]): number[] | undefined {
  const depth = new Array<number>(count).fill(0)
  const waiting = new Array<number>(count).fill(0)
  const targets = Array.from({ length: count }, (): number[] => [])
  for (const [from, to] of edges) {
    waiting[to]!++
    targets[from]!.push(to)
  }
  const ready = waiting.flatMap((n, i) => (n === 0 ? [i] : []))
  for (let k = 0; k < ready.length; k++) {
    for (const to of targets[ready[k]!]!) {
      depth[to] = Math.max(depth[to]!, depth[ready[k]!]! + 1)
      if (--waiting[to]! === 0) ready.push(to)
    }
  }
  return ready.length === count ? depth : undefined
}

/** Layers ordered by the mean position of their neighbours, the best order of several sweeps. */
function reduceCrossings(
  nodes: readonly LayeredNode[],
  above: readonly number[][],
  below: readonly number[][],
): number[][] {
  const layers: number[][] = []
  nodes.forEach((node, i) => {
    layers[node.layer] ??= []
    layers[node.layer]!.push(i)
  })
  const position = new Array<number>(nodes.length).fill(0)
  const number = () => {
    for (const layer of layers)
      layer.forEach((node, i) => {
        position[node] = i
      })
  }
  number()
  let best = layers.map(layer => [...layer])
  let fewest = crossings(layers, below, position)
  for (let sweep = 0; sweep < 12 && fewest > 0; sweep++) {
    const down = sweep % 2 === 0
    for (const layer of down ? layers : [...layers].reverse()) {
      const keys = new Map(layer.map(node => [node, mean((down ? above : below)[node]!, position) ?? position[node]!]))
      layer.sort((a, b) => keys.get(a)! - keys.get(b)! || position[a]! - position[b]!)
      layer.forEach((node, i) => {
        position[node] = i
      })
    }
    const found = crossings(layers, below, position)
    if (found >= fewest) continue
    fewest = found
    best = layers.map(layer => [...layer])
  }
  return best
}

function crossings(layers: readonly number[][], below: readonly number[][], position: readonly number[]): number {
  let sum = 0
  for (const layer of layers) {
    const ends = layer.flatMap(node => below[node]!.map(target => position[target]!).sort((a, b) => a - b))
    for (let i = 0; i < ends.length; i++) for (let j = i + 1; j < ends.length; j++) if (ends[i]! > ends[j]!) sum++
  }
  return sum
}

function mean(of: readonly number[], values: readonly number[]): number | undefined {
  return of.length ? of.reduce((sum, i) => sum + values[i]!, 0) / of.length : undefined
}

function assignX(
  nodes: readonly LayeredNode[],
  layers: readonly number[][],
  above: readonly number[][],
  below: readonly number[][],
  real: number,
): void {
  const xs = nodes.map(() => 0)
  // A long edge looks best straight, so a dummy follows its dummy neighbours where it has some.
  const wanted = (node: number) => {
    const all = [...above[node]!, ...below[node]!]
    const dummies = node < real ? [] : all.filter(other => other >= real)
    return mean(dummies.length ? dummies : all, xs) ?? xs[node]!
  }
  for (let sweep = 0; sweep < 17; sweep++) {
    for (const layer of sweep % 2 ? layers : [...layers].reverse()) {
      const widths = layer.map(node => nodes[node]!.width)
      // Everything starts at zero, so the first sweep centres the layers.
      const centres = pack(layer.map(wanted), widths, -1e9, 1e9)
      layer.forEach((node, i) => {
        xs[node] = centres[i]!
      })
    }
  }
  const left = Math.min(...nodes.map((node, i) => xs[i]! - node.width / 2))
  nodes.forEach((node, i) => {
    node.x = xs[i]! - left
  })
}
