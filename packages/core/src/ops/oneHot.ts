import { checkNumber, OptionError } from "../errors.ts"
import { alloc, read, type Tensor, wrap } from "./shared/op.ts"

/**
 * Class numbers as rows with a single 1. No gradient.                     labels [...] -> [..., depth]
 *
 * @throws OptionError naming the first label that is not an integer from 0 to depth - 1.
 */
export function oneHot(labels: Tensor, depth: number): Tensor {
  const classes = read("oneHot", labels)
  checkNumber("oneHot", "depth", depth, { min: 1, integer: true })
  const y = alloc(classes.length * depth).fill(0)
  for (let i = 0; i < classes.length; i++) {
    const label = classes[i]
    if (!(Number.isInteger(label) && label >= 0 && label < depth)) {
      throw new OptionError(`oneHot: label ${label} at position ${i} is not one of ${depth} classes`, {
        rule: `a label is an integer from 0 to ${depth - 1}`,
      })
    }
    y[i * depth + label] = 1
  }
  return wrap(y, [...labels.shape, depth])
}
