import { mat2d } from "gl-matrix"
import type { Draw } from "./draw.ts"
import { arch, band, box, mapPoints, rotation, symmetric } from "./outline.ts"

/** One piece of cloth. Garments live in a box from (-1, -1), upper left, to (1, 1). */
export interface Part {
  /** x0, y0, x1, y1, ... */
  readonly points: readonly number[]
  /** Brightness against the rest of the garment; 0 cuts out, as dark as the background. */
  readonly shade: number
}

type Silhouette = (d: Draw) => Part[]

interface Torso {
  readonly neck: number
  readonly neckDepth: number
  readonly shoulder: number
  readonly chest: number
  readonly waist: number
  readonly hem: number
  readonly top: number
  readonly bottom: number
}

function torso(t: Torso): number[] {
  const height = t.bottom - t.top
  return symmetric([
    0,
    t.top + t.neckDepth,
    t.neck * 0.8,
    t.top + t.neckDepth * 0.5,
    t.neck,
    t.top,
    t.shoulder,
    t.top + 0.12,
    t.chest,
    t.top + height * 0.3,
    t.waist,
    t.top + height * 0.62,
    t.hem,
    t.bottom,
  ])
}

/** Both sleeves: each hangs from its shoulder, turned outwards by an angle, and narrows to the cuff. */
function sleeves(t: Torso, length: number, angle: number, width: number, cuff: number, shade: number): Part[] {
  const shape = [-width, 0, width * 0.6, -0.02, cuff * 0.9, length, -cuff * 0.9, length]
  const right = mat2d.create()
  mat2d.translate(right, right, [t.shoulder - width * 0.75, t.top + 0.16])
  mat2d.multiply(right, right, rotation(-angle))
  const points = mapPoints(right, shape)
  const mirror = mat2d.fromValues(-1, 0, 0, 1, 0, 0)
  return [
    { points, shade },
    { points: mapPoints(mirror, points), shade },
  ]
}

function upperBody(d: Draw, shortest: number, longest: number, narrower = 1): Torso {
  const chest = narrower * d.between(0.5, 0.64)
  return {
    neck: d.between(0.14, 0.26),
    neckDepth: d.between(0.05, 0.2),
    shoulder: chest * d.between(0.95, 1.12),
    chest,
    waist: chest * d.between(0.88, 1.02),
    hem: chest * d.between(0.92, 1.1),
    top: d.between(-0.96, -0.84),
    bottom: d.between(shortest, longest),
  }
}

const longSleeves = (d: Draw, t: Torso, shade = 1): Part[] =>
  sleeves(t, d.between(1.15, 1.6), d.between(0.14, 0.36), d.between(0.15, 0.22), d.between(0.1, 0.15), shade)

const shortSleeves = (d: Draw, t: Torso, shade = 1): Part[] =>
  sleeves(t, d.between(0.32, 0.6), d.between(0.3, 0.95), d.between(0.18, 0.26), d.between(0.15, 0.23), shade)

function tShirt(d: Draw): Part[] {
  const t = upperBody(d, 0.55, 0.9)
  const parts: Part[] = [...shortSleeves(d, t, d.between(0.85, 1.05)), { points: torso(t), shade: 1 }]
  if (d.chance(0.35)) parts.push(print(d))
  return parts
}

/** A print on the chest, as T-shirts and pullovers have. */
function print(d: Draw): Part {
  const x = d.between(0.12, 0.32)
  const y = d.between(-0.35, -0.05)
  return { points: box(-x, y, x, y + d.between(0.12, 0.45)), shade: d.between(0.4, 1.6) }
}

function trouser(d: Draw): Part[] {
  const waist = d.between(0.28, 0.4)
  const hip = waist * d.between(1.05, 1.25)
  const ankle = d.between(0.1, 0.2)
  const spread = d.between(0.2, 0.36)
  const crotch = d.between(-0.5, -0.2)
  const bottom = d.between(0.85, 1)
  const leg = [0, -0.95, waist, -0.95, hip, crotch, spread + ankle, bottom, spread - ankle, bottom, 0.02, crotch + 0.1]
  const parts: Part[] = [{ points: symmetric(leg), shade: 1 }]
  if (d.chance(0.5)) parts.push({ points: box(-waist, -0.95, waist, -0.83), shade: d.between(0.6, 1.3) })
  return parts
}

