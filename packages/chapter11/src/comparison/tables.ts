import type { Comparison, KeyComparison, MeanTest, Side } from "./compare.ts"
import type { Sample } from "./tests.ts"
import type { Verdict } from "./verdict.ts"

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

const formatP = (test: { adjusted: number; differs: boolean } | null) =>
  test === null
    ? "-"
    : `${test.adjusted >= 0.0005 ? test.adjusted.toFixed(3) : test.adjusted.toExponential(0)}${test.differs ? " !" : ""}`

const rate = ({ diverged, runs }: Side) => `${diverged}/${runs}`

function row({ key, ours, keras, val_loss, val_accuracy, divergence }: KeyComparison): string[] {
  const points = (test: MeanTest | null) => (test ? (100 * test.detectable).toFixed(1) : "-")
  return [
    key,
    `${ours.runs}/${keras.runs}`,
    formatSample(ours.val_loss),
    formatSample(keras.val_loss),
    formatP(val_loss),
    formatSample(ours.val_accuracy),
    formatSample(keras.val_accuracy),
    formatP(val_accuracy),
    points(val_accuracy),
    rate(ours),
    rate(keras),
    formatP(divergence),
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

const verdictLine = ({ key, ratios, mean, keras, p }: Verdict) => {
  const list = (values: readonly number[]) => values.map(x => x.toFixed(1)).join(" ")
  const beside = keras ? `; Keras ${keras.mean.toFixed(2)} (${list(keras.ratios)})` : ""
  const test = p === null ? "" : `; rank-sum p ${p.toFixed(3)}`
  return `${key}: test error of B alone / on A = ${mean.toFixed(2)} (${list(ratios)})${beside}${test}`
}

/** The comparison for a terminal. */
export function comparisonText({ keys, statements }: Comparison, verdicts: readonly Verdict[]): string {
  const table = keys.length > 0 ? [textTable([header, ...keys.map(row)]), ...statements] : []
  return [...table, ...verdicts.map(verdictLine)].join("\n")
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
    ...verdicts.map(verdictLine),
    "",
  ].join("\n\n")
}
