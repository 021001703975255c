export { gunzip } from "./bytes.ts"
export { type Cifar100Images, readCifar10, readCifar100 } from "./cifar.ts"
export { type Cifar10Options, cifar10 } from "./cifar10.ts"
export { DownloadError, type DownloadProgress, formatProgress } from "./download.ts"
export { type FashionMnistOptions, fashionMnist } from "./fashion-mnist.ts"
export { fashionClassNames, type GarmentOptions, syntheticGarments } from "./garments.ts"
export { type IdxArray, type IdxData, readIdx, writeIdx } from "./idx.ts"
export {
  type ImageDataset,
  type LabelledImages,
  type SplitPart,
  type Standardized,
  scaleImages,
  sliceImages,
  splitDataset,
  standardize,
} from "./images.ts"
export type { ObtainOptions } from "./obtain.ts"
export { type ShapeImageOptions, shapeClassNames, syntheticImages } from "./shapes.ts"
export { readTar } from "./tar.ts"
