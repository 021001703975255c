import { arch, availableParallelism, cpus, platform } from "node:os"

/** What the figures were measured on, in one line. */
export function machine(): string {
  const model = cpus()[0]?.model.trim() ?? "unknown processor"
  const cores = availableParallelism()
  return `${model}, ${cores} ${cores === 1 ? "core" : "cores"}, ${platform()} ${arch()}, Node ${process.versions.node}, V8 ${process.versions.v8}, ${new Date().toISOString().slice(0, 10)}`
}
