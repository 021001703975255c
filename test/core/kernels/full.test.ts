import { backward, exp, memory, sum, tensor } from "@selvedge/core"
import { expect, it, vi } from "vitest"
import { linearMemory } from "../../../packages/core/src/kernels/memory.ts"

it("where the memory of the kernels is full, the plain loops compute, and that is said once", () => {
  const warn = vi.spyOn(console, "warn").mockImplementation(() => {})
  const x = tensor(new Float32Array(64).fill(0.5), [64], { requiresGrad: true })
  const few = exp(x).data.slice()
  // Nothing more can be had from now on.
  vi.spyOn(linearMemory()!.handle, "grow").mockImplementation(() => {
    throw new RangeError("WebAssembly.Memory.grow(): Maximum memory size exceeded")
  })
  const size = memory().linear / 4
  for (let i = 0; i < 2; i++) {
    const many = tensor(new Float32Array(size).fill(0.5), [size], { requiresGrad: true })
    const y = exp(many)
    expect(y.data[size - 1]).toBeCloseTo(few[0], 6)
    backward(sum(y))
    expect(many.grad!.data[size - 1]).toBeCloseTo(few[0], 6)
  }
  expect(exp(x).data).toEqual(few)
  expect(warn.mock.calls).toEqual([[expect.stringMatching(/^kernels: no room is left .* \(\d+ MB were wanted\)$/)]])
})
