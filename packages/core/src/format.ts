import type { Shape } from "./shape.ts"
import type { Buffer } from "./storage.ts"

interface Printable {
  readonly shape: Shape
  readonly name: string
  readonly requiresGrad: boolean
  readonly node: { readonly op: string } | null
  read(): Buffer
}

// Longer axes show their first and last three entries, as NumPy does.
const edge = 3
const longest = 8

/**
 * A tensor as text: `Tensor float32 [2, 3] "kernel" requires grad`, then its numbers aligned, long axes shortened.
 * A tensor of a step that has ended says so in place of its numbers.
 */
export function formatTensor(x: Printable): string {
  const about = [x.name && `"${x.name}"`, x.node && `from ${x.node.op}`, x.requiresGrad && !x.node && "requires grad"]
  let data: Buffer
  try {
    data = x.read()
  } catch {
    return `Tensor [${x.shape.join(", ")}] of a training step that has ended`
  }
  const type = data instanceof Float32Array ? "float32" : "float64"
  const head = ["Tensor", type, `[${x.shape.join(", ")}]`, ...about.filter(Boolean)].join(" ")
  if (x.shape.includes(0)) return `${head} (empty)`
  const texts = new Map<number, string>()
  visit(x.shape, 0, 0, index => texts.set(index, formatNumber(data[index])))
  const width = Math.max(...[...texts.values()].map(text => text.length))
  return `${head}\n${rows(x.shape, 0, 0, " ", index => (texts.get(index) ?? "").padStart(width))}`
}

function formatNumber(value: number): string {
  if (!Number.isFinite(value)) return String(value)
  if (Number.isInteger(value) && Math.abs(value) < 1e7) return Object.is(value, -0) ? "-0" : String(value)
  const size = Math.abs(value)
  return size >= 1e6 || size < 1e-4 ? value.toExponential(3) : String(Number(value.toPrecision(5)))
}

function shown(n: number): (number | null)[] {
  const all = Array.from({ length: n }, (_, i) => i)
  return n <= longest ? all : [...all.slice(0, edge), null, ...all.slice(-edge)]
}

function visit(shape: Shape, axis: number, offset: number, see: (index: number) => void): void {
  if (axis === shape.length) {
    see(offset)
    return
  }
  const stride = shape.slice(axis + 1).reduce((product, n) => product * n, 1)
  for (const i of shown(shape[axis])) if (i !== null) visit(shape, axis + 1, offset + i * stride, see)
}

function rows(shape: Shape, axis: number, offset: number, indent: string, text: (index: number) => string): string {
  if (axis === shape.length) return text(offset)
  const stride = shape.slice(axis + 1).reduce((product, n) => product * n, 1)
  const last = axis === shape.length - 1
  const parts = shown(shape[axis]).map(i =>
    i === null ? "..." : rows(shape, axis + 1, offset + i * stride, `${indent} `, text),
  )
  const blank = "\n".repeat(Math.max(1, shape.length - 1 - axis))
  return `[${parts.join(last ? ", " : `,${blank}${indent}`)}]`
}
