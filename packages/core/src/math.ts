/**
 * Elementary functions whose bits are the same on every engine.
 *
 * ECMAScript leaves the accuracy of `Math.exp`, `Math.pow`, `Math.sin` ... to the implementation, and engines do differ
 * in the last bits, from version to version. These are built only from operations that IEEE 754 defines exactly, so a
 * training run gives the same numbers in every Node and every browser. Special values (signed zeros, infinities, NaN,
 * subnormals) are those of their `Math` namesakes. Each docstring states the measured error in units in the last place.
 */
export { erf, erfc } from "./math/erf.ts"
export { exp, expm1, sigmoid, softplus, tanh } from "./math/exp.ts"
export { log, log1p } from "./math/log.ts"
export { normalQuantile } from "./math/normal.ts"
export { pow } from "./math/pow.ts"
export { cos, sin } from "./math/trig.ts"
