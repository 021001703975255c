import { simd } from "@selvedge/core"

/** The SIMD form of an operation, as core exports it: each takes buffers and numbers of its own. */
export interface Kernel {
  readonly run: CallableFunction
}

/** An operation to be timed. */
export interface Operation {
  readonly name: string
  readonly kernel: Kernel
  /**
   * Its buffers in order. Of the size of the data: `r` is read, `w` written, `u` updated; and small ones: `c` has a
   * number for each column, `e` one for each row, `n` a pair for each 1,024 numbers, `t` one for each byte; `b` has a
   * byte for each of the data's numbers.
   */
  readonly buffers: string
  /** The numbers behind the buffers. */
  readonly numbers: (rows: number, columns: number) => readonly number[]
}

function operation(name: string, kernel: Kernel, buffers: string, ...numbers: readonly number[]): Operation {
  return { name, kernel, buffers, numbers: () => numbers }
}

function matrix(name: string, kernel: Kernel, buffers: string, ...more: readonly number[]): Operation {
  return { name, kernel, buffers, numbers: (rows, columns) => [rows, columns, ...more] }
}

/** Along the first axis of the matrix. */
function columns(name: string, kernel: Kernel, buffers: string): Operation {
  return { name, kernel, buffers, numbers: (rows, columns) => [1, rows, columns, 1] }
}

const forward = (name: string, kernel: Kernel, ...numbers: readonly number[]) =>
  operation(name, kernel, "rw", ...numbers)
const backward = (name: string, kernel: Kernel, ...numbers: readonly number[]) =>
  operation(`${name}, gradient`, kernel, "rru", ...numbers)

const arithmetic = [
  operation("add", simd.addForward, "rrw"),
  operation("accumulate", simd.accumulate, "ru"),
  operation("sub", simd.subForward, "rrw"),
  operation("mul", simd.mulForward, "rrw"),
  backward("mul", simd.accumulateProduct),
  operation("div", simd.divForward, "rrw"),
  backward("div", simd.divLeftBackward),
  operation("div, gradient of the right", simd.divRightBackward, "rrru"),
  operation("maximum", simd.maximumForward, "rrw"),
  operation("maximum, gradient", simd.whereAtLeast, "rrru"),
  operation("maximum, gradient of the right", simd.whereNotAtLeast, "rrru"),
  operation("minimum", simd.minimumForward, "rrw"),
  forward("clip", simd.clipForward, -0.5, 0.5),
  backward("clip", simd.clipBackward, -0.5, 0.5),
  forward("clip a gradient", simd.clipInto, 0.5),
  forward("scale", simd.scaleInto, 0.999),
  forward("neg", simd.negForward),
  operation("neg, gradient", simd.deduct, "ru"),
  forward("abs", simd.absForward),
  backward("abs", simd.absBackward),
  forward("square", simd.squareForward),
  backward("square", simd.squareBackward),
  forward("sqrt", simd.sqrtForward),
  backward("sqrt", simd.sqrtBackward),
  forward("exp", simd.expForward),
  forward("log", simd.logForward),
  backward("log", simd.logBackward),
  operation("where", simd.whereForward, "rrrw"),
  operation("decode bytes", simd.decodeBytes, "btw"),
]

const activations = [
  forward("relu", simd.reluForward),
  backward("relu", simd.reluBackward),
  forward("relu, all options", simd.boundedReluForward, 0.1, 0.8, 0.2),
  backward("relu, all options", simd.boundedReluBackward, 0.1, 0.8, 0.2, 0.1, 0),
  forward("relu6", simd.relu6Forward),
  backward("relu6", simd.relu6Backward),
  forward("leakyRelu", simd.leakyReluForward, 0.3),
  backward("leakyRelu", simd.leakyReluBackward, 0.3),
  operation("prelu", simd.preluForward, "rrw"),
  operation("prelu, gradient", simd.preluBackward, "rrru"),
  operation("prelu, gradient of the slopes", simd.preluSlopeBackward, "rru"),
  forward("elu", simd.eluForward, 1),
  operation("elu, gradient", simd.eluBackward, "rrru", 1),
  forward("selu", simd.seluForward),
  backward("selu", simd.seluBackward),
  forward("tanh", simd.tanhForward),
  backward("tanh", simd.tanhBackward),
  forward("sigmoid", simd.sigmoidForward),
  backward("sigmoid", simd.sigmoidBackward),
  forward("hardSigmoid", simd.hardSigmoidForward),
  backward("hardSigmoid", simd.hardSigmoidBackward),
  forward("logSigmoid", simd.logSigmoidForward),
  backward("logSigmoid", simd.logSigmoidBackward),
  forward("silu", simd.siluForward),
  backward("silu", simd.siluBackward),
  forward("hardSilu", simd.hardSiluForward),
  backward("hardSilu", simd.hardSiluBackward),
  forward("gelu", simd.geluForward),
  backward("gelu", simd.geluBackward),
  forward("gelu, by tanh", simd.geluTanhForward),
  backward("gelu, by tanh", simd.geluTanhBackward),
  forward("softplus", simd.softplusForward),
  backward("softplus", simd.softplusBackward),
  forward("softsign", simd.softsignForward),
  backward("softsign", simd.softsignBackward),
  forward("mish", simd.mishForward),
  backward("mish", simd.mishBackward),
]

