import { math } from "@selvedge/core"

// Core's deterministic functions under their plain names.
export const { cos, exp, log, log1p, pow, sigmoid, tanh } = math
