import { gemm } from "@selvedge/core"
import { numbers, timedInStep } from "../arena.ts"
import type { Contestant } from "../measure.ts"

/** C [m, n] = op(A) [m, k] op(B) [k, n]. */
export interface Shape {
  readonly m: number
  readonly n: number
  readonly k: number
  /** "nn", or "tn" for op(A) = Aᵀ, "nt" for op(B) = Bᵀ. */
  readonly form: "nn" | "tn" | "nt"
}

/** The product on operands in linear memory, as inside a step. */
export function product({ m, n, k, form }: Shape): Contestant {
  const contents = [numbers(m * k), numbers(k * n, 613), new Float32Array(m * n)]
  const forms = { transposeA: form[0] === "t", transposeB: form[1] === "t" }
  return {
    name: "product",
    run(times) {
      return timedInStep(contents, ([a, b, c]) => {
        if (!a || !b || !c) return
        for (let t = 0; t < times; t++) gemm(a, b, c, m, n, k, forms)
      })
    },
  }
}
