import { checkKeys, checkNumber, Stream } from "@selvedge/core"
import { mat2d } from "gl-matrix"
import { Draw } from "./draw.ts"
import type { ImageDataset, LabelledImages } from "./images.ts"
import { box, mapPoints, rotation } from "./outline.ts"
import { Rasterizer } from "./raster.ts"

const SIDE = 32
const PIXELS = SIDE * SIDE
const NOISE = 32768
/** A full turn in radians. */
const TURN = 6.283185307179586

/** Options of `syntheticImages`. */
export interface ShapeImageOptions {
  /** Training images, default 50,000. */
  readonly train?: number
  /** Test images, default 10,000. */
  readonly test?: number
  /** Default 42. */
  readonly seed?: number
}

type Colour = readonly [number, number, number]
type Figure = (d: Draw) => number[][]

/** The corner points of a star with the given radii; a regular polygon when both are equal. */
function star(tips: number, outer: number, inner: number): number[] {
  const points: number[] = []
  const tip = mat2d.create()
  const step = rotation(TURN / (2 * tips))
  for (let i = 0; i < 2 * tips; i++) {
    points.push(...mapPoints(tip, [0, i % 2 === 0 ? -outer : -inner]))
    mat2d.multiply(tip, tip, step)
  }
  return points
}

function ring(hole: number): number[] {
  const outer = star(12, 0.85, 0.82)
  const inner = star(12, hole, hole * 0.97)
  // Closes both rounds, then goes round the hole the other way, which leaves it empty.
  const back: number[] = []
  for (let i = inner.length - 2; i >= 0; i -= 2) back.push(inner[i] ?? 0, inner[i + 1] ?? 0)
  return [...outer, ...outer.slice(0, 2), ...back.slice(-2), ...back]
}

const figures: Readonly<Record<string, Figure>> = {
  disc: () => [star(12, 0.85, 0.82)],
  ring: d => [ring(d.between(0.4, 0.6))],
  square: d => [box(-0.75, -0.75 * d.between(0.8, 1), 0.75, 0.75)],
  triangle: d => [star(3, 0.95, 0.475 * d.between(0.9, 1.02))],
  star: d => [star(5, 1, d.between(0.35, 0.5))],
  cross: d => {
    const arm = d.between(0.15, 0.3)
    return [box(-0.9, -arm, 0.9, arm), box(-arm, -0.9, arm, 0.9)]
  },
  bars: d => [-0.7, -0.1, 0.5].map(y => box(-0.9, y, 0.9, y + d.between(0.2, 0.3))),
  posts: d => [-0.7, -0.1, 0.5].map(x => box(x, -0.9, x + d.between(0.2, 0.3), 0.9)),
  frame: d => {
    const width = d.between(0.18, 0.3)
    const sides = [box(-0.85, -0.85, 0.85, width - 0.85), box(-0.85, 0.85 - width, 0.85, 0.85)]
    return [...sides, box(-0.85, -0.85, width - 0.85, 0.85), box(0.85 - width, -0.85, 0.85, 0.85)]
  },
  dots: d => {
    const size = d.between(0.3, 0.42)
    const dot = star(6, size, size * 0.9)
    return [-0.5, 0.5].flatMap(x => [-0.5, 0.5].map(y => mapPoints([1, 0, 0, 1, x, y], dot)))
  },
}

/** Class names of the synthetic images, by label. */
export const shapeClassNames: readonly string[] = Object.keys(figures)

/**
 * Synthetic colour images for where CIFAR-10 is not at hand: ten classes of figures (disc, ring, square, triangle, star,
 * cross, bars, posts, frame, dots) of random colours on shaded, noisy grounds, drawn as polygons under random affine
 * maps. [n, 32, 32, 3], a byte per channel. Image n of a part depends on the seed, the part and n alone, and is the
 * same on every engine.
 *
 * @throws OptionError for a number of images that is not an integer of 0 to 1,000,000, or an unknown option.
 */
