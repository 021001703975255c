/**
 * Writes what Node runs: each public package in one file, `dist/node/index.js`, beside the modules that the compiler
 * emits. Two hundred small files take Node longer to find and read than a first training step takes; bundlers get the
 * modules, of which they can leave out what a page does not use. Source maps lead to `src`, which is published.
 */
import { readdirSync, readFileSync, rmSync } from "node:fs"
import { join } from "node:path"
import { build } from "esbuild"

/** Small packages of which little is used; finding and reading them takes Node longer than all of layers. */
const included = ["gl-matrix", "iota-array", "is-buffer", "ndarray"]

const folders = ["datasets", ...readdirSync(join(import.meta.dirname, "packages")).map(name => `packages/${name}`)]
for (const folder of folders.map(name => join(import.meta.dirname, name))) {
  const { name, dependencies, ...manifest } = JSON.parse(readFileSync(join(folder, "package.json"), "utf8"))
  if (manifest.private) continue
  const outdir = join(folder, "dist/node")
  rmSync(outdir, { recursive: true, force: true })
  await build({
    absWorkingDir: folder,
    entryPoints: ["src/index.ts"],
    outdir,
    bundle: true,
    splitting: true,
    format: "esm",
    platform: "node",
    target: "node20.19",
    mainFields: ["module", "main"],
    conditions: ["@selvedge/source"],
    external: Object.keys(dependencies).filter(dependency => !included.includes(dependency)),
    sourcemap: true,
    sourcesContent: false,
    logLevel: "warning",
  })
  console.log(`${name}: dist/node/index.js`)
}
