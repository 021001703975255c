import { checkNumber } from "../errors.ts"
import { heap, type Tensor, wrap } from "./shared/op.ts"

/** The identity: 1 on the diagonal, else 0. -> [rows, columns], square by default. @throws OptionError for bad sizes. */
export function eye(rows: number, columns = rows): Tensor {
  for (const [name, value] of Object.entries({ rows, columns })) {
    checkNumber("eye", name, value, { min: 0, integer: true })
  }
  const y = heap(rows * columns)
  for (let i = 0; i < rows && i < columns; i++) y[i * columns + i] = 1
  return wrap(y, [rows, columns])
}
