import { checkNumber, describe, ShapeError } from "@selvedge/core"
import { base64, encodePng } from "./rasterPng.ts"
import { extent } from "./scale.ts"
import { type ChartOptions, checkChart, checkInterval, frame, innerWidth } from "./svg.ts"
import { round, textElement, textWidth, truncate } from "./text.ts"
import { fontSizes, neutral } from "./theme.ts"

/** Options of {@link plotImages}. */
export interface ImagesOptions extends ChartOptions {
  /** A text under each image; `\n` starts a new line. */
  readonly captions?: readonly string[]
  /** Which images are mistakes: framed, with a cross before the caption. */
  readonly wrong?: readonly boolean[]
  /** Pixel values shown as black and as white. By default [0, 1] or [0, 255] where all pixels lie in it, else their extent. */
  readonly range?: readonly [number, number]
  /** Images in a row. By default as many as fit. */
  readonly columns?: number
  /** Width of an image in the chart, in pixels. By default 64. */
  readonly size?: number
}

const owner = "plotImages"
const optionKeys = ["captions", "wrong", "range", "columns", "size"]
const lineHeight = 14
const gap = 14

/**
 * A gallery of images with captions: predictions, mistakes, augmentations. Enlarged without smoothing.
 *
 * @param pixels all images' pixels, one image after the other, row by row, channels last
 * @param shape `[images, height, width]`, or `[images, height, width, channels]` with 1 (grey) or 3 channels (red, green, blue)
 * @returns SVG text
 * @throws ShapeError when the shape does not fit the pixels, or captions are not one an image
 * @throws OptionError for an unknown option
 */
export function plotImages(pixels: ArrayLike<number>, shape: readonly number[], options: ImagesOptions = {}): string {
  checkImages(pixels, shape, options)
  const [count = 0, height = 1, imageWidth = 1, channels = 1] = shape
  const size = options.size ?? 64
  const imageHeight = (size * height) / imageWidth
  const { captions = [], wrong = [] } = options
  const texts = Array.from({ length: count }, (_, i) => caption(captions[i] ?? "", wrong[i] ?? false))
  const widest = Math.max(size, ...texts.flat().map(line => textWidth(line, fontSizes.tick)))
  const room = innerWidth(options.width ?? 760)
  const cellWidth = Math.min(widest, Math.max(size, 170), room) + gap
  const fitting = Math.max(1, Math.floor((room + gap) / cellWidth))
  const columns = Math.min(count, options.columns ?? fitting)
  const lines = Math.max(0, ...texts.map(text => text.length))
  const cellHeight = imageHeight + lines * lineHeight + gap
  const urls = imageUrls(pixels, shape, options.range ?? defaultRange(pixels))
  const content = texts.map((text, i) => {
    const x = (i % columns) * cellWidth + (cellWidth - gap) / 2
    const y = Math.floor(i / columns) * cellHeight
    const box = `x="${round(x - size / 2)}" y="${round(y)}" width="${size}" height="${round(imageHeight)}"`
    const outline = `<rect ${box} fill="none" stroke="${wrong[i] ? neutral.wrong.light : neutral.grid.light}" stroke-width="${wrong[i] ? 2 : 1}"/>`
    return `<image ${box} href="${urls[i]}" ${rendering}/>${outline}${captionText(text, x, y + imageHeight, cellWidth, wrong[i] ?? false)}`
  })
  const width = Math.max(columns * cellWidth - gap, 200)
  const drawing = { content: content.join(""), width, height: Math.ceil(count / columns) * cellHeight - gap + 4 }
  const kind = channels === 3 ? "colour" : "grey"
  const summary = `${count} ${kind} images of ${height} by ${imageWidth} pixels. ${texts.map(text => text.join(" ")).join("; ")}`
  return frame(drawing, { title: options.title, name: "Images", description: options.description ?? summary })
}

const rendering = 'preserveAspectRatio="none" image-rendering="optimizeSpeed" style="image-rendering:pixelated"'

function caption(text: string, wrong: boolean): string[] {
  const lines = text === "" ? [] : text.split("\n")
  if (wrong) lines[0] = `✗ ${lines[0] ?? ""}`.trimEnd()
  return lines
}

function captionText(lines: readonly string[], x: number, top: number, cellWidth: number, wrong: boolean): string {
  return lines
    .map((line, i) => {
      const fill = wrong ? neutral.wrong.light : i === 0 ? "currentColor" : neutral.muted.light
      const text = truncate(line, cellWidth - 4, fontSizes.tick)
      return textElement(text, x, top + lineHeight * (i + 1), { anchor: "middle", fill })
    })
    .join("")
}

function imageUrls(
  pixels: ArrayLike<number>,
  shape: readonly number[],
  [low, high]: readonly [number, number],
): string[] {
  const [count = 0, height = 1, width = 1, channels = 1] = shape
  const length = height * width * channels
  return Array.from({ length: count }, (_, i) => {
    const samples = new Uint8Array(length)
    for (let j = 0; j < length; j++) {
      const share = (pixels[i * length + j]! - low) / (high - low)
      samples[j] = Math.round(255 * Math.min(1, Math.max(0, Number.isNaN(share) ? 0 : share)))
    }
    return `data:image/png;base64,${base64(encodePng(samples, width, height, channels === 3 ? 3 : 1))}`
  })
}

function defaultRange(pixels: ArrayLike<number>): readonly [number, number] {
  const [low, high] = extent(Array.from(pixels)) ?? [0, 1]
  if (low >= 0 && high <= 1) return [0, 1]
  if (low >= 0 && high <= 255) return [0, 255]
  return [low, high]
}

function checkImages(pixels: ArrayLike<number>, shape: readonly number[], options: ImagesOptions): void {
  checkChart(owner, options, optionKeys)
  const whole = Array.isArray(shape) && shape.every(size => Number.isInteger(size) && size > 0)
  const size = whole ? shape.reduce((product, dimension) => product * dimension, 1) : -1
  const [count = 0, , , channels = 1] = shape ?? []
  if (!whole || shape.length < 3 || shape.length > 4 || (channels !== 1 && channels !== 3)) {
    throw new ShapeError(`${owner}: the shape must be [images, height, width] or [images, height, width, 1 or 3]`, {
      facts: { shape: describe(shape) },
    })
  }
  if (size !== pixels?.length) {
    throw new ShapeError(`${owner}: the shape does not fit the pixels`, {
      facts: { shape: [...shape], needs: size, pixels: pixels?.length ?? describe(pixels) },
    })
  }
  for (const name of ["captions", "wrong"] as const) {
    const list = options[name]
    if (list === undefined || (Array.isArray(list) && list.length === count)) continue
    throw new ShapeError(`${owner}: ${name} must have one entry an image`, {
      facts: { images: count, [name]: describe(list) },
    })
  }
  if (options.columns !== undefined) checkNumber(owner, "columns", options.columns, { integer: true, min: 1 })
  if (options.size !== undefined) checkNumber(owner, "size", options.size, { min: 8, max: 1024 })
  checkInterval(owner, "range", options.range)
}
