import { noGrad, type Shape, sizeOf, type Tensor, tensor } from "@selvedge/core"
import { checkOutput } from "./inputs.ts"
import { asShapeList, type DataShape, type DataShapes, isShapeList } from "./shapes.ts"
import { withoutInitialising } from "./weight.ts"

interface Trial {
  readonly name: string
  call(x: Tensor | readonly Tensor[], options: { readonly training: boolean }): Tensor | Tensor[]
}

/**
 * The output shape of a layer that does not say: it is called on zeros with every unknown size taken as 2, then as 3.
 * A size that differs between the two is unknown.
 */
export function trialOutputShape(layer: Trial, inputShape: DataShapes): DataShapes {
  const [two, three] = [2, 3].map(size => outputShapes(layer, inputShape, size))
  if (!Array.isArray(two)) return []
  const shapes = two.map((shape, i) => shape.map((n, axis) => (three?.[i]?.[axis] === n ? n : null)))
  const [only] = shapes
  return only && shapes.length === 1 ? only : shapes
}

function outputShapes(layer: Trial, inputShape: DataShapes, size: number): Shape[] {
  const inputs = asShapeList(inputShape).map(shape => zeros(shape, size))
  const [first] = inputs
  const y = withoutInitialising(() =>
    noGrad(() => layer.call(isShapeList(inputShape) || !first ? inputs : first, { training: false })),
  )
  return [checkOutput(layer.name, y)].flat().map(output => output.shape)
}

function zeros(shape: DataShape, size: number): Tensor {
  const known = shape.map(n => n ?? size)
  return tensor(new Float32Array(sizeOf(known)), known)
}
