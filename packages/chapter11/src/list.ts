import { expected } from "./comparison/expected.ts"
import { divergedOf } from "./comparison/finals.ts"
import { formatSample, textTable } from "./comparison/tables.ts"
import { sampleOf } from "./comparison/tests.ts"
import { experiments } from "./experiments/index.ts"

/** What `chapter list` prints: every experiment, with what Keras reached where it was run there. */
export function listText(): string {
  const header = ["key", "epochs", "val_loss", "val_accuracy", "test accuracy", "runs", "diverged", "experiment"]
  const rows = Object.entries(experiments).map(([key, { title, epochs }]) => {
    const begin = [key, epochs > 0 ? String(epochs) : "-"]
    const known = expected[key]
    if (!known) return [...begin, "", "", "", "", "", title]
    const diverged = divergedOf(known)
    const kept = (values: readonly (number | null)[] = []) =>
      formatSample(sampleOf(values.filter((x, i): x is number => x !== null && !diverged[i])))
    return [
      ...begin,
      kept(known.val_loss),
      kept(known.val_accuracy),
      known.test_accuracy ? kept(known.test_accuracy) : "",
      String(known.seeds.length),
      String(diverged.filter(Boolean).length),
      title,
    ]
  })
  return [
    // The titles, of many lengths, come last and to the left.
    ...textTable([header, ...rows].map(cells => cells.slice(0, -1)))
      .split("\n")
      .map((line, i) => [line, [header, ...rows][i]?.at(-1) ?? ""] as const)
      .map(([line, title], _, all) => `${line.padEnd(Math.max(...all.map(([text]) => text.length)))}  ${title}`),
    "",
    "Figures: what Keras 3 on JAX reached in the last epoch, mean ± standard deviation over its runs.",
  ].join("\n")
}