export function syntheticImages(options: ShapeImageOptions = {}): ImageDataset {
  checkKeys("syntheticImages", options, ["train", "test", "seed"])
  const rule = { min: 0, max: 1_000_000, integer: true }
  const train = checkNumber("syntheticImages", "train", options.train ?? 50_000, rule)
  const test = checkNumber("syntheticImages", "test", options.test ?? 10_000, rule)
  const seed = checkNumber("syntheticImages", "seed", options.seed ?? 42, { min: 0, integer: true })
  const noise = new Stream({ seed, purpose: "shapes", id: "noise" }).normal(new Float32Array(NOISE))
  return {
    source: "synthetic",
    description: `synthetic images of figures (not CIFAR-10), ${train} training and ${test} test images, seed ${seed}`,
    train: paintSet(seed, "train", train, noise),
    test: paintSet(seed, "test", test, noise),
    classNames: shapeClassNames,
  }
}

function paintSet(seed: number, part: string, count: number, noise: Float32Array): LabelledImages {
  const images = new Uint8Array(count * PIXELS * 3)
  const labels = new Uint8Array(count)
  const raster = new Rasterizer(SIDE, SIDE)
  const light = new Float64Array(PIXELS * 3)
  for (let n = 0; n < count; n++) {
    const draw = new Draw(new Stream({ seed, purpose: "shapes", id: part, position: [n] }))
    const label = draw.integer(shapeClassNames.length)
    labels[n] = label
    const ground = paintGround(draw, light)
    paintFigure(draw, label, raster, light, ground)
    const noiseAt = draw.integer(NOISE - light.length)
    const strength = draw.between(4, 18)
    for (let i = 0; i < light.length; i++) {
      const value = (light[i] ?? 0) + strength * (noise[noiseAt + i] ?? 0)
      images[n * light.length + i] = Math.max(0, Math.min(255, Math.round(value)))
    }
  }
  return { images, labels, shape: [count, SIDE, SIDE, 3] }
}

function drawColour(d: Draw): Colour {
  return [d.between(20, 235), d.between(20, 235), d.between(20, 235)]
}

/** Fills the image with one colour that runs into another, and returns the mean of the two. */
function paintGround(d: Draw, light: Float64Array): Colour {
  const from = drawColour(d)
  const to = drawColour(d)
  const slopeX = d.between(-0.02, 0.02)
  const slopeY = d.between(-0.02, 0.02)
  for (let y = 0; y < SIDE; y++) {
    for (let x = 0; x < SIDE; x++) {
      const share = 0.5 + slopeX * (x - SIDE / 2) + slopeY * (y - SIDE / 2)
      for (let c = 0; c < 3; c++) {
        light[(y * SIDE + x) * 3 + c] = (from[c] ?? 0) * (1 - share) + (to[c] ?? 0) * share
      }
    }
  }
  return [(from[0] + to[0]) / 2, (from[1] + to[1]) / 2, (from[2] + to[2]) / 2]
}

/** A colour at some distance from the ground's, so that there is something to see. */
function contrasting(d: Draw, ground: Colour): Colour {
  const colour = drawColour(d)
  const distance = colour.reduce((sum, value, c) => sum + Math.abs(value - (ground[c] ?? 0)), 0)
  if (distance > 110) return colour
  const away = (value: number) => (value < 128 ? value + 110 : value - 110)
  return [away(colour[0]), away(colour[1]), away(colour[2])]
}

function paintFigure(d: Draw, label: number, raster: Rasterizer, light: Float64Array, ground: Colour): void {
  const polygons = figures[shapeClassNames[label] ?? ""]?.(d) ?? []
  const colour = contrasting(d, ground)
  const m = mat2d.create()
  mat2d.translate(m, m, [SIDE / 2 + d.between(-4, 4), SIDE / 2 + d.between(-4, 4)])
  mat2d.multiply(m, m, rotation(d.between(-0.3, 0.3)))
  mat2d.multiply(m, m, mat2d.fromValues(1, 0, d.between(-0.15, 0.15), 1, 0, 0))
  mat2d.scale(m, m, [d.between(8, 13.5), d.between(8, 13.5)])
  for (const polygon of polygons) {
    raster.fill(mapPoints(m, polygon))
    for (let i = raster.top * SIDE; i < raster.bottom * SIDE; i++) {
      const cover = raster.coverage[i] ?? 0
      if (cover === 0) continue
      for (let c = 0; c < 3; c++) {
        const before = light[3 * i + c] ?? 0
        light[3 * i + c] = before + cover * ((colour[c] ?? 0) - before)
      }
    }
  }
}
