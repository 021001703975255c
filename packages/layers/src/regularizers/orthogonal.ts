import { abs, checkChoice, checkNumber, matmul, mul, ShapeError, sum, type Tensor, tensor } from "@selvedge/core"
import { nameOfClass } from "../configurable.ts"
import { normalize } from "../normalize.ts"
import { Regularizer } from "./regularizer.ts"

const modes = ["rows", "columns"] as const

/** Options of `OrthogonalRegularizer`. */
export interface OrthogonalRegularizerOptions {
  /** Default 0.01. */
  readonly factor?: number
  /** Which vectors of the matrix shall be orthogonal. Default `"rows"`. */
  readonly mode?: (typeof modes)[number]
}

/**
 * factor times the mean |cosine| over all pairs of different rows (or columns) of a matrix.
 * [Keras](https://keras.io/api/layers/regularizers/#orthogonalregularizer-class)
 */
export class OrthogonalRegularizer extends Regularizer {
  static override readonly className: string = "OrthogonalRegularizer"
  readonly factor: number
  readonly mode: (typeof modes)[number]

  /** @throws OptionError for an unknown option, a negative factor or an unknown mode. */
  constructor(options: OrthogonalRegularizerOptions = {}) {
    super(options, ["factor", "mode"])
    const owner = nameOfClass(new.target)
    this.factor = checkNumber(owner, "factor", options.factor ?? 0.01, { min: 0 })
    this.mode = checkChoice(owner, "mode", options.mode ?? "rows", modes)
  }

  /** @throws ShapeError for anything but a matrix with at least two such vectors. */
  call(x: Tensor): Tensor {
    const rows = this.mode === "rows"
    const n = x.shape[rows ? 0 : 1]
    if (x.rank !== 2 || n === undefined || n < 2) {
      throw new ShapeError(`OrthogonalRegularizer: needs a matrix with at least two ${this.mode}`, {
        facts: { x: x.shape },
      })
    }
    const unit = normalize(x, rows ? 1 : 0)
    const cosines = matmul(unit, unit, rows ? { transposeB: true } : { transposeA: true })
    return mul(sum(abs(mul(cosines, offDiagonal(n)))), this.factor / (n * (n - 1)))
  }

  override options(): Record<string, unknown> {
    return { factor: this.factor, mode: this.mode }
  }
}

function offDiagonal(n: number): Tensor {
  const mask = new Float32Array(n * n).fill(1)
  for (let i = 0; i < n; i++) mask[i * n + i] = 0
  return tensor(mask, [n, n])
}
