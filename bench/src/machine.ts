import { execFileSync } from "node:child_process"
import { readFileSync } from "node:fs"
import { createRequire } from "node:module"
import { arch, availableParallelism, cpus, platform, totalmem } from "node:os"

/** What figures were measured on and with. */
export interface Machine {
  readonly processor: string
  readonly cores: number
  readonly memoryBytes: number
  readonly platform: string
  readonly node: string
  readonly v8: string
  readonly date: string
}

export function machine(): Machine {
  return {
    processor: cpus()[0]?.model.trim() ?? "unknown processor",
    cores: availableParallelism(),
    memoryBytes: totalmem(),
    platform: `${platform()} ${arch()}`,
    node: process.versions.node,
    v8: process.versions.v8,
    date: new Date().toISOString().slice(0, 10),
  }
}

/** The same in one line. */
export function describeMachine({ processor, cores, platform, node, v8, date }: Machine): string {
  return `${processor}, ${cores} ${cores === 1 ? "core" : "cores"}, ${platform}, Node ${node} (V8 ${v8}), ${date}`
}

/** Versions of the peers that take part, by name. */
export function peerVersions(peers: boolean, python: string | null): Record<string, string> {
  const packages = ["@tensorflow/tfjs", "@tensorflow/tfjs-backend-wasm", "@jax-js/jax"]
  const ours = peers ? packages.map(name => [name, packageVersion(name)]) : []
  return { ...Object.fromEntries(ours), ...(python === null ? {} : pythonVersions(python)) }
}

function packageVersion(name: string): string {
  for (const folder of createRequire(import.meta.url).resolve.paths(name) ?? []) {
    try {
      const { version }: { version: string } = JSON.parse(readFileSync(`${folder}/${name}/package.json`, "utf8"))
      return version
    } catch {}
  }
  return "missing"
}

function pythonVersions(python: string): Record<string, string> {
  const program = `import sys, json, importlib.metadata as m
def version(name):
    try: return m.version(name)
    except m.PackageNotFoundError: return "missing"
print(json.dumps({"python": sys.version.split()[0], **{n: version(n) for n in ("keras", "jax", "tensorflow", "torch", "numpy")}}))`
  return JSON.parse(execFileSync(python, ["-c", program], { encoding: "utf8" }))
}
