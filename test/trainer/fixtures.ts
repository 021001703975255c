import { readFileSync } from "node:fs"
import { type Tensor, tensor } from "@selvedge/core"
import { expect } from "vitest"

/** An array as the fixtures encode it. */
export interface Encoded {
  readonly shape: number[]
  readonly dtype: string
  readonly data: (number | string)[]
}

export const numbers = (data: readonly (number | string)[]) => data.map(Number)

export const decode = (x: Encoded): Tensor => tensor(Float32Array.from(numbers(x.data)), x.shape)

export function fixture<T>(name: string): { meta: { seed: number }; cases: T[] } {
  return JSON.parse(readFileSync(new URL(`../fixtures/${name}.json`, import.meta.url), "utf8"))
}

/** |got - want| <= atol + rtol |want|, element by element, as the fixtures' README defines it. */
export function expectClose(
  got: ArrayLike<number>,
  want: readonly (number | string)[],
  { rtol, atol }: { rtol: number; atol: number },
  what: string,
): void {
  expect(got.length, what).toBe(want.length)
  numbers(want).forEach((value, i) => {
    const fine =
      Object.is(got[i], value) || got[i] === value || Math.abs(got[i] - value) <= atol + rtol * Math.abs(value)
    if (!fine) expect.fail(`${what}[${i}]: got ${got[i]}, want ${value} (rtol ${rtol}, atol ${atol})`)
  })
}
