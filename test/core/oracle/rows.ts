import type { Row } from "./inputs.ts"
import { elementwise } from "./rowsElementwise.ts"
import { products } from "./rowsProducts.ts"
import { reductions } from "./rowsReduce.ts"
import { shapes } from "./rowsShape.ts"

/** One row for each exported op with a gradient. */
export const rows: readonly Row[] = [...elementwise, ...reductions, ...shapes, ...products]
