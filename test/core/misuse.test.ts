import {
  concat,
  gemm,
  matmul,
  OptionError,
  reshape,
  reverse,
  ShapeError,
  setArithmetic,
  setKernels,
  setThreads,
  setVectorWidth,
  stack,
  stream,
  take,
  tensor,
  zeros,
} from "@selvedge/core"
import { describe, expect, it } from "vitest"

const wrong = (run: (...values: never[]) => unknown, ...values: unknown[]) => Reflect.apply(run, null, values)

describe("arguments of another type", () => {
  const x = tensor([1, 2, 3])

  it("give a sentence, not a TypeError or an empty tensor", () => {
    for (const indices of [3, undefined, null, { axis: 7 }, false]) {
      expect(() => wrong(take, x, indices)).toThrow("take: indices are a list or a tensor, got ")
    }
    for (const op of [concat, stack]) {
      for (const list of [x, undefined, 3]) expect(() => wrong(op, list)).toThrow(OptionError)
    }
    expect(() => wrong(reshape, x)).toThrow("reshape: a shape is a list of integers, got undefined")
    expect(() => wrong(reverse, x, { axis: 0 })).toThrow(
      "reverse: axis is a number or a list of numbers, got an object",
    )
    expect(() => wrong(zeros, 10n)).toThrow(ShapeError)
  })

  it("are shown as what they are", () => {
    expect(() => wrong(setThreads, "2")).toThrow('an integer from 1 to 64, got "2"')
    expect(() => wrong(setVectorWidth, "256")).toThrow('128 or 256 bits, got "256"')
    expect(() => wrong(setArithmetic, "exact")).toThrow('setArithmetic: arithmetic "exact" is unknown')
    expect(() => wrong(setKernels, "simd")).toThrow('setKernels: mode "simd" is unknown')
  })
})

describe("gemm", () => {
  const [a, b, c] = [6, 12, 8].map(size => new Float32Array(size))
  const product = (more: object, sizes = [2, 4, 3], first: unknown = a) => wrong(gemm, first, b, c, ...sizes, more)

  it("looks at sizes and options before it touches anything", () => {
    expect(() => product({}, [2, 4, 2.5])).toThrow("gemm: a size must be an integer >= 0, got 2.5")
    expect(() => product({}, [2, 5, 3])).toThrow("gemm: b must be a Float32Array or Float64Array of 15 numbers, got 12")
    expect(() => product({}, [2, 4, 3], null)).toThrow("of 6 numbers, got null")
    expect(() => product({ bias: new Float32Array(3) })).toThrow(
      "gemm: bias must be a Float32Array or Float64Array of 4 numbers, got 3",
    )
    expect(() => product({}, [2, 4, 3], "sixsix")).toThrow('of 6 numbers, got "sixsix"')
    expect(() => product({ bias: new Int32Array(4) })).toThrow("of 4 numbers, got an instance of Int32Array")
    expect(() => wrong(gemm, a, b, c, 2, 4, 3, null)).toThrow("gemm: options must be an object, got null")
    expect(() => product({ accumulate: 1 })).toThrow("gemm: accumulate must be true or false, got 1")
    expect(() => product({ transpose: true })).toThrow('gemm: unknown option "transpose"')
    const both = { bias: new Float32Array(4), accumulate: true }
    expect(() => product(both)).toThrow("gemm: takes accumulate or bias, not both")
    expect(c.every(x => x === 0)).toBe(true)
    expect(() => product({ bias: new Float32Array(4) })).not.toThrow()
  })
})

describe("a product with a long inner axis", () => {
  // A plan is kept by a number made of the sizes: [8, 8192 + 40] [.., 10] once had that of [8, 40] [.., 11].
  it("does not get the plan of another shape", () => {
    const [m, n, k] = [8, 10, 8192 + 40]
    const draw = (shape: number[], id: string) =>
      tensor(stream(1, "test", id).uniform(new Float32Array(shape[0] * shape[1])), shape)
    matmul(draw([8, 40], "a"), draw([40, 11], "b"))
    const [a, b] = [draw([m, k], "c"), draw([k, n], "d")]
    const y = matmul(a, b).data
    for (let i = 0; i < m; i++) {
      for (let j = 0; j < n; j++) {
        let sum = 0
        for (let q = 0; q < k; q++) sum += a.data[i * k + q] * b.data[q * n + j]
        expect(Math.abs(y[i * n + j] - sum)).toBeLessThan(sum * 1e-4)
      }
    }
  })
})
