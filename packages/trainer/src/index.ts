export { BrokenUpdateError } from "./brokenUpdate.ts"
export { type Callback, type CallbackState, LambdaCallback, type Logs } from "./callbacks/callback.ts"
export { EarlyStopping, type EarlyStoppingOptions } from "./callbacks/earlyStopping.ts"
export {
  BackupAndRestore,
  type BackupAndRestoreOptions,
  CSVLogger,
  type CSVLoggerOptions,
  ModelCheckpoint,
  type ModelCheckpointOptions,
  type Save,
} from "./callbacks/files.ts"
export { History, type RunInfo } from "./callbacks/history.ts"
export {
  LearningRateScheduler,
  type LearningRateSchedulerOptions,
  ReduceLROnPlateau,
  type ReduceLROnPlateauOptions,
} from "./callbacks/learningRate.ts"
export type { MonitorOptions } from "./callbacks/monitor.ts"
export {
  formatLogs,
  formatStepTime,
  formatValue,
  type Output,
  Progress,
  type ProgressOptions,
} from "./callbacks/progress.ts"
export { TerminateOnNaN } from "./callbacks/terminate.ts"
export { type BytesDataset, type BytesOptions, bytesDataset, type Dataset, type DatasetBatch } from "./data/dataset.ts"
export type { BatchIterable, BatchSource } from "./data/stream.ts"
export type { EvaluateOptions, PredictOptions } from "./evaluate.ts"
export { findLearningRate, type RangeTest, type RangeTestOptions } from "./findLearningRate.ts"
export * from "./losses/index.ts"
export { type McPrediction, type McPredictOptions, mcPredict } from "./mcPredict.ts"
export * from "./metrics/index.ts"
export type { TrainableModel } from "./model.ts"
export type { LossesLike, MetricsLike } from "./objective.ts"
export * from "./optimizers/index.ts"
export type { FitOptions } from "./options.ts"
export { type ConfusionMatrix, classificationReport, confusionMatrix, type ReportOptions } from "./report.ts"
export * from "./schedules/index.ts"
export { type BatchOptions, type CompileOptions, compile, type Position, Trainer } from "./trainer.ts"
