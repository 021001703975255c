/**
 * Matrix products in WebAssembly: C = op(A) op(B) or C = D + op(A) op(B), where D is C or a row, row-major float32.
 *
 * Each element is one sum in one order: it starts from +0, products are added with k increasing, each product and each
 * sum rounded to float32 (`"portable"`; `"fused"` rounds once per step); the finished sum is added to D's
 * element. No tile, packing, block or partition changes that order, so all give the same bits, and so does a
 * plain loop with `Math.fround`.
 *
 *     const m = new ModuleBuilder("kernels", memory)
 *     addGemmKernels(m, m.global("scratch", "i32"), ["row", "4x8"], "portable")
 *     ...
 *     const plan = gemmPlan({ m: 32, n: 300, k: 784 }, "4x8")
 *     words.set(gemmWords(plan, a, b, c), args / 4)                // byte addresses in linear memory
 *     exports[plan.kernel](args, 0, plan.units)                    // or [begin, end) of it, on any thread
 */
import type { GlobalReference, Kernel, ModuleBuilder } from "../wasm/index.ts"
import { gemmLayout } from "./layout.ts"
import { addPackers } from "./panel.ts"
import { type GemmPlan, type GemmTile, gemmKernelName, gemmTiles, rowTile } from "./plan.ts"
import { addProduct } from "./product.ts"
import type { GemmArithmetic } from "./tile.ts"

export { gemmLayout } from "./layout.ts"
export { type GemmPlan, type GemmShape, type GemmTile, gemmPlan, gemmTiles } from "./plan.ts"
export type { GemmArithmetic } from "./tile.ts"

/**
 * Adds the product kernels that `gemmPlan` can name for some tiles, each for A with contiguous rows and with contiguous
 * columns; `"row"` stands for those for few rows.
 */
export function addGemmKernels(
  m: ModuleBuilder,
  scratch: GlobalReference<"i32">,
  tiles: readonly (GemmTile | "row")[],
  arithmetic: GemmArithmetic,
): Kernel[] {
  const packers = addPackers(m)
  return tiles.flatMap(tile => {
    const shape = { ...(tile === "row" ? rowTile : gemmTiles[tile]), arithmetic }
    return [false, true].map(transposeA =>
      addProduct(m, gemmKernelName(tile, transposeA), shape, transposeA, packers, scratch),
    )
  })
}

/** The argument block of a planned product, for operands at the given byte addresses; with what is added, if anything. */
export function gemmWords(plan: GemmPlan, a: number, b: number, c: number, addend = 0, addendStep = 0): number[] {
  const words = { ...plan.words, a, b, c, addend, addendStep }
  const names = Object.keys(gemmLayout) as (keyof typeof gemmLayout)[]
  return names.map(name => words[name])
}
