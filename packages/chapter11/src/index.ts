export { type BookFigure, book } from "./comparison/book.ts"
export {
  type Comparison,
  compare,
  type KeyComparison,
  level,
  type MeanTest,
  type Side,
  type Test,
} from "./comparison/compare.ts"
export { expected } from "./comparison/expected.ts"
export type { Finals } from "./comparison/finals.ts"
export { comparisonMarkdown, comparisonText, formatSample, textTable } from "./comparison/tables.ts"
export { fisher, holm, rankSum, type Sample, sampleOf, welch } from "./comparison/tests.ts"
export type { Verdict } from "./comparison/verdict.ts"
export {
  type ChapterData,
  type Images,
  loadChapterData,
  loadImages,
  type Pixels,
  type Prepared,
  partOf,
  prepare,
} from "./data.ts"
export { type Experiment, type Fact, isTraining, type Lab, type Plan, type Study, type Training } from "./experiment.ts"
export { experiments } from "./experiments/index.ts"
export { listText } from "./list.ts"
export { type ChapterReportOptions, chapterReport, writeChapterReport } from "./report/chapterReport.ts"
export { asJson, type ChapterResults, type CollectedRun, collect, evaluateRuns } from "./results.ts"
export { type Part, type RunRecord, readRecord, runFolder, type Settings } from "./running/record.ts"
export { runExperiment } from "./running/run.ts"
export { type Outcome, train } from "./train.ts"