const rowsAndColumns = [
  matrix("bias, gradient", simd.addBiasSums, "rc"),
  matrix("softmax", simd.softmaxForward, "rw"),
  matrix("softmax, gradient", simd.softmaxBackward, "rru"),
  matrix("logSoftmax", simd.logSoftmaxForward, "rw"),
  matrix("logSoftmax, gradient", simd.logSoftmaxBackward, "rru"),
  matrix("softmax with cross-entropy", simd.sparseCrossentropyForward, "erwe"),
  matrix("softmax with cross-entropy, gradient", simd.sparseCrossentropyBackward, "ereu"),
  matrix("categoricalCrossentropy", simd.categoricalCrossentropyForward, "rrwe"),
  matrix("categoricalCrossentropy, gradient", simd.categoricalLogitsBackward, "rreu"),
  matrix("binaryCrossentropy", simd.binaryCrossentropyForward, "rre"),
  matrix("binaryCrossentropy, gradient", simd.binaryLogitsBackward, "rreu"),
  matrix("batch norm: moments", simd.columnMoments, "rcc"),
  forward("batch norm: 1 / deviation", simd.invertDeviation, 1e-3),
  matrix("batch norm", simd.normalizeColumns, "rccccw"),
  matrix("batch norm, gradient: sums", simd.normalizeColumnSums, "rccrcc"),
  matrix("batch norm, gradient", simd.batchNormBackward, "rcccrccu"),
  matrix("layer norm", simd.layerNormForward, "rccwew", 1e-3),
  matrix("layer norm, gradient", simd.layerNormBackward, "rceru"),
  matrix("sum of rows", simd.sumMiddle, "re", 1, 1),
  matrix("sum of rows, gradient", simd.spreadMiddle, "eu", 1, 1),
  columns("sum of columns", simd.sumMiddle, "rc"),
  columns("sum of columns, gradient", simd.spreadMiddle, "cu"),
  operation("elastic net", simd.elasticParts, "rn", 0.1, 0.1),
  operation("elastic net, gradient", simd.elasticBackward, "ru", 0.1, 0.1),
]

/** The words of a fill: block, key, counter, and the factor 1 and the offset 0 as doubles. */
const fill = [0, 1, 2, 3, 4, 5, 0, 0x3ff00000, 0, 0]

const random = [
  operation("random uniform", simd.philoxUniform, "w", 1, 2, 3, 4, 5),
  operation("random uniform, scaled", simd.scaledUniform, "w", ...fill),
  operation("random normal, truncated", simd.scaledTruncatedNormal, "w", ...fill),
  operation("dropout", simd.dropoutForward, "rrw", 0.2, 1.25),
  operation("dropout, gradient", simd.dropoutBackward, "rru", 0.2, 1.25),
  operation("alphaDropout", simd.alphaDropoutForward, "rrw", 0.2, 0.9, 0.1, -1.7),
  operation("alphaDropout, gradient", simd.alphaDropoutBackward, "rru", 0.2, 0.9),
]

const updates = [
  operation("SGD", simd.sgdUpdate, "ur", 1e-4),
  operation("SGD, momentum", simd.momentumUpdate, "uru", 1e-4, 0.9),
  operation("SGD, Nesterov", simd.nesterovUpdate, "uru", 1e-4, 0.9),
  operation("Adam", simd.adamUpdate, "uruu", 1e-4, 0.1, 0.001, 1e-7),
  operation("Adam, AMSGrad", simd.amsgradUpdate, "uruuu", 1e-4, 0.1, 0.001, 1e-7),
  operation("Adamax", simd.adamaxUpdate, "uruu", 1e-4, 0.1, 0.001, 1e-7),
  operation("Nadam", simd.nadamUpdate, "uruu", 1e-4, 1e-5, 1, 0.1, 0.001, 1e-7),
  operation("RMSprop", simd.rmspropUpdate, "uru", 1e-4, 0.1, 1e-7),
  operation("RMSprop, momentum", simd.rmspropMomentumUpdate, "uruu", 1e-4, 0.1, 0.9, 1e-7),
  // The second moments here begin below the square of the first ones: epsilon is large, so that no root is NaN.
  operation("RMSprop, centered", simd.centeredUpdate, "uruu", 1e-4, 0.1, 0.1),
  operation("RMSprop, centered, momentum", simd.centeredMomentumUpdate, "uruuu", 1e-4, 0.1, 0.9, 0.1),
  operation("Adagrad", simd.adagradUpdate, "uru", 1e-4, 1e-7),
  operation("Adadelta", simd.adadeltaUpdate, "uruu", 1e-4, 0.05, 1e-7),
  operation("Lion", simd.lionUpdate, "uru", 1e-4, 0.1, 0.01),
  operation("Ftrl", simd.ftrlUpdate, "uruu", 1e-4, 0.5, 0, 0, 0),
  operation("weight decay", simd.decayInto, "u", 1e-5),
  operation("moving average of weights", simd.averageInto, "ru", 0.01),
]

/** Every operation that has a SIMD form and may show in a profile. */
export const operations: readonly Operation[] = [
  ...arithmetic,
  ...activations,
  ...rowsAndColumns,
  ...random,
  ...updates,
]

/** A few of them, for a quick look. */
export const fewOperations = operations.filter(({ name }) =>
  ["add", "relu", "exp", "elu", "softmax", "SGD", "Adam"].includes(name),
)
