import { expect, it } from "vitest"
import { Rasterizer } from "../../datasets/src/raster.ts"
import { fc } from "../property.ts"

const SIZE = 12
// Products of smaller numbers underflow in the points' test.
const coordinate = fc.double({ min: -6, max: 18, noNaN: true }).map(x => (Math.abs(x) < 1e-100 ? 0 : x))
const inside = fc.double({ min: 0, max: SIZE, noNaN: true })

const area = (t: number[]) => Math.abs((t[2] - t[0]) * (t[5] - t[1]) - (t[4] - t[0]) * (t[3] - t[1])) / 2

/** Coverage by testing 32 x 32 points per pixel against the half-planes of a triangle. */
function sampled(t: number[], x: number, y: number): number {
  const side = (px: number, py: number, i: number) => {
    const j = (i + 2) % 6
    return (t[j] - t[i]) * (py - t[i + 1]) - (t[j + 1] - t[i + 1]) * (px - t[i])
  }
  if (area(t) === 0) return 0
  let hits = 0
  for (let i = 0; i < 1024; i++) {
    const px = x + ((i % 32) + 0.5) / 32
    const py = y + (Math.floor(i / 32) + 0.5) / 32
    const sides = [side(px, py, 0), side(px, py, 2), side(px, py, 4)]
    if (sides.every(s => s >= 0) || sides.every(s => s <= 0)) hits++
  }
  return hits / 1024
}

function fill(polygon: number[]): number[] {
  const raster = new Rasterizer(SIZE, SIZE)
  raster.fill([0, 0, SIZE, 0, SIZE, SIZE, 0, SIZE])
  expect(raster.coverage.every(cover => cover === 1)).toBe(true)
  raster.fill(polygon)
  return Array.from(raster.coverage, (cover, i) => (i >= raster.top * SIZE && i < raster.bottom * SIZE ? cover : 0))
}

it("covers each pixel by the area of the triangle in it, also beyond the borders", () => {
  fc.assert(
    fc.property(fc.array(coordinate, { minLength: 6, maxLength: 6 }), triangle => {
      const cover = fill(triangle)
      for (let i = 0; i < cover.length; i++) {
        // The points err: in each of the 32 rows the triangle's stretch is wrong by less than one point, 1/32 in all, and
        // rows stand for the stretch in their middle, which for one that grows and shrinks by at most 1 is another 1/32.
        expect(Math.abs(cover[i] - sampled(triangle, i % SIZE, Math.floor(i / SIZE)))).toBeLessThanOrEqual(2 / 32)
      }
    }),
    { numRuns: 150 },
  )
})

it("covers in all the polygon's area", () => {
  fc.assert(
    fc.property(fc.array(inside, { minLength: 6, maxLength: 6 }), t => {
      expect(fill(t).reduce((a, b) => a + b, 0)).toBeCloseTo(area(t), 9)
    }),
  )
})

it("leaves a hole where an inner ring runs the other way", () => {
  const ring = [2, 2, 10, 2, 10, 10, 2, 10, 2, 2, 4, 4, 4, 8, 8, 8, 8, 4, 4, 4]
  const cover = fill(ring)
  expect(cover[6 * SIZE + 6]).toBe(0)
  expect(cover[3 * SIZE + 3]).toBe(1)
  expect(cover.reduce((a, b) => a + b, 0)).toBe(64 - 16)
})
