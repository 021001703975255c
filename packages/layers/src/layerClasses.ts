import type { LayerClass } from "./construct.ts"
import { ownLayers } from "./layer.ts"
import { Activation } from "./layers/activation.ts"
import { RandomFlip, RandomRotation, RandomTranslation, RandomZoom } from "./layers/augmentation.ts"
import { BatchNormalization } from "./layers/batchNormalization.ts"
import { Conv2D } from "./layers/conv2d.ts"
import { Dense } from "./layers/dense.ts"
import { AlphaDropout, Dropout } from "./layers/dropout.ts"
import { ELU, SELU } from "./layers/elu.ts"
import { Embedding } from "./layers/embedding.ts"
import { InputLayer } from "./layers/input.ts"
import { LayerNormalization, UnitNormalization } from "./layers/layerNormalization.ts"
import { LeakyReLU } from "./layers/leakyRelu.ts"
import { Add, Average, Concatenate, Maximum, Minimum, Multiply, Subtract } from "./layers/merging.ts"
import { GaussianDropout, GaussianNoise } from "./layers/noise.ts"
import { Normalization } from "./layers/normalization.ts"
import { AveragePooling2D, GlobalAveragePooling2D, GlobalMaxPooling2D, MaxPooling2D } from "./layers/pooling.ts"
import { PReLU } from "./layers/prelu.ts"
import { ReLU } from "./layers/relu.ts"
import { Flatten, Permute, Reshape } from "./layers/reshaping.ts"
import { ActivityRegularization, Rescaling } from "./layers/scaling.ts"
import { Softmax } from "./layers/softmax.ts"
import { Model } from "./models/model.ts"
import { Sequential } from "./models/sequential.ts"

/** Every layer and model by the name that configs use for it. */
export const layerClasses = {
  Activation,
  ActivityRegularization,
  Add,
  AlphaDropout,
  Average,
  AveragePooling2D,
  BatchNormalization,
  Concatenate,
  Conv2D,
  Dense,
  Dropout,
  ELU,
  Embedding,
  Flatten,
  Functional: Model,
  GaussianDropout,
  GaussianNoise,
  GlobalAveragePooling2D,
  GlobalMaxPooling2D,
  InputLayer,
  LayerNormalization,
  LeakyReLU,
  MaxPooling2D,
  Maximum,
  Minimum,
  Model,
  Multiply,
  Normalization,
  PReLU,
  Permute,
  RandomFlip,
  RandomRotation,
  RandomTranslation,
  RandomZoom,
  ReLU,
  Rescaling,
  Reshape,
  SELU,
  Sequential,
  Softmax,
  Subtract,
  UnitNormalization,
} as const satisfies Readonly<Record<string, LayerClass>>
for (const Class of Object.values(layerClasses)) ownLayers.add(Class)