function pullover(d: Draw): Part[] {
  const t = upperBody(d, 0.45, 0.8)
  const parts: Part[] = [...longSleeves(d, t, d.between(0.82, 1)), { points: torso(t), shade: 1 }]
  const rib = d.between(0.65, 1.3)
  parts.push({ points: box(-t.hem * 0.95, t.bottom - 0.12, t.hem * 0.95, t.bottom), shade: rib })
  if (d.chance(0.4)) parts.push({ points: box(-t.neck, t.top - 0.08, t.neck, t.top + 0.12), shade: rib })
  if (d.chance(0.25)) parts.push(print(d))
  return parts
}

function dress(d: Draw): Part[] {
  const chest = d.between(0.26, 0.38)
  const waist = chest * d.between(0.72, 0.95)
  const hem = chest * d.between(1.1, 2)
  const t: Torso = {
    neck: chest * 0.5,
    neckDepth: d.between(0.08, 0.3),
    shoulder: chest * d.between(0.75, 1),
    chest,
    waist: chest * d.between(0.85, 1.15),
    hem,
    top: -0.97,
    bottom: d.between(0.7, 1),
  }
  const right = [
    0,
    t.top + t.neckDepth,
    t.neck,
    t.top,
    t.shoulder,
    t.top + 0.05,
    chest,
    -0.5,
    waist,
    -0.15,
    hem,
    t.bottom,
  ]
  const parts: Part[] = [{ points: symmetric(right), shade: 1 }]
  if (d.chance(0.45)) parts.unshift(...(d.chance(0.4) ? longSleeves(d, t, 0.95) : shortSleeves(d, t, 0.95)))
  if (d.chance(0.35)) parts.push({ points: box(-waist, -0.2, waist, -0.1), shade: d.between(0.3, 0.7) })
  return parts
}

function coat(d: Draw): Part[] {
  const base = upperBody(d, 0.75, 1)
  const t = { ...base, hem: base.chest * d.between(1, 1.3), neckDepth: 0.1 }
  const parts: Part[] = [...longSleeves(d, t, d.between(0.82, 1)), { points: torso(t), shade: 1 }]
  const gap = d.between(0.03, 0.07)
  parts.push({ points: box(-gap, t.top + 0.3, gap, t.bottom), shade: d.between(0.1, 0.45) })
  const lapel = d.between(0.25, 0.55)
  const points = [-t.neck, t.top, t.neck, t.top, 0, t.top + lapel]
  if (d.chance(0.75)) parts.push({ points, shade: d.between(0.25, 0.6) })
  return parts
}

function sandal(d: Draw): Part[] {
  const heel = d.chance(0.4) ? d.between(0.3, 0.7) : d.between(0, 0.12)
  const base = d.between(0.5, 0.62)
  const back = base - heel
  const thick = d.between(0.08, 0.18)
  const sole = [-0.95, base, 0, base - heel * 0.45, 0.9, back, 0.92, back + thick, 0, base - heel * 0.35 + thick]
  const parts: Part[] = [{ points: [...sole, -0.9, base + thick], shade: d.between(0.7, 1.2) }]
  if (heel > 0.2) parts.push({ points: box(0.74, back, 0.9, base + thick), shade: 1 })
  const strap = d.between(0.12, 0.26)
  const ankle = back - d.between(0.32, 0.62)
  const toe = d.between(-0.7, -0.5)
  const rise = d.between(0.18, 0.4)
  parts.push({ points: arch(toe, base, d.between(0.12, 0.22), rise, strap), shade: 1 })
  parts.push({ points: band(toe, base - rise, 0.55, ankle, strap * 0.8), shade: d.between(0.8, 1.1) })
  parts.push({ points: band(0.85, back, 0.75, ankle, strap), shade: 1 })
  parts.push({ points: box(0.36, ankle - strap * 0.5, 0.84, ankle + strap * 0.5), shade: d.between(0.8, 1.1) })
  if (d.chance(0.6)) parts.push({ points: band(0, base - heel * 0.45, 0.2, ankle + 0.25, strap), shade: 1 })
  return parts
}

