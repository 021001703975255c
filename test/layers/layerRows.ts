import * as l from "@selvedge/layers"

/** What every layer is tested with. A class without a row fails a test. */
export interface LayerRow {
  readonly make: () => l.Layer
  /** Shapes of its inputs, the batch included. */
  readonly inputs: readonly number[][]
  /** Inputs are integers below this. */
  readonly ids?: number
  /** Runs in training: random layers with the same numbers at every call. */
  readonly training?: boolean
  /** A mistyped option and what is meant by it. */
  readonly typo: readonly [wrong: string, right: string]
  /** How the class is made with that option. */
  readonly construct: (options: never) => l.Layer
  /** A value of the wrong type and what the message says of it. */
  readonly bad: readonly [make: () => l.Layer, message: RegExp]
  /** A shape that it does not take, and what the message says; none for a layer that takes every shape. */
  readonly wrong?: readonly [shape: number[], message: RegExp]
}

const number = (name: string) => new RegExp(`${name} must be (a number|an integer|two|a list)|must be an integer`)
const x = [3, 4]
const image = [2, 5, 6, 2]
const plain: Pick<LayerRow, "typo"> = { typo: ["trainabel", "trainable"] }
const badName = (make: (options: never) => l.Layer): LayerRow["bad"] => [
  () => make({ name: 7 } as never),
  /name must be a text without "\/", got 7/,
]
const row = (make: (options: never) => l.Layer, inputs: number[][], more: Partial<LayerRow> = {}): LayerRow => ({
  make: () => make({} as never),
  construct: make,
  inputs,
  bad: badName(make),
  ...plain,
  ...more,
})

