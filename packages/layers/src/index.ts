export {
  ActivationFunction,
  type ActivationLike,
  type ActivationName,
  activations,
  getActivation,
} from "./activations.ts"
export {
  type Config,
  type CustomObjects,
  configOf,
  findCustomObject,
  isObjectConfig,
  isRecord,
  type ObjectConfig,
  optionsFromConfig,
  toKerasKey,
  toOptionKey,
  withCustomObjects,
} from "./config.ts"
export {
  type Callable,
  Configurable,
  classNameOf,
  isCallable,
  type Kind,
  nameOfClass,
  resolve,
  type Serialized,
  serializeFunction,
  serializeObject,
  serializeValue,
  unknownName,
} from "./configurable.ts"
export * from "./constraints/index.ts"
export { deserialize } from "./deserialize.ts"
export { type Node, SymbolicTensor } from "./graph.ts"
export { layerIds } from "./ids.ts"
export { deferInitialisation } from "./initialisation.ts"
export * from "./initializers/index.ts"
export {
  type CallOptions,
  type Inputs,
  Layer,
  type LayerOptions,
  type MakeLayer,
  type Symbolic,
} from "./layer.ts"
export { layerClasses } from "./layerClasses.ts"
export { Activation } from "./layers/activation.ts"
export { type AffineOptions, affineSample } from "./layers/affine.ts"
export {
  type Factor,
  RandomFlip,
  type RandomFlipOptions,
  type RandomMapOptions,
  RandomRotation,
  RandomTranslation,
  RandomZoom,
  type RandomZoomOptions,
} from "./layers/augmentation.ts"
export { BatchNormalization, type BatchNormalizationOptions } from "./layers/batchNormalization.ts"
export { Conv2D, type Conv2DOptions, type Padding, type Pair } from "./layers/conv2d.ts"
export type { DataFormat, DataFormatOptions } from "./layers/dataFormat.ts"
export { Dense, type KernelOptions } from "./layers/dense.ts"
export { AlphaDropout, Dropout, type DropoutOptions } from "./layers/dropout.ts"
export { ELU, type ELUOptions, SELU } from "./layers/elu.ts"
export { Embedding, type EmbeddingOptions } from "./layers/embedding.ts"
export { InputLayer, type InputOptions, input } from "./layers/input.ts"
export {
  LayerNormalization,
  type LayerNormalizationOptions,
  UnitNormalization,
  type UnitNormalizationOptions,
} from "./layers/layerNormalization.ts"
export { LeakyReLU, type LeakyReLUOptions } from "./layers/leakyRelu.ts"
export {
  Add,
  Average,
  Concatenate,
  type ConcatenateOptions,
  Maximum,
  Minimum,
  Multiply,
  Subtract,
} from "./layers/merging.ts"
export { GaussianDropout, GaussianNoise } from "./layers/noise.ts"
export { Normalization, type NormalizationOptions } from "./layers/normalization.ts"
export {
  AveragePooling2D,
  GlobalAveragePooling2D,
  GlobalMaxPooling2D,
  type GlobalPoolingOptions,
  MaxPooling2D,
  type PoolingOptions,
} from "./layers/pooling.ts"
export { PReLU, type PReLUOptions } from "./layers/prelu.ts"
export { RandomLayer, type RandomLayerOptions } from "./layers/random.ts"
export { ReLU, type ReLUOptions } from "./layers/relu.ts"
export { Flatten, Permute, Reshape } from "./layers/reshaping.ts"
export {
  ActivityRegularization,
  type ActivityRegularizationOptions,
  Rescaling,
  type RescalingOptions,
} from "./layers/scaling.ts"
export { Softmax, type SoftmaxOptions } from "./layers/softmax.ts"
export { addLoss, collectLosses } from "./losses.ts"
export { type CloneOptions, cloneModel } from "./models/clone.ts"
export { type FunctionalOptions, Model, type ModelOptions } from "./models/model.ts"
export type { Examples, PredictOptions as ModelPredictOptions } from "./models/predict.ts"
export { Sequential } from "./models/sequential.ts"
export { outputShapeOf, type SummaryOptions } from "./models/summary.ts"
export { resetNames, toSnakeCase } from "./names.ts"
export { type Observer, observe } from "./observe.ts"
export { type AddWeightOptions, Parametrised } from "./parameters.ts"
export * from "./regularizers/index.ts"
export { type SerializedLayer, serialize } from "./serialize.ts"
export { asShapeList, type DataShape, type DataShapes, formatShapes } from "./shapes.ts"
export { activationStatistics, type LayerStatistics, type StatisticsOptions } from "./statistics.ts"
export { type Bottleneck, type BottleneckOptions, bottleneck } from "./transfer/bottleneck.ts"
export { freeze, freezeUpTo, type LayerChoice, unfreeze } from "./transfer/freeze.ts"
export { loadMatching, type MatchingReport, namedWeights } from "./transfer/matching.ts"
export { collectUpdates, deferUpdate } from "./updates.ts"
export type { WeightValues } from "./values.ts"
export { Weight, withoutInitialising } from "./weight.ts"
