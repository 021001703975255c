import { BinaryWriter, WireType } from "@bufbuild/protobuf/wire"

/** One value of a summary. */
export type SummaryValue = { readonly tag: string } & (
  | { readonly scalar: number }
  | { readonly histogram: HistogramSummary }
)

/** TensorFlow's HistogramProto. `buckets[i]` counts the values in `(limits[i - 1], limits[i]]`. */
export interface HistogramSummary {
  readonly min: number
  readonly max: number
  readonly count: number
  readonly sum: number
  readonly sumOfSquares: number
  readonly limits: readonly number[]
  readonly buckets: readonly number[]
}

/** A serialized `tensorflow.Event` that names the file's version; the first one of a file. */
export function versionEvent(wallTime: number): Uint8Array {
  return event(wallTime, 0).tag(3, WireType.LengthDelimited).string("brain.Event:2").finish()
}

/** A serialized `tensorflow.Event` with one summary value. Wall time in seconds since 1970. */
export function summaryEvent(wallTime: number, step: number, value: SummaryValue): Uint8Array {
  const writer = event(wallTime, step).tag(5, WireType.LengthDelimited).fork().tag(1, WireType.LengthDelimited).fork()
  writer.tag(1, WireType.LengthDelimited).string(value.tag)
  if ("scalar" in value) writer.tag(2, WireType.Bit32).float(value.scalar)
  else writeHistogram(writer.tag(5, WireType.LengthDelimited).fork(), value.histogram).join()
  return writer.join().join().finish()
}

function event(wallTime: number, step: number): BinaryWriter {
  const writer = new BinaryWriter().tag(1, WireType.Bit64).double(wallTime)
  return step === 0 ? writer : writer.tag(2, WireType.Varint).int64(step)
}

function writeHistogram(writer: BinaryWriter, histogram: HistogramSummary): BinaryWriter {
  const { min, max, count, sum, sumOfSquares, limits, buckets } = histogram
  ;[min, max, count, sum, sumOfSquares].forEach((value, i) => {
    if (value !== 0) writer.tag(i + 1, WireType.Bit64).double(value)
  })
  for (const [field, values] of [
    [6, limits],
    [7, buckets],
  ] as const) {
    writer.tag(field, WireType.LengthDelimited).fork()
    for (const value of values) writer.double(value)
    writer.join()
  }
  return writer
}

/** Counts the finite values in equally wide buckets; undefined when there is none. */
export function summarizeHistogram(values: ArrayLike<number>, bucketCount: number): HistogramSummary | undefined {
  let [min, max, count, sum, sumOfSquares] = [Infinity, -Infinity, 0, 0, 0]
  for (let i = 0; i < values.length; i++) {
    const value = values[i]!
    if (!Number.isFinite(value)) continue
    min = Math.min(min, value)
    max = Math.max(max, value)
    count++
    sum += value
    sumOfSquares += value * value
  }
  if (count === 0) return undefined
  const edge = (i: number) => (i === bucketCount ? max : min + ((max - min) * i) / bucketCount)
  // A single value has no width: one bucket that ends at it.
  if (!(edge(1) > min)) return { min, max, count, sum, sumOfSquares, limits: [max], buckets: [count] }
  const buckets = new Array<number>(bucketCount).fill(0)
  for (let i = 0; i < values.length; i++) {
    const value = values[i]!
    if (!Number.isFinite(value)) continue
    let bucket = Math.min(bucketCount - 1, Math.max(0, Math.ceil(((value - min) / (max - min)) * bucketCount) - 1))
    while (bucket > 0 && value <= edge(bucket)) bucket--
    while (bucket < bucketCount - 1 && value > edge(bucket + 1)) bucket++
    buckets[bucket]!++
  }
  const limits = buckets.map((_, i) => edge(i + 1))
  return { min, max, count, sum, sumOfSquares, limits, buckets }
}
