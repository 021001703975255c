export type { Annotation } from "./annotations.ts"
export {
  type CalibrationOptions,
  type Predictions,
  plotCalibration,
} from "./plotCalibration.ts"
export { type ConfusionOptions, plotConfusion } from "./plotConfusion.ts"
export { type HistogramOptions, plotHistogram } from "./plotHistogram.ts"
export { type HistoryOptions, plotHistory } from "./plotHistory.ts"
export { type ImagesOptions, plotImages } from "./plotImages.ts"
export {
  type Line,
  type LinesOptions,
  plotLines,
  type Rule,
} from "./plotLines.ts"
export {
  type GraphNode,
  type ModelGraph,
  type ModelOptions,
  plotModel,
} from "./plotModel.ts"
export {
  plotSchedule,
  type ScheduleOptions,
  type ScheduleValues,
} from "./plotSchedule.ts"
export type { ChartOptions } from "./svg.ts"
export { fixTheme } from "./theme.ts"
