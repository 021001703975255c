import { execFile } from "node:child_process"
import { existsSync, mkdtempSync, rmSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { fileURLToPath } from "node:url"
import { promisify } from "node:util"
import { type Contestant, measure } from "../measure.ts"
import type { Report, SuiteOptions } from "../suite.ts"
import type { Cell } from "../table.ts"

/** Runs a program without what the environment may tell Node to read first, which would slow every start alike. */
function execute(file: string, args: readonly string[], options: { readonly cwd?: string } = {}) {
  const { NODE_EXTRA_CA_CERTS, NODE_OPTIONS, ...env } = process.env
  return promisify(execFile)(file, args, { ...options, env })
}
const root = fileURLToPath(new URL("../../../", import.meta.url))
const program = join(root, "bench/dist/start/firstStep.js")
const packaged = join(root, "packages/core/dist/node/index.js")
const bundler = join(root, "node_modules/.bin/esbuild")

const phases = ["boot", "import", "build", "first", "second"] as const
type Phases = Readonly<Record<(typeof phases)[number], number>>

/** A cold process that imports core, layers and trainer and trains one batch, against one that does nothing. */
export async function start({ quick }: SuiteOptions): Promise<Report[]> {
  if (!existsSync(program) || !existsSync(packaged))
    throw new Error("bench start: the packages are not built: npm run build")
  const folder = mkdtempSync(join(tmpdir(), "bench-start-"))
  try {
    const programs = [["dist", program], ...(await bundle(folder))] as const
    const contestants = [
      cold("node -e 0", ["-e", "0"]),
      ...programs.map(([name, path]) => cold(name, [path])),
      cold("dist, plain loops", [program, "--typescript"]),
    ]
    const timings = await measure(contestants, { rounds: quick ? 5 : 25, turn: 1 })
    const nothing = timings[0]?.median ?? Number.NaN
    const rows: Cell[][] = []
    for (const [i, { name, median, best }] of timings.entries()) {
      const [path] = programs.filter(([other]) => other === name).map(([, file]) => file)
      const found = i > 0 ? await split(path ?? program, path ? [] : ["--typescript"], quick ? 3 : 9) : null
      rows.push([name, median, best, median / nothing, ...phases.map(phase => found?.[phase] ?? null)])
    }
    return [
      {
        title: "Import and first training step in a cold process, ms",
        header: ["program", "median", "best", "to node -e 0", ...phases],
        rows,
        notes: [
          "boot: until the program's first line. import: core, layers, trainer. build: model and trainer. first, second: steps.",
          "dist: each package in one file. bundle: all of it in one minified file.",
          "plain loops: with setKernels(typescript), so without assembling kernels.",
          "Vectors of 128 bits whatever the heading says: nothing here asks for wider ones.",
        ],
      },
    ]
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}

function cold(name: string, args: readonly string[]): Contestant {
  return {
    name,
    async run(times) {
      const begun = performance.now()
      for (let t = 0; t < times; t++) await execute(process.execPath, args)
      return performance.now() - begun
    },
  }
}

/** One minified file of everything that the program reaches, where the bundler is installed. */
async function bundle(folder: string): Promise<(readonly [string, string])[]> {
  if (!existsSync(bundler)) return []
  const out = join(folder, "bundle.mjs")
  const options = ["--bundle", "--minify", "--platform=node", "--format=esm", `--outfile=${out}`, "--log-level=error"]
  await execute(bundler, [program, ...options], { cwd: root })
  return [["bundle", out]]
}

/** The median of each phase over some cold processes. */
async function split(path: string, args: readonly string[], runs: number): Promise<Phases> {
  const found: Phases[] = []
  for (let r = 0; r < runs; r++) {
    const { stdout } = await execute(process.execPath, [path, "--phases", ...args])
    found.push(JSON.parse(stdout))
  }
  const middle = (phase: (typeof phases)[number]) =>
    found.map(each => each[phase]).sort((a, b) => a - b)[Math.floor(runs / 2)] ?? Number.NaN
  return {
    boot: middle("boot"),
    import: middle("import"),
    build: middle("build"),
    first: middle("first"),
    second: middle("second"),
  }
}
