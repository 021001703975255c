import { plotImages } from "@selvedge/report"
import { partOf } from "../data.ts"
import type { Study } from "../experiment.ts"

/** The split for transfer learning: A has eight classes, B sandals and shirts, of which 200 images are trained on. */
export const split: Study = {
  title: "The data sets A and B",
  epochs: 0,
  async run(lab) {
    const data = await lab.data()
    const [A, B] = [partOf(data, "A"), partOf(data, "B")]
    const shape = (dims: readonly number[]) => `(${dims.join(", ")})`
    lab.print(`X_train_A.shape ${shape(A.train.shape)}`)
    lab.print(`X_train_B.shape ${shape(B.train.shape)}`)
    lab.print(`y_train_A[:30] [${A.train.labels.subarray(0, 30).join(", ")}]`)
    lab.print(`y_train_B[:30] [${B.train.labels.subarray(0, 30).join(", ")}]`)
    lab.fact("A", [...A.train.shape])
    lab.fact("B", [...B.train.shape])
    for (const [name, { train, classNames }] of Object.entries({ A, B })) {
      const captions = [...train.labels.subarray(0, 20)].map(label => classNames[label] ?? "")
      const pixels = train.images.subarray(0, 784 * captions.length)
      const options = { title: `The first training images of ${name}`, captions }
      await lab.figure(`split_${name}_plot`, ({ width }) =>
        plotImages(pixels, [captions.length, 28, 28], { ...options, ...(width ? { width } : { columns: 10 }) }),
      )
    }
  },
}
