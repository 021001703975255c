import { math } from "@selvedge/core"
import { mat2d } from "gl-matrix"

/** Rotation by an angle in radians, with the library's own sine and cosine, so that every engine gives the same bits. */
export function rotation(angle: number): mat2d {
  const s = math.sin(angle)
  const c = math.cos(angle)
  return mat2d.fromValues(c, s, -s, c, 0, 0)
}

/** The points of a polygon under an affine map. */
export function mapPoints(m: ArrayLike<number>, points: readonly number[]): number[] {
  const [a = 1, b = 0, c = 0, d = 1, tx = 0, ty = 0] = Array.from(m)
  const out: number[] = []
  for (let i = 0; i + 1 < points.length; i += 2) {
    const x = points[i] ?? 0
    const y = points[i + 1] ?? 0
    out.push(a * x + c * y + tx, b * x + d * y + ty)
  }
  return out
}

/** The whole outline from its right half, given from top to bottom. */
export function symmetric(right: readonly number[]): number[] {
  const points = [...right]
  for (let i = right.length - 2; i >= 0; i -= 2) points.push(-(right[i] ?? 0), right[i + 1] ?? 0)
  return points
}

/** A rectangle along the axes. */
export function box(left: number, top: number, right: number, bottom: number): number[] {
  return [left, top, right, top, right, bottom, left, bottom]
}

/** A band along the parabola from (-1, 0) over (0, -1) to (1, 0), scaled and moved. */
export function arch(x: number, y: number, halfWidth: number, height: number, thickness: number): number[] {
  const outer: number[] = []
  const inner: number[] = []
  for (let i = -4; i <= 4; i++) {
    const t = i / 4
    outer.push(x + t * (halfWidth + thickness), y - (1 - t * t) * (height + thickness))
    inner.unshift(x + t * halfWidth, y - (1 - t * t) * height)
  }
  return [...outer, ...inner]
}

/** A straight strap from one point to another, with its thickness measured across. */
export function band(x0: number, y0: number, x1: number, y1: number, thickness: number): number[] {
  const length = Math.sqrt((x1 - x0) * (x1 - x0) + (y1 - y0) * (y1 - y0))
  const dx = (-(y1 - y0) * thickness) / (2 * length)
  const dy = ((x1 - x0) * thickness) / (2 * length)
  return [x0 + dx, y0 + dy, x1 + dx, y1 + dy, x1 - dx, y1 - dy, x0 - dx, y0 - dy]
}
