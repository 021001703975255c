import { checkChoice, checkKeys, checkNumber, ShapeError } from "../../errors.ts"
import type { Shape } from "../../shape.ts"

/** What a convolution or pooling may be told. */
export interface WindowOptions {
  /** Step of the window down and to the right; one number for both. Default 1, for pooling the window's size. */
  readonly strides?: number | readonly [number, number]
  /** `"valid"`: only windows inside the image. `"same"`: ceil(size / stride) windows, the odd pad bottom and right. */
  readonly padding?: "valid" | "same"
}

/** What a convolution may be told. */
export interface ConvOptions extends WindowOptions {
  /** Distance between neighbouring entries of the window. Default 1. */
  readonly dilation?: number | readonly [number, number]
}

/** All windows over an image. */
export interface Windows {
  readonly height: number
  readonly width: number
  /** For each window, row by row, the pixels (row * image width + column) under its entries; -1 outside the image. */
  readonly taps: Int32Array
}

/** A number for each of the two image axes. @throws OptionError unless they are integers from 1 on. */
export function pairOf(op: string, name: string, value: number | readonly [number, number]): [number, number] {
  const pair = typeof value === "number" ? [value, value] : value
  const [down, right] = pair.map(n => checkNumber(op, name, n, { min: 1, integer: true }))
  return [down, right]
}

/**
 * Lays windows over images [batch, height, width, channels].
 * @throws ShapeError unless x has four axes and a window fits; OptionError for bad options.
 */
export function windowsOver(op: string, image: Shape, size: readonly [number, number], options: ConvOptions): Windows {
  if (image.length !== 4) {
    throw new ShapeError(`${op}: the input must be images [batch, height, width, channels]`, { facts: { x: image } })
  }
  const padding = checkChoice(op, "padding", options.padding ?? "valid", ["valid", "same"])
  const strides = pairOf(op, "strides", options.strides ?? 1)
  const dilation = pairOf(op, "dilation", options.dilation ?? 1)
  const [rows, columns] = [0, 1].map(i => along(image[i + 1], size[i], strides[i], dilation[i], padding === "same"))
  if (rows.count === 0 || columns.count === 0) {
    throw new ShapeError(`${op}: the window is larger than the image`, {
      facts: { x: image, window: size },
      hint: 'padding "same" puts zeros around the image',
    })
  }
  return { height: rows.count, width: columns.count, taps: cross(rows, columns, image[2]) }
}

/** @throws OptionError for an unknown option. */
export function checkPooling(op: string, options: WindowOptions): void {
  checkKeys(op, options, ["strides", "padding"])
}

interface Along {
  readonly count: number
  readonly size: number
  /** For each window the positions under it, -1 outside. */
  readonly positions: readonly number[]
}

function along(n: number, size: number, stride: number, dilation: number, same: boolean): Along {
  const reach = (size - 1) * dilation + 1
  const count = same ? Math.ceil(n / stride) : Math.max(0, Math.ceil((n - reach + 1) / stride))
  const before = same ? Math.floor(Math.max((count - 1) * stride + reach - n, 0) / 2) : 0
  const positions: number[] = []
  for (let o = 0; o < count; o++) {
    for (let k = 0; k < size; k++) {
      const at = o * stride - before + k * dilation
      positions.push(at >= 0 && at < n ? at : -1)
    }
  }
  return { count, size, positions }
}

function cross(rows: Along, columns: Along, width: number): Int32Array {
  const taps = new Int32Array(rows.positions.length * columns.positions.length)
  let at = 0
  for (let i = 0; i < rows.count; i++) {
    for (let j = 0; j < columns.count; j++) {
      for (let k = 0; k < rows.size; k++) {
        for (let l = 0; l < columns.size; l++) {
          const row = rows.positions[i * rows.size + k]
          const column = columns.positions[j * columns.size + l]
          taps[at++] = row < 0 || column < 0 ? -1 : row * width + column
        }
      }
    }
  }
  return taps
}
