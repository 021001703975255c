import { OptionError, ShapeError } from "../errors.ts"
import { alloc, read, record, type Tensor } from "./shared/op.ts"
import { addRows, takeRows } from "./shared/rows.ts"

/**
 * Rows of a table, by number.                                 table [n, d], ids [...] -> [..., d]
 *
 *   y      = table[ids]
 *   dtable += dy in the rows taken, once for each time
 *
 * The ids take no gradient.
 * @throws ShapeError when the table is not a matrix; OptionError naming the first id that is not an integer from 0 to
 *   n - 1.
 */
export function embedding(table: Tensor, ids: Tensor): Tensor {
  const [w, numbers] = [read("embedding", table), read("embedding", ids)]
  if (table.rank !== 2) throw new ShapeError("embedding: the table is a matrix", { facts: { table: table.shape } })
  const [n, d] = table.shape
  const rows = Int32Array.from(numbers, (id: number, i: number) => {
    if (Number.isInteger(id) && id >= 0 && id < n) return id
    throw new OptionError(`embedding: id ${id} at position ${i} is not a row of the table`, {
      facts: { table: table.shape },
      rule: `an id is an integer from 0 to ${n - 1}`,
    })
  })
  const y = alloc(rows.length * d)
  takeRows(w, rows, y, 1, n, d)
  return record("embedding", y, [...ids.shape, d], [table], (dy, dw) => dw && addRows(dy, rows, dw, 1, n, d))
}
