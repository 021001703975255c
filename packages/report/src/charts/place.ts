/**
 * Moves intervals apart along a line: the centres nearest to `wanted` (least squares) at which intervals of the given
 * `sizes`, in the order in which they are given, do not overlap. Solved exactly by pooling adjacent violators.
 *
 * The result lies within `[low, high]` when the sizes fit there; else it starts at `low` and runs over.
 *
 * Source: Barlow et al., Statistical Inference under Order Restrictions (1972).
 */
export function pack(wanted: readonly number[], sizes: readonly number[], low: number, high: number): number[] {
  const offsets: number[] = []
  let length = 0
  for (const size of sizes) {
    offsets.push(length + size / 2)
    length += size
  }
  const starts = isotonic(wanted.map((centre, i) => centre - offsets[i]!))
  const latest = Math.max(low, high - length)
  return starts.map((start, i) => Math.min(latest, Math.max(low, start)) + offsets[i]!)
}

/** {@link pack} for intervals in any order: they end up in the order of their wanted centres. */
export function spread(wanted: readonly number[], sizes: readonly number[], low: number, high: number): number[] {
  const order = wanted.map((_, i) => i).sort((a, b) => wanted[a]! - wanted[b]! || a - b)
  const packed = pack(
    order.map(i => wanted[i]!),
    order.map(i => sizes[i]!),
    low,
    high,
  )
  const centres = new Array<number>(wanted.length).fill(0)
  order.forEach((i, k) => {
    centres[i] = packed[k]!
  })
  return centres
}

/** The non-decreasing sequence nearest to `values` in least squares. */
function isotonic(values: readonly number[]): number[] {
  const blocks: { mean: number; count: number }[] = []
  for (const value of values) {
    let block = { mean: value, count: 1 }
    while (blocks.length && blocks.at(-1)!.mean > block.mean) {
      const last = blocks.pop()!
      const count = last.count + block.count
      block = { mean: (last.mean * last.count + block.mean * block.count) / count, count }
    }
    blocks.push(block)
  }
  return blocks.flatMap(block => new Array<number>(block.count).fill(block.mean))
}

/** An axis-parallel rectangle by its centre. */
export interface Box {
  readonly x: number
  readonly y: number
  readonly width: number
  readonly height: number
}

/** Whether two rectangles share any area. */
export function boxesOverlap(a: Box, b: Box): boolean {
  return Math.abs(a.x - b.x) * 2 < a.width + b.width && Math.abs(a.y - b.y) * 2 < a.height + b.height
}

/**
 * Places rectangles one after the other, each as near to its wanted centre as it can be without touching an earlier one
 * or an obstacle, inside of `area`. Any place with room is found: candidates are the wanted centre and all positions flush
 * with the edges of what is already there. A rectangle for which there is no room stays where it was wanted.
 */
export function placeBoxes(wanted: readonly Box[], area: Box, obstacles: readonly Box[] = []): Box[] {
  const placed: Box[] = [...obstacles]
  const result: Box[] = []
  for (const box of wanted) {
    const free = candidates(box, area, placed).find(candidate => !placed.some(other => boxesOverlap(candidate, other)))
    const chosen = free ?? box
    placed.push(chosen)
    result.push(chosen)
  }
  return result
}

/** Centres worth trying for `box`, nearest first: the wanted one, and those flush with the edges of what is there. */
function candidates(box: Box, area: Box, placed: readonly Box[]): Box[] {
  const along = (axis: "x" | "y", size: "width" | "height") => {
    const slack = Math.max(0, (area[size] - box[size]) / 2)
    const limit = (value: number) => Math.min(area[axis] + slack, Math.max(area[axis] - slack, value))
    const edges = placed.flatMap(other => {
      const apart = (other[size] + box[size]) / 2 + 0.01
      return [other[axis] - apart, other[axis] + apart]
    })
    return [...new Set([box[axis], area[axis] - slack, area[axis] + slack, ...edges].map(limit))]
  }
  const distance = (b: Box) => (b.x - box.x) * (b.x - box.x) + (b.y - box.y) * (b.y - box.y)
  const ys = along("y", "height")
  const all = along("x", "width").flatMap(x => ys.map(y => ({ ...box, x, y })))
  return all.sort((a, b) => distance(a) - distance(b))
}
