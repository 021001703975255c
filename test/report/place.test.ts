import { describe, expect, it } from "vitest"
import { boxesOverlap, placeBoxes, spread } from "../../packages/report/src/charts/place.ts"
import { fc } from "../property.ts"

const span = fc.integer({ min: -2000, max: 2000 }).map(quarters => quarters / 4)
const size = fc.integer({ min: 1, max: 120 }).map(quarters => quarters / 4)

describe("spread", () => {
  it("never lets intervals overlap, keeps their order and stays inside when there is room", () => {
    fc.assert(
      fc.property(fc.array(fc.tuple(span, size), { minLength: 1, maxLength: 30 }), intervals => {
        const wanted = intervals.map(([centre]) => centre)
        const sizes = intervals.map(([, length]) => length)
        const total = sizes.reduce((a, b) => a + b, 0)
        const centres = spread(wanted, sizes, -400, 400)
        const order = centres.map((_, i) => i).sort((a, b) => centres[a] - centres[b])
        for (let k = 1; k < order.length; k++) {
          const [a, b] = [order[k - 1], order[k]]
          expect(centres[b] - centres[a]).toBeGreaterThanOrEqual((sizes[a] + sizes[b]) / 2 - 1e-9)
          expect(wanted[b]).toBeGreaterThanOrEqual(wanted[a])
        }
        if (total > 800) return
        centres.forEach((centre, i) => {
          expect(centre - sizes[i] / 2).toBeGreaterThanOrEqual(-400 - 1e-9)
          expect(centre + sizes[i] / 2).toBeLessThanOrEqual(400 + 1e-9)
        })
      }),
    )
  })

  it("leaves intervals where they are when nothing touches", () => {
    expect(spread([30, 10, 50], [10, 10, 10], 0, 100)).toEqual([30, 10, 50])
  })

  it("parts two of the same place symmetrically", () => {
    expect(spread([50, 50], [10, 10], 0, 100)).toEqual([45, 55])
  })

  it("moves no more than needed: no small change of one interval is nearer to what was wanted", () => {
    const wanted = [10, 12, 13, 40, 41]
    const sizes = [6, 6, 6, 6, 6]
    const cost = (centres: readonly number[]) =>
      centres.reduce((sum, c, i) => sum + (c - wanted[i]) * (c - wanted[i]), 0)
    const best = spread(wanted, sizes, -100, 100)
    for (let i = 0; i < 5; i++) {
      for (const step of [-0.01, 0.01]) {
        const other = best.map((centre, j) => (j === i ? centre + step : centre))
        const valid = other.every((centre, j) => j === 0 || centre - other[j - 1] >= 6 - 1e-9)
        if (valid) expect(cost(other)).toBeGreaterThan(cost(best))
      }
    }
  })
})

describe("placeBoxes", () => {
  const area = { x: 300, y: 200, width: 600, height: 400 }
  const box = fc.record({
    x: fc.double({ min: -50, max: 650, noNaN: true }),
    y: fc.double({ min: -50, max: 450, noNaN: true }),
    width: fc.double({ min: 10, max: 120, noNaN: true }),
    height: fc.double({ min: 10, max: 25, noNaN: true }),
  })

  it("keeps labels off each other and off obstacles, and inside", () => {
    fc.assert(
      fc.property(fc.array(box, { maxLength: 12 }), fc.array(box, { maxLength: 3 }), (wanted, obstacles) => {
        const placed = placeBoxes(wanted, area, obstacles)
        placed.forEach((a, i) => {
          for (const b of [...obstacles, ...placed.slice(0, i)]) expect(boxesOverlap(a, b)).toBe(false)
          expect(Math.abs(a.x - area.x)).toBeLessThanOrEqual((area.width - a.width) / 2 + 1e-9)
          expect(Math.abs(a.y - area.y)).toBeLessThanOrEqual((area.height - a.height) / 2 + 1e-9)
        })
      }),
    )
  })

  it("does not move a label that is in nobody's way", () => {
    const wanted = [{ x: 100, y: 100, width: 50, height: 20 }]
    expect(placeBoxes(wanted, area)).toEqual(wanted)
  })
})
