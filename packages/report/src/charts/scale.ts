/** Where axes end: beyond it the length of an axis could overflow. */
const largest = 1e300

/** Whether a value has a place on an axis: finite, and not absurdly large. */
export function plottable(value: number): boolean {
  return Math.abs(value) <= largest
}

/** The smallest and largest value that can be drawn, or undefined when there is none. */
export function extent(values: Iterable<number>): [number, number] | undefined {
  let low = Infinity
  let high = -Infinity
  for (const value of values) {
    if (!plottable(value)) continue
    if (value < low) low = value
    if (value > high) high = value
  }
  return low <= high ? [low, high] : undefined
}

/** A domain around `values` with a margin of `share` of its length at both ends; `[0, 1]` when nothing is finite. */
export function paddedDomain(values: Iterable<number>, share = 0.05): [number, number] {
  const [low, high] = extent(values) ?? [0, 1]
  const size = Math.max(Math.abs(low), Math.abs(high))
  // Values that differ in their last digits only count as equal: no tick label could tell them apart.
  if (high - low > Math.max(1e-300, size * 1e-9)) return [low - (high - low) * share, high + (high - low) * share]
  const margin = size > 1e-300 ? size * 0.1 : 0.5
  return [low - margin, high + margin]
}

/** A domain for a logarithmic axis: the positive values' extent widened by a tenth; `[0.1, 1]` when there is none. */
export function logDomain(values: Iterable<number>): [number, number] {
  const [low, high] = extent([...values].filter(value => value > 0)) ?? [0.1, 1]
  return [Math.max(1e-300, low / 1.1), Math.max(2e-300, high * 1.1)]
}

/** The decimal exponent of a positive number: 3 for 1234. */
function exponent(value: number): number {
  return Number(value.toExponential().split("e")[1])
}

/**
 * About `count` round numbers in `[low, high]`, at steps of 1, 2 or 5 times a power of ten (at least `minStep`).
 */
export function linearTicks(low: number, high: number, count: number, minStep = 0): number[] {
  const raw = high / Math.max(1, count) - low / Math.max(1, count)
  if (!(raw > 0) || !Number.isFinite(raw)) return [low]
  const base = exponent(raw)
  const power = (e: number) => Number(`1e${e}`)
  const steps = [1, 2, 5, 10].map(factor => factor * power(base))
  const step = Math.max(minStep, steps.find(candidate => candidate >= raw * 0.999) ?? 10 * power(base))
  const first = Math.ceil(low / step - 1e-9)
  const last = Math.floor(high / step + 1e-9)
  return Array.from({ length: Math.max(0, last - first + 1) }, (_, i) => Number(((first + i) * step).toPrecision(12)))
}

/** Powers of ten in `[low, high]`, thinned to `count`; with 2 and 5 times them when there are fewer than three. */
export function logTicks(low: number, high: number, count: number): number[] {
  const ticks = (factors: readonly number[], every: number) => {
    const found: number[] = []
    for (let e = exponent(low); e <= exponent(high); e++) {
      if (e % every !== 0) continue
      for (const factor of factors) {
        const tick = Number(`${factor}e${e}`)
        if (tick >= low && tick <= high) found.push(tick)
      }
    }
    return found
  }
  const powers = ticks([1], 1)
  if (powers.length < 3) {
    const finer = ticks([1, 2, 5], 1)
    return finer.length >= 2 ? finer : linearTicks(low, high, count)
  }
  return ticks([1], Math.ceil(powers.length / count))
}

/** Labels for ticks, all with the same number of decimals; powers of ten where plain numbers would be long. */
export function tickLabels(ticks: readonly number[]): string[] {
  const highest = Math.max(0, ...ticks.map(Math.abs))
  const smallest = Math.min(Infinity, ...ticks.filter(tick => tick !== 0).map(Math.abs))
  if (highest >= 1e6 || highest < 1e-3 || smallest < 1e-5) return ticks.map(tick => minus(short(tick)))
  const decimals = Math.max(0, ...ticks.map(tick => (String(tick).split(".")[1] ?? "").length))
  const spaced = smallest * 1000 < highest
  return ticks.map(tick =>
    minus(spaced && Math.abs(tick) < 1e-3 ? short(tick) : group(spaced ? String(tick) : tick.toFixed(decimals))),
  )
}

/** `1.2e-5`, `3e+8` as `1.2e−5`, `3e8`. */
function short(value: number): string {
  return value === 0 ? "0" : String(Number(value.toPrecision(6)).toExponential()).replace("e+", "e")
}

function group(text: string): string {
  const [whole = "", fraction] = text.split(".")
  const grouped = whole.length > 4 ? whole.replace(/\B(?=(\d{3})+$)/g, ",") : whole
  return fraction === undefined ? grouped : `${grouped}.${fraction}`
}

function minus(text: string): string {
  return text.replaceAll("-", "−")
}

/** A value for a label: whole numbers in full (`1,290,510`), others with four significant digits: `0.3124`, `1.2e−5`. */
export function formatValue(value: number): string {
  if (!Number.isFinite(value)) return String(value).replace("-", "−")
  const size = Math.abs(value)
  if (Number.isInteger(value) && size < 1e10) return minus(group(String(value)))
  if (size < 1e-3 || size >= 1e6) return minus(short(Number(value.toPrecision(3))))
  const decimals = size >= 1000 ? 0 : size >= 100 ? 1 : size >= 10 ? 2 : size >= 1 ? 3 : 4
  return minus(group(value.toFixed(decimals)))
}

/** `[1, 2, 3, 7]` as `"1–3, 7"`; long lists end with their count. */
export function formatRanges(values: readonly number[]): string {
  const ranges: [number, number][] = []
  for (const value of values) {
    const last = ranges.at(-1)
    if (last && value === last[1] + 1) last[1] = value
    else ranges.push([value, value])
  }
  const texts = ranges.map(([a, b]) => (a === b ? formatValue(a) : `${formatValue(a)}–${formatValue(b)}`))
  return texts.length > 6 ? `${texts.slice(0, 6).join(", ")} … (${values.length} in all)` : texts.join(", ")
}