/** One row for each class of layer. */
export const rows: Record<string, LayerRow> = {
  Activation: row(o => new l.Activation("tanh", o), [x], {
    bad: [() => new l.Activation("tanhh" as never), /activation "tanhh" is unknown, did you mean "tanh"/],
  }),
  ActivityRegularization: row(o => new l.ActivityRegularization(o), [x], {
    make: () => new l.ActivityRegularization({ l1: 0.1, l2: 0.2 }),
    bad: [() => new l.ActivityRegularization({ l1: "much" as never }), number("l1")],
  }),
  Add: row(o => new l.Add(o), [x, x, x], { wrong: [[2, 3], /takes a list of/] }),
  AlphaDropout: row(o => new l.AlphaDropout(0.2, o), [x], {
    training: true,
    typo: ["noiseshape", "noiseShape"],
    bad: [() => new l.AlphaDropout(1), /AlphaDropout: rate must be a number >= 0 and < 1, got 1/],
  }),
  Average: row(o => new l.Average(o), [x, x], { wrong: [[2, 3], /takes a list of/] }),
  AveragePooling2D: row(o => new l.AveragePooling2D(2, o), [image], {
    make: () => new l.AveragePooling2D({ poolSize: [3, 2], strides: 2, padding: "same" }),
    typo: ["stride", "strides"],
    bad: [() => new l.AveragePooling2D({ padding: "sam" as never }), /padding "sam" is unknown, did you mean "same"/],
    wrong: [[2, 3, 4], /expects an input of rank 4/],
  }),
  BatchNormalization: row(o => new l.BatchNormalization(o), [[5, 3]], {
    training: true,
    typo: ["momentun", "momentum"],
    bad: [() => new l.BatchNormalization({ momentum: 2 }), /momentum must be a number >= 0 and <= 1, got 2/],
    wrong: [[3], /expects an input of rank 2 or more/],
  }),
  Concatenate: row(
    o => new l.Concatenate(o),
    [
      [3, 2],
      [3, 4],
    ],
    {
      typo: ["axes", "axis"],
      bad: [() => new l.Concatenate({ axis: 0.5 }), number("axis")],
      wrong: [[2, 3], /takes a list of/],
    },
  ),
  Conv2D: row(o => new l.Conv2D(3, 2, o), [image], {
    make: () => new l.Conv2D(4, [3, 2], { strides: 2, padding: "same", activation: "tanh", groups: 2 }),
    typo: ["kernelInitialiser", "kernelInitializer"],
    bad: [() => new l.Conv2D(3, 2.5), /kernelSize must be an integer >= 1 or two of them, got 2.5/],
    wrong: [[2, 3, 4], /expects an input of rank 4/],
  }),
  Dense: row(o => new l.Dense(3, o), [x], {
    make: () => new l.Dense(3, { activation: "tanh", kernelRegularizer: l.l2(0.1), biasInitializer: "ones" }),
    typo: ["useBais", "useBias"],
    bad: [() => new l.Dense(2.5), /Dense: units must be an integer >= 1, got 2.5/],
    wrong: [[3], /expects an input of rank 2 or more/],
  }),
  Dropout: row(o => new l.Dropout(0.3, o), [x], {
    training: true,
    typo: ["sed", "seed"],
    bad: [() => new l.Dropout(1.5), /Dropout: rate must be a number >= 0 and <= 1, got 1.5/],
  }),
  ELU: row(o => new l.ELU(o), [x], {
    typo: ["alfa", "alpha"],
    bad: [() => new l.ELU({ alpha: "1" as never }), number("alpha")],
  }),
  Embedding: row(o => new l.Embedding(5, 3, o), [[2, 4]], {
    ids: 5,
    typo: ["embeddingInitializer", "embeddingsInitializer"],
    bad: [() => new l.Embedding(0, 3), /inputDim must be an integer >= 1, got 0/],
  }),
  Flatten: row(o => new l.Flatten(o), [image], {
    typo: ["dataformat", "dataFormat"],
    make: () => new l.Flatten({ dataFormat: "channels_first" }),
    bad: [
      () => new l.Flatten({ dataFormat: "chanels_first" as never }),
      /dataFormat "chanels_first" is unknown, did you mean "channels_first"/,
    ],
    wrong: [[], /expects an input of rank 1 or more/],
  }),
  GaussianDropout: row(o => new l.GaussianDropout(0.3, o), [x], {
    training: true,
    typo: ["sead", "seed"],
    bad: [() => new l.GaussianDropout(1), number("rate")],
  }),
  GaussianNoise: row(o => new l.GaussianNoise(0.3, o), [x], {
    training: true,
    typo: ["sead", "seed"],
    bad: [() => new l.GaussianNoise(2), number("stddev")],
  }),
  GlobalAveragePooling2D: row(o => new l.GlobalAveragePooling2D(o), [image], {
    typo: ["keepDim", "keepDims"],
    bad: [() => new l.GlobalAveragePooling2D({ keepDims: 1 as never }), /keepDims must be true or false, got 1/],
    wrong: [[2, 3, 4], /expects an input of rank 4/],
  }),
  GlobalMaxPooling2D: row(o => new l.GlobalMaxPooling2D(o), [image], {
    make: () => new l.GlobalMaxPooling2D({ keepDims: true, dataFormat: "channels_first" }),
    typo: ["keepDim", "keepDims"],
    bad: [() => new l.GlobalMaxPooling2D({ keepDims: 1 as never }), /keepDims must be true or false, got 1/],
    wrong: [[2, 3, 4], /expects an input of rank 4/],
  }),
  InputLayer: row(o => new l.InputLayer({ shape: [4], ...(o as object) }), [x], {
    typo: ["batchshape", "batchShape"],
    bad: [() => new l.InputLayer({ shape: [-1] }), /shape must be a list of integers >= 0, null where unknown/],
    wrong: [[2, 5], /the input does not have its shape/],
  }),
  LayerNormalization: row(o => new l.LayerNormalization(o), [[2, 3, 4]], {
    typo: ["epsilom", "epsilon"],
    bad: [() => new l.LayerNormalization({ axis: "last" as never }), /axis must be an integer or a list of integers/],
    wrong: [[3], /expects an input of rank 2 or more/],
  }),
  LeakyReLU: row(o => new l.LeakyReLU(o), [x], {
    typo: ["negativslope", "negativeSlope"],
    bad: [() => new l.LeakyReLU({ negativeSlope: -1 }), /negativeSlope must be a number >= 0, got -1/],
  }),
  MaxPooling2D: row(o => new l.MaxPooling2D(2, o), [image], {
    make: () => new l.MaxPooling2D([3, 2], { strides: 1, padding: "same", dataFormat: "channels_first" }),
    typo: ["poolsize", "poolSize"],
    bad: [() => new l.MaxPooling2D({ poolSize: 0 }), /poolSize must be an integer >= 1 or two of them, got 0/],
    wrong: [[2, 3, 4], /expects an input of rank 4/],
  }),
  Maximum: row(o => new l.Maximum(o), [x, x], { wrong: [[2, 3], /takes a list of/] }),
  Minimum: row(o => new l.Minimum(o), [x, x], { wrong: [[2, 3], /takes a list of/] }),
  Multiply: row(o => new l.Multiply(o), [x, x], { wrong: [[2, 3], /takes a list of/] }),
  Normalization: row(o => new l.Normalization(o), [[4, 3]], {
    make: () => new l.Normalization({ mean: [1, 2, 3], variance: [4, 5, 6] }),
    typo: ["varianc", "variance"],
    bad: [() => new l.Normalization({ mean: [1] }), /mean and variance are given together or not at all/],
    wrong: [[], /axis -1 does not exist in an input of rank 0/],
  }),
  PReLU: row(o => new l.PReLU(o), [[2, 3, 4]], {
    make: () => new l.PReLU({ alphaInitializer: l.constant(0.3), sharedAxes: [1] }),
    typo: ["sharedAxis", "sharedAxes"],
    bad: [() => new l.PReLU({ sharedAxes: [0] }), /sharedAxes must be integers from 1 on, got 0/],
    wrong: [[], /expects an input of rank 1 or more/],
  }),
  Permute: row(o => new l.Permute([2, 1], o), [[2, 3, 4]], {
    bad: [() => new l.Permute([1, 3]), /dims must be the integers from 1 on in some order, got \[1, 3\]/],
    wrong: [[2, 3], /expects an input of rank 3/],
  }),
  RandomFlip: row(o => new l.RandomFlip("horizontal", o), [image], {
    training: true,
    typo: ["dataformat", "dataFormat"],
    bad: [() => new l.RandomFlip("horizontl" as never), /mode "horizontl" is unknown, did you mean "horizontal"/],
    wrong: [[2, 3, 4], /expects an input of rank 4/],
  }),
  RandomRotation: row(o => new l.RandomRotation(0.1, o), [image], {
    training: true,
    typo: ["fillmode", "fillMode"],
    bad: [() => new l.RandomRotation(2), /factor must be a number from -1 to 1 or two of them, got 2/],
    wrong: [[2, 3, 4], /expects an input of rank 4/],
  }),
  RandomTranslation: row(o => new l.RandomTranslation(0.2, 0.1, o), [image], {
    make: () => new l.RandomTranslation(0.2, [0.1, 0.3], { fillMode: "constant", fillValue: 1 }),
    training: true,
    typo: ["fillmode", "fillMode"],
    bad: [() => new l.RandomTranslation(0.1, "x" as never), /widthFactor must be a number from -1 to 1/],
    wrong: [[2, 3, 4], /expects an input of rank 4/],
  }),
  RandomZoom: row(o => new l.RandomZoom(0.2, o), [image], {
    training: true,
    typo: ["widthfactor", "widthFactor"],
    bad: [() => new l.RandomZoom(0.1, { interpolation: "cubic" as never }), /interpolation "cubic" is unknown/],
    wrong: [[2, 3, 4], /expects an input of rank 4/],
  }),
  ReLU: row(o => new l.ReLU(o), [x], {
    make: () => new l.ReLU({ maxValue: 1.25, negativeSlope: 0.1, threshold: 0.2 }),
    typo: ["maxvalue", "maxValue"],
    bad: [() => new l.ReLU({ threshold: -1 }), number("threshold")],
  }),
  Rescaling: row(o => new l.Rescaling(0.5, o), [x], {
    make: () => new l.Rescaling([0.5, 2, -1, 3], { offset: -1 }),
    typo: ["ofset", "offset"],
    bad: [() => new l.Rescaling("1/255" as never), number("scale")],
  }),
  Reshape: row(o => new l.Reshape([2, -1], o), [x], {
    bad: [() => new l.Reshape([-1, -1]), /targetShape must be a list of integers >= 0 with at most one -1/],
    wrong: [[2, 5], /do not fill the shape/],
  }),
  SELU: row(o => new l.SELU(o), [x]),
  Softmax: row(o => new l.Softmax(o), [x], {
    typo: ["axes", "axis"],
    bad: [() => new l.Softmax({ axis: 0.5 }), number("axis")],
    wrong: [[], /softmax: needs at least one axis, got a scalar/],
  }),
  Subtract: row(o => new l.Subtract(o), [x, x], { wrong: [[2, 3], /takes a list of/] }),
  UnitNormalization: row(o => new l.UnitNormalization(o), [x], {
    typo: ["axes", "axis"],
    bad: [() => new l.UnitNormalization({ axis: "1" as never }), /axis must be an integer or a list/],
    wrong: [[], /axis -1 does not exist in a tensor of rank 0/],
  }),
}
