import ndarray from "ndarray"
import { OptionError } from "./errors.ts"
import type { Buffer } from "./storage.ts"

/**
 * A strided view over a buffer, not copied.
 * @throws OptionError where a Content-Security-Policy forbids `new Function`, which the ndarray package is built on.
 */
export function viewOf(data: Buffer, shape: readonly number[]): ndarray.NdArray<Buffer> {
  try {
    return ndarray(data, [...shape])
  } catch (cause) {
    if (!(cause instanceof EvalError)) throw cause
    throw new OptionError("view: a Content-Security-Policy forbids the ndarray package to compile its views", {
      rule: 'ndarray needs "unsafe-eval"; nothing else in the library does',
      hint: "work with tensor.data and tensor.shape, or allow it for this page",
      cause,
    })
  }
}
