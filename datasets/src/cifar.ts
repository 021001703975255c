import { malformed } from "./bytes.ts"
import type { LabelledImages } from "./images.ts"

const SIDE = 32
const PLANE = SIDE * SIDE
const CHANNELS = 3
const PIXELS = CHANNELS * PLANE

/** The images of a CIFAR-100 file; `labels` are the fine ones. */
export interface Cifar100Images extends LabelledImages {
  /** The superclass of each image, 0 to 19. */
  readonly coarseLabels: Uint8Array
}

/**
 * Reads a binary file of CIFAR-10 (https://www.cs.toronto.edu/~kriz/cifar.html): records of 3,073 bytes, a label of 0
 * to 9 and then three planes (red, green, blue) of 32 x 32. Images come out as [n, 32, 32, 3], channels last.
 * @param name what errors call the file.
 * @throws FormatError for a length that is no whole number of records, and a label above 9.
 */
export function readCifar10(bytes: Uint8Array, name = "CIFAR-10 data"): LabelledImages {
  const { images, columns, count } = readRecords(bytes, name, [10])
  return { images, labels: columns[0] ?? new Uint8Array(0), shape: [count, SIDE, SIDE, CHANNELS] }
}

/**
 * Reads a binary file of CIFAR-100: as CIFAR-10, but records of 3,074 bytes with a coarse label of 0 to 19 and a fine
 * one of 0 to 99 before the planes.
 * @throws FormatError for a length that is no whole number of records, and labels out of range.
 */
export function readCifar100(bytes: Uint8Array, name = "CIFAR-100 data"): Cifar100Images {
  const { images, columns, count } = readRecords(bytes, name, [20, 100])
  const [coarseLabels = new Uint8Array(0), labels = new Uint8Array(0)] = columns
  return { images, labels, coarseLabels, shape: [count, SIDE, SIDE, CHANNELS] }
}

/** Records that begin with one label byte per entry of `classes`, each below its number of classes. */
function readRecords(bytes: Uint8Array, file: string, classes: readonly number[]) {
  const size = classes.length + PIXELS
  const count = Math.floor(bytes.length / size)
  if (count === 0 || count * size !== bytes.length) {
    throw malformed("the file does not end with a whole record", {
      file,
      offset: count * size,
      expected: `records of ${size} bytes`,
      found: count === 0 && bytes.length === 0 ? "an empty file" : `${bytes.length - count * size} bytes`,
    })
  }
  const columns = classes.map(() => new Uint8Array(count))
  const images = new Uint8Array(count * PIXELS)
  for (let n = 0; n < count; n++) {
    for (const [i, limit] of classes.entries()) {
      const label = bytes[n * size + i] ?? 0
      if (label >= limit) {
        const expected = `a label of 0 to ${limit - 1}`
        throw malformed("a label is out of range", { file, offset: n * size + i, expected, found: label })
      }
      columns[i]?.fill(label, n, n + 1)
    }
    const planes = bytes.subarray(n * size + classes.length, (n + 1) * size)
    interleave(planes, images.subarray(n * PIXELS, (n + 1) * PIXELS))
  }
  return { images, columns, count }
}

/** [3, 32, 32] to [32, 32, 3]. */
function interleave(planes: Uint8Array, out: Uint8Array): void {
  for (let i = 0; i < PLANE; i++) {
    out[CHANNELS * i] = planes[i] ?? 0
    out[CHANNELS * i + 1] = planes[PLANE + i] ?? 0
    out[CHANNELS * i + 2] = planes[2 * PLANE + i] ?? 0
  }
}
