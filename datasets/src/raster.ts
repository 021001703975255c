/** A closed polygon as x0, y0, x1, y1, ... in pixels; y grows downwards. */
export type Polygon = ArrayLike<number>

/**
 * Fills polygons with exact anti-aliasing: each pixel gets the area that the polygon covers of it, by the method of
 * signed-area accumulation (R. Levien, font-rs, 2016): every edge adds to the row's buffer the change of coverage that
 * it causes, and one running sum along the row turns changes into coverage.
 */
export class Rasterizer {
  readonly width: number
  readonly height: number
  /** Change of coverage per pixel; two more per row take what an edge at the right border spills. */
  readonly #change: Float64Array
  /** Coverage of the last filled polygon, 0 to 1, row by row; valid in the rows `top` to `bottom` (exclusive). */
  readonly coverage: Float64Array
  top = 0
  bottom = 0

  constructor(width: number, height: number) {
    this.width = width
    this.height = height
    this.#change = new Float64Array((width + 2) * height)
    this.coverage = new Float64Array(width * height)
  }

  /**
   * Computes `coverage`, `top` and `bottom` of a polygon. Winding is non-zero for a polygon whose overlapping
   * stretches run the same way round; an inner ring that runs the other way is a hole. Parts outside are cut off.
   */
  fill(polygon: Polygon): void {
    this.#limitRows(polygon)
    const stride = this.width + 2
    this.#change.fill(0, this.top * stride, this.bottom * stride)
    const n = polygon.length
    let x0 = polygon[n - 2] ?? 0
    let y0 = polygon[n - 1] ?? 0
    for (let i = 0; i < n; i += 2) {
      const x1 = polygon[i] ?? 0
      const y1 = polygon[i + 1] ?? 0
      if (y0 !== y1) this.#edge(x0, y0, x1, y1)
      x0 = x1
      y0 = y1
    }
    this.#integrate()
  }

  #limitRows(polygon: Polygon): void {
    let low = this.height
    let high = 0
    for (let i = 1; i < polygon.length; i += 2) {
      const y = polygon[i] ?? 0
      if (y < low) low = y
      if (y > high) high = y
    }
    this.top = Math.max(0, Math.floor(low))
    this.bottom = Math.max(this.top, Math.min(this.height, Math.ceil(high)))
  }

  #edge(x0: number, y0: number, x1: number, y1: number): void {
    const down = y0 < y1
    const slope = (x1 - x0) / (y1 - y0)
    // So flat that it has no height.
    if (!Number.isFinite(slope)) return
    const upperX = down ? x0 : x1
    const upperY = down ? y0 : y1
    const lowerY = down ? y1 : y0
    const last = Math.min(this.height, Math.ceil(lowerY))
    for (let row = Math.max(0, Math.floor(upperY)); row < last; row++) {
      const from = Math.max(row, upperY)
      const to = Math.min(row + 1, lowerY)
      const a = upperX + (from - upperY) * slope
      const b = upperX + (to - upperY) * slope
      this.#clipToRow(row, a, b, down ? to - from : from - to)
    }
  }

  /** Lays what lies beyond a border upon it: to the left of the row it covers all of the row, to the right nothing. */
  #clipToRow(row: number, a: number, b: number, height: number): void {
    const { width } = this
    const left = Math.min(a, b)
    const right = Math.max(a, b)
    const from = Math.max(0, Math.min(width, left))
    const to = Math.max(0, Math.min(width, right))
    if (from === to || (left >= 0 && right <= width)) this.#crossRow(row, from, to, height)
    else {
      const share = (length: number) => height * (length / (right - left))
      this.#crossRow(row, 0, 0, share(from - left))
      this.#crossRow(row, from, to, share(to - from))
      this.#crossRow(row, width, width, share(right - to))
    }
  }

  /** An edge passes from x = a to x = b within one row and over the signed height. */
  #crossRow(row: number, a: number, b: number, height: number): void {
    const change = this.#change
    const left = Math.min(a, b)
    const right = Math.max(a, b)
    const first = Math.floor(left)
    const at = row * (this.width + 2) + first
    const pixels = Math.ceil(right) - first
    if (pixels <= 1) {
      const spill = height * (0.5 * (left + right) - first)
      change[at]! += height - spill
      change[at + 1]! += spill
      return
    }
    const perPixel = height / (right - left)
    const inFirst = first + 1 - left
    let covered = 0.5 * perPixel * inFirst * inFirst
    change[at]! += covered
    let before = covered
    for (let k = 1; k < pixels - 1; k++) {
      covered = perPixel * (inFirst + k - 0.5)
      change[at + k]! += covered - before
      before = covered
    }
    const inLast = right - (first + pixels - 1)
    covered = height - 0.5 * perPixel * inLast * inLast
    change[at + pixels - 1]! += covered - before
    change[at + pixels]! += height - covered
  }

  #integrate(): void {
    const { width, coverage } = this
    for (let row = this.top; row < this.bottom; row++) {
      let sum = 0
      for (let x = 0; x < width; x++) {
        sum += this.#change[row * (width + 2) + x] ?? 0
        coverage[row * width + x] = Math.min(1, Math.abs(sum))
      }
    }
  }
}
