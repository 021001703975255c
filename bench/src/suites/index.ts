import type { Suite } from "../suite.ts"
import { chapter } from "./chapter.ts"
import { dashboard } from "./dashboard.ts"
import { files } from "./files.ts"
import { gemm } from "./gemm.ts"
import { memory } from "./memory.ts"
import { ops } from "./ops.ts"
import { scaling } from "./scaling.ts"
import { start } from "./start.ts"
import { step } from "./step.ts"

/** The suites that run when none is named, in this order. */
export const usualSuites: Readonly<Record<string, Suite>> = {
  gemm,
  ops,
  step,
  start,
  files,
  scaling,
  memory,
  dashboard,
}

/** All of them: the chapter takes minutes and needs its data. */
export const suites: Readonly<Record<string, Suite>> = {
  ...usualSuites,
  chapter: async options => [await chapter(options)],
}