function shirt(d: Draw): Part[] {
  const t = upperBody(d, 0.65, 0.98, 0.85)
  const arms = d.chance(0.85) ? longSleeves(d, t, d.between(0.82, 1)) : shortSleeves(d, t, d.between(0.85, 1.05))
  const parts: Part[] = [...arms, { points: torso({ ...t, neckDepth: 0.1 }), shade: 1 }]
  const collar = t.neck + 0.12
  // A light collar on a darker shirt or a dark one on a lighter shirt.
  const shade = d.chance(0.5) ? d.between(1.4, 2) : d.between(0.3, 0.6)
  parts.push({ points: [-collar, t.top - 0.04, -0.02, t.top + 0.2, -collar * 0.6, t.top + 0.28], shade })
  parts.push({ points: [collar, t.top - 0.04, 0.02, t.top + 0.2, collar * 0.6, t.top + 0.28], shade })
  const placket = d.between(0.05, 0.09)
  parts.push({ points: box(-placket, t.top + 0.2, placket, t.bottom - 0.03), shade })
  if (d.chance(0.3)) parts.push({ points: box(0.12, -0.4, 0.34, -0.15), shade: d.between(0.7, 1.3) })
  return parts
}

function sneaker(d: Draw): Part[] {
  const sole = d.between(0.42, 0.55)
  const toe = d.between(-0.02, 0.2)
  const collar = d.between(-0.55, -0.2)
  const tongue = d.between(-0.1, 0.15)
  const upper = [
    -0.95,
    sole,
    -0.9,
    toe,
    -0.45,
    toe - 0.12,
    tongue,
    collar + 0.05,
    0.35,
    collar + 0.12,
    0.8,
    collar,
    0.92,
    0.15,
    0.93,
    sole,
  ]
  const parts: Part[] = [{ points: upper, shade: 1 }]
  parts.push({ points: box(-0.97, sole - 0.02, 0.96, sole + d.between(0.1, 0.2)), shade: d.between(0.5, 1.6) })
  for (let i = 0; i < 3 && d.chance(0.7); i++) {
    const x = -0.3 + 0.2 * i
    parts.push({
      points: [x, toe - 0.1, x + 0.07, toe - 0.14, x + 0.2, toe + 0.16, x + 0.12, toe + 0.18],
      shade: d.between(0.3, 1.6),
    })
  }
  return parts
}

function bag(d: Draw): Part[] {
  const top = d.between(-0.4, 0.05)
  const upper = d.between(0.5, 0.9)
  const lower = upper * d.between(0.9, 1.2)
  const bottom = d.between(0.55, 0.85)
  const right = [0, top, upper, top, lower, bottom - 0.1, lower - 0.08, bottom]
  const parts: Part[] = [{ points: symmetric(right), shade: 1 }]
  const handle = arch(0, top + 0.02, upper * d.between(0.35, 0.85), d.between(0.3, 0.7), d.between(0.05, 0.12))
  if (d.chance(0.85)) parts.unshift({ points: handle, shade: d.between(0.6, 1.1) })
  const flap = [-upper, top, upper, top, upper * 0.8, top + d.between(0.2, 0.45), -upper * 0.8, top + 0.3]
  if (d.chance(0.5)) parts.push({ points: flap, shade: d.between(0.7, 1.3) })
  if (d.chance(0.5)) parts.push({ points: box(-0.08, top + 0.2, 0.08, top + 0.34), shade: d.between(0.2, 1.8) })
  return parts
}

function ankleBoot(d: Draw): Part[] {
  const heel = d.chance(0.5) ? d.between(0.15, 0.4) : 0.06
  const top = d.between(-0.95, -0.5)
  const back = d.between(0.75, 0.92)
  const front = d.between(0.05, 0.3)
  const toe = d.between(0.2, 0.42)
  const sole = 0.75
  const shaft = [
    front,
    top,
    back,
    top,
    back,
    sole - heel,
    0.3,
    sole - heel * 0.7,
    -0.9,
    sole,
    -0.95,
    toe + 0.12,
    -0.5,
    toe,
    front - 0.05,
    toe - 0.35,
  ]
  const parts: Part[] = [{ points: shaft, shade: 1 }]
  parts.push({
    points: [0.45, sole - heel, back + 0.02, sole - heel, back, sole + 0.1, 0.55, sole + 0.1],
    shade: d.between(0.5, 1.1),
  })
  parts.push({
    points: [-0.95, sole - 0.04, 0.35, sole - heel * 0.7, 0.35, sole - heel * 0.7 + 0.1, -0.92, sole + 0.08],
    shade: d.between(0.5, 1.4),
  })
  if (d.chance(0.4)) parts.push({ points: box(front + 0.1, top, front + 0.22, 0.1), shade: d.between(0.4, 1.5) })
  return parts
}

/** One function per class, in Fashion-MNIST's order. */
export const silhouettes: readonly Silhouette[] = [
  tShirt,
  trouser,
  pullover,
  dress,
  coat,
  sandal,
  shirt,
  sneaker,
  bag,
  ankleBoot,
]
