import type { Comparison, KeyComparison, MeanTest, Side, Test } from "./compare.ts"
import type { Sample } from "./tests.ts"
import { type Verdict, verdictRows, verdictSentence } from "./verdict.ts"

const header = [
  "key",
  "runs",
  "val_loss",
  "Keras",
  "p",
  "val_accuracy",
  "Keras",
  "p",
  "finds (points)",
  "diverged",
  "Keras",
  "p",
]

/** A mean with its standard deviation where there are several numbers. */
export function formatSample({ n, mean, std }: Sample, digits = 4): string {
  if (n === 0) return "-"
  return Number.isFinite(std) ? `${mean.toFixed(digits)} ± ${std.toFixed(digits)}` : mean.toFixed(digits)
}

/** An adjusted p value in few digits. */
export const formatP = ({ adjusted }: Test) => (adjusted >= 0.0005 ? adjusted.toFixed(3) : adjusted.toExponential(0))

const markedP = (test: Test | null) => (test === null ? "-" : `${formatP(test)}${test.differs ? " !" : ""}`)

const rate = ({ diverged, runs }: Side) => `${diverged}/${runs}`

function row({ key, ours, keras, val_loss, val_accuracy, divergence }: KeyComparison): string[] {
  const points = (test: MeanTest | null) => (test ? (100 * test.detectable).toFixed(1) : "-")
  return [
    key,
    `${ours.runs}/${keras.runs}`,
    formatSample(ours.val_loss),
    formatSample(keras.val_loss),
    markedP(val_loss),
    formatSample(ours.val_accuracy),
    formatSample(keras.val_accuracy),
    markedP(val_accuracy),
    points(val_accuracy),
    rate(ours),
    rate(keras),
    markedP(divergence),
  ]
}

/** Columns under each other, the first to the left and the others to the right. */
export function textTable(rows: readonly (readonly string[])[]): string {
  const widths = (rows[0] ?? []).map((_, i) => Math.max(...rows.map(cells => cells[i]?.length ?? 0)))
  const line = (cells: readonly string[]) =>
    cells.map((cell, i) => (i === 0 ? cell.padEnd(widths[i] ?? 0) : cell.padStart(widths[i] ?? 0))).join("  ")
  return rows.map(cells => line(cells).trimEnd()).join("\n")
}

function markdownTable([head = [], ...rows]: readonly (readonly string[])[]): string {
  const line = (cells: readonly string[]) => `| ${cells.join(" | ")} |`
  return [line(head), line(head.map((_, i) => (i === 0 ? "---" : "---:"))), ...rows.map(line)].join("\n")
}

/** The ratios of transfer seed by seed, and what they say. */
function transferText(verdicts: readonly Verdict[], table: (rows: readonly (readonly string[])[]) => string): string[] {
  if (verdicts.length === 0) return []
  const heading = "Test error of B alone : on A, by the form of reuse"
  return [heading, table(verdictRows(verdicts)), ...verdicts.map(verdictSentence)]
}

/** The comparison for a terminal. */
export function comparisonText({ keys, statements }: Comparison, verdicts: readonly Verdict[]): string {
  const table = keys.length > 0 ? [textTable([header, ...keys.map(row)]), ...statements] : []
  return [...table, ...transferText(verdicts, textTable)].join("\n")
}

/** The comparison as a Markdown page. */
export function comparisonMarkdown(
  { keys, statements, level }: Comparison,
  verdicts: readonly Verdict[],
  about: string,
): string {
  return [
    "# The chapter here and in Keras",
    about,
    markdownTable([header, ...keys.map(row)]),
    `Means and standard deviations over runs that did not diverge, in the last epoch. p: Welch's t-test (rates: Fisher's exact test) after Holm's correction over all tests; "!" marks those below ${level}. "finds" is the bias of val_accuracy, in points, that would have been found with a probability of 0.9. A run counts as diverged when a loss is not finite or the last validation loss is above ln 10.`,
    ...statements,
    ...transferText(verdicts, markdownTable),
    "",
  ].join("\n\n")
}
