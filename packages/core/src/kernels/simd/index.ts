// The SIMD twins, each under the name of its loop.
export * from "./activations.ts"
export * from "./arithmetic.ts"
export * from "./bytes.ts"
export * from "./columns.ts"
export * from "./noise.ts"
export * from "./rows.ts"
export * from "./sums.ts"
export * from "./updates.ts"
