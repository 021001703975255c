import { readdirSync, readFileSync } from "node:fs"
import * as c from "@selvedge/core"
import { describe, expect, it } from "vitest"

interface Values {
  readonly shape: number[]
  readonly data: (number | string)[]
}

interface Fixture<T> {
  readonly cases: readonly T[]
}

interface OpCase {
  readonly op: string
  readonly args: readonly unknown[]
  readonly inputs: readonly Values[]
  readonly output: Values
}

interface ActivationCase {
  readonly name: string
  readonly function: string
  readonly args: Readonly<Record<string, number | boolean>>
  readonly x: Values
  readonly y: Values
  readonly dydx?: Values
  readonly cotangent?: Values
  readonly vjp?: Values
  readonly tolerance: { readonly rtol: number; readonly atol: number }
}

function load<T>(name: string): Fixture<T> {
  return JSON.parse(readFileSync(new URL(`../fixtures/${name}`, import.meta.url), "utf8"))
}

const numbers = ({ data }: Values) => data.map(x => (x === "nan" ? Number.NaN : x === "inf" ? Infinity : toNumber(x)))
const toNumber = (x: number | string) => (x === "-inf" ? -Infinity : Number(x))
const asTensor = (v: Values, requiresGrad = false) => c.tensor(numbers(v), v.shape, { requiresGrad })

function close(got: ArrayLike<number>, want: Values, rtol: number, atol: number, what: string): void {
  expect(got.length, what).toBe(want.data.length)
  numbers(want).forEach((w, i) => {
    // Beyond the range of float32 the infinity of the same sign is right.
    const fine =
      Math.abs(w) > 3.4028235e38
        ? got[i] === Math.sign(w) * Infinity
        : Math.abs(got[i] - w) <= atol + rtol * Math.abs(w)
    if (!fine && !(Number.isNaN(w) && Number.isNaN(got[i]))) expect(got[i], `${what}, entry ${i}`).toBe(w)
  })
}

/** Ops that take their tensors otherwise than one argument each. */
const special: Record<string, (xs: c.Tensor[], args: readonly never[]) => c.Tensor> = {
  concat: (xs, [axis]) => c.concat(xs, axis),
  stack: (xs, [axis]) => c.stack(xs, axis),
  split: ([x], [parts, axis]) => c.split(x, parts, axis)[1],
  batchNorm: ([x, gamma, beta]) => c.batchNorm(x, gamma, beta).y,
}

function call({ op, args }: OpCase, xs: c.Tensor[]): c.Tensor {
  const run = special[op]
  if (run) return run(xs, args as readonly never[])
  return Reflect.get(c, op)(...xs, ...args)
}

describe.each(["wasm", "typescript"] as const)("values against NumPy and SciPy, %s kernels", kernels => {
  const { cases } = load<OpCase>("ops.json")
  it.each(cases.map((one, i) => ({ ...one, title: `${i}: ${one.op} ${JSON.stringify(one.args)}` })))("$title", one => {
    c.setKernels(kernels)
    const y = call(
      one,
      one.inputs.map(x => asTensor(x)),
    )
    c.setKernels("wasm")
    expect(y.shape).toEqual(one.output.shape)
    const scale = Math.max(1, ...numbers(one.output).filter(Number.isFinite).map(Math.abs))
    close(y.data, one.output, 2e-6, 1e-6 * Math.min(scale, 20), one.op)
  })

  it("covers every exported op that is not tested by other means", () => {
    const folder = new URL("../../packages/core/src/ops", import.meta.url)
    const files = readdirSync(folder).filter(name => name.endsWith(".ts"))
    const activations = "relu relu6 leakyRelu elu selu gelu silu softplus softsign hardSigmoid mish"
    const random = "dropout alphaDropout randomNormal randomUniform"
    const others = "tensor zeros ones full fromNdarray stopGradient"
    const elsewhere = `${activations} ${random} ${others}`.split(" ")
    const covered = [...new Set(cases.map(one => one.op)), ...elsewhere]
    expect(covered.sort()).toEqual(files.map(name => name.slice(0, -3)).sort())
  })
})

const activations: Record<string, (x: c.Tensor, args: Readonly<Record<string, number | boolean>>) => c.Tensor> = {
  relu: (x, a) =>
    c.relu(x, { negativeSlope: +(a.negative_slope ?? 0), maxValue: limit(a), threshold: +(a.threshold ?? 0) }),
  leaky_relu: (x, a) => c.leakyRelu(x, "negative_slope" in a ? { negativeSlope: +a.negative_slope } : {}),
  relu6: x => c.relu6(x),
  elu: (x, a) => c.elu(x, "alpha" in a ? { alpha: +a.alpha } : {}),
  selu: x => c.selu(x),
  gelu: (x, a) => c.gelu(x, { approximate: a.approximate === true }),
  silu: x => c.silu(x),
  softplus: x => c.softplus(x),
  softsign: x => c.softsign(x),
  sigmoid: x => c.sigmoid(x),
  hard_sigmoid: x => c.hardSigmoid(x),
  tanh: x => c.tanh(x),
  exponential: x => c.exponential(x),
  linear: x => c.mul(x, 1),
  mish: x => c.mish(x),
  softmax: x => c.softmax(x),
  log_softmax: x => c.logSoftmax(x),
}

const limit = (a: Readonly<Record<string, number | boolean>>) => ("max_value" in a ? +a.max_value : null)

describe("activations against Keras", () => {
  const { cases } = load<ActivationCase>("activations.json")
  let run = 0
  for (const kernels of ["wasm", "typescript"] as const) {
    it.each(cases.map(one => ({ ...one, kernels })))("$name, $kernels kernels", one => {
      c.setKernels(one.kernels)
      // Repeated, so that the SIMD kernels, which begin at some size, are compared too.
      const repeats = one.dydx ? 64 : 512
      const x = c
        .tile(
          asTensor(one.x),
          one.x.shape.map((_, i) => (i === 0 ? repeats : 1)),
        )
        .clone()
      x.requiresGrad = true
      const y = activations[one.function](x, one.args)
      const cotangent = one.cotangent ? asTensor(one.cotangent) : c.ones(one.x.shape)
      c.backward(
        y,
        c.tile(
          cotangent,
          one.x.shape.map((_, i) => (i === 0 ? repeats : 1)),
        ),
      )
      c.setKernels("wasm")
      const { rtol, atol } = one.tolerance
      const gradient = one.dydx ?? one.vjp
      const scale = Math.max(1, ...(one.cotangent ? numbers(one.cotangent) : []).map(Math.abs))
      const size = one.y.data.length
      for (const part of [0, 1, repeats - 1]) {
        const slice = (t: c.Tensor | null) => t?.data.subarray(part * size, (part + 1) * size) ?? []
        close(slice(y), one.y, rtol, atol, "y")
        if (gradient) close(slice(x.grad), gradient, rtol, atol * scale, "gradient")
      }
      run++
    })
  }
  it("ran every case of the file", () => expect(run).toBe(2 * cases.length))
})
