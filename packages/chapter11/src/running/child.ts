import { SelvedgeError, setThreads } from "@selvedge/core"
import { useWideVectors } from "../wide.ts"
import { type RunRequest, runExperiment } from "./run.ts"
import type { Progress } from "./watch.ts"

/** What the process of a run tells the one that started it. */
export type Message =
  | { readonly kind: "progress"; readonly progress: Progress }
  | { readonly kind: "done" }
  | { readonly kind: "failed"; readonly error: string }

const tell = (message: Message) => {
  if (process.connected) process.send?.(message)
}

// Nobody would know of a run that goes on alone, and a new one would write into its folder.
const endAlone = () => process.exit(1)
process.on("disconnect", endAlone)
// A terminal interrupts all processes at once; this one's end is up to the one that started it.
process.on("SIGINT", () => {})

process.once("message", async (request: RunRequest & { readonly threads: number; readonly wide: boolean }) => {
  setThreads(request.threads)
  useWideVectors(request.wide)
  try {
    await runExperiment(request, progress => tell({ kind: "progress", progress }))
    tell({ kind: "done" })
  } catch (error) {
    tell({ kind: "failed", error: describeError(error) })
  }
  process.off("disconnect", endAlone)
  process.disconnect?.()
})

/** The sentence of an error that the library throws on purpose, and where any other came from. */
function describeError(error: unknown): string {
  if (error instanceof SelvedgeError) return error.message
  return error instanceof Error ? (error.stack ?? error.message) : String(error)
}
