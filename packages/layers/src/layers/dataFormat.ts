import { checkChoice, type Tensor, transpose } from "@selvedge/core"
import type { LayerOptions } from "../layer.ts"
import type { DataShape } from "../shapes.ts"

const formats = ["channels_last", "channels_first"] as const

/** Where an image has its channels: [b, h, w, c] or [b, c, h, w]. */
export type DataFormat = (typeof formats)[number]

/** Options of layers for which the order of axes matters. */
export interface DataFormatOptions extends LayerOptions {
  /** Default `"channels_last"`. The other order is turned before and after, which costs time. */
  readonly dataFormat?: DataFormat | null
}

/** @throws OptionError for an unknown order. */
export function checkDataFormat(owner: string, value: unknown): DataFormat {
  return checkChoice(owner, "dataFormat", value ?? "channels_last", formats)
}

/** The axes of a batch in the order that has the channels last. */
function lastOrder(rank: number): number[] {
  return [0, ...Array.from({ length: rank - 2 }, (_, i) => i + 2), 1]
}

/** A batch with its channels last. */
export function toChannelsLast(x: Tensor, format: DataFormat): Tensor {
  return format === "channels_last" || x.rank < 3 ? x : transpose(x, lastOrder(x.rank))
}

/** A batch with its channels last, in the order of the format again. */
export function fromChannelsLast(y: Tensor, format: DataFormat): Tensor {
  if (format === "channels_last" || y.rank < 3) return y
  return transpose(y, [0, y.rank - 1, ...Array.from({ length: y.rank - 2 }, (_, i) => i + 1)])
}

/** The shape with the channels last. */
export function shapeToLast(shape: DataShape, format: DataFormat): DataShape {
  if (format === "channels_last" || shape.length < 3) return shape
  return lastOrder(shape.length).map(axis => shape[axis] ?? null)
}

/** A shape with the channels last, in the order of the format again. */
export function shapeFromLast(shape: DataShape, format: DataFormat): DataShape {
  if (format === "channels_last" || shape.length < 3) return shape
  const [batch = null, ...sample] = shape
  return [batch, sample.at(-1) ?? null, ...sample.slice(0, -1)]
}
