/**
 * The whole library in one import. What reads files or draws is loaded when it is first asked for, so that a page that
 * only trains does not carry it:
 *
 *     import { compile, Dense, formats, Sequential } from "selvedge"
 *     const { saveTrainer } = await formats()
 */
export * from "@selvedge/core"
export * from "@selvedge/datasets"
export * from "@selvedge/layers"
export * from "@selvedge/trainer"

/** Keras's files, npz, safetensors, ONNX, tables: all of `@selvedge/formats`. */
export const formats = () => import("@selvedge/formats")

/** Charts, HTML reports, the dashboard, TensorBoard: all of `@selvedge/report`. */
export const report = () => import("@selvedge/report")
