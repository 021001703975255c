import { gzipSync } from "node:zlib"
import { build } from "esbuild"
import { describe, expect, it } from "vitest"

/** What a page would load: a bundle of everything a package exports, from its sources, minified. */
const bundle = (...names: string[]) => bundleOf(names.map(name => `export * from "${name}"`).join("\n"))

async function bundleOf(contents: string) {
  const result = await build({
    stdin: { contents, resolveDir: import.meta.dirname },
    bundle: true,
    minify: true,
    format: "esm",
    platform: "browser",
    conditions: ["@selvedge/source"],
    external: ["node:*"],
    metafile: true,
    write: false,
    splitting: true,
    outdir: "out",
  })
  // The entry and what it imports at once: what is loaded on demand stands in chunks of its own.
  const outputs = result.metafile.outputs
  const first = Object.keys(outputs).find(path => outputs[path]!.entryPoint !== undefined)!
  const loaded = new Set<string>()
  const visit = (path: string): void => {
    if (loaded.has(path)) return
    loaded.add(path)
    for (const { path: next, kind } of outputs[path]?.imports ?? []) if (kind === "import-statement") visit(next)
  }
  visit(first)
  const inputs = [...loaded].flatMap(path => Object.keys(outputs[path]?.inputs ?? {}))
  const files = result.outputFiles.filter(file => [...loaded].some(path => file.path.endsWith(path)))
  const modules = Object.values(outputs).flatMap(({ imports }) => imports.filter(i => i.external).map(i => i.path))
  return { inputs, modules, bytes: gzipSync(Buffer.concat(files.map(file => file.contents))).length }
}

const carries = (inputs: readonly string[], name: string) => inputs.some(path => path.includes(`node_modules/${name}/`))

describe("bundles", () => {
  it.each(["@selvedge/core", "@selvedge/layers", "@selvedge/trainer"])(
    "%s carries no file format and no module of Node",
    async name => {
      const { inputs, modules } = await bundle(name)
      expect(inputs.length).toBeGreaterThan(50)
      expect(carries(inputs, "h5wasm")).toBe(false)
      expect(carries(inputs, "fflate")).toBe(false)
      expect(inputs.filter(path => path.includes("packages/formats/"))).toEqual([])
      expect(modules).toEqual([])
    },
  )

  it("would see fflate where it is", async () => {
    expect(carries((await bundle("@selvedge/formats")).inputs, "fflate")).toBe(true)
  })

  it("a page that loads a bundle carries neither HDF5 nor zip", async () => {
    const { inputs, modules } = await bundleOf('export { loadBundle } from "@selvedge/formats"')
    expect(inputs.some(path => path.endsWith("formats/src/bundle.ts"))).toBe(true)
    expect(carries(inputs, "fflate") || carries(inputs, "h5wasm")).toBe(false)
    expect(inputs.filter(path => /formats\/src\/(hdf5|zip)/.test(path))).toEqual([])
    expect(modules).toEqual([])
  })

  it("core, layers and trainer together are at most 140 kB gzipped", async () => {
    const { bytes } = await bundle("@selvedge/core", "@selvedge/layers", "@selvedge/trainer")
    console.log(`core + layers + trainer: ${(bytes / 1000).toFixed(1)} kB gzipped`)
    expect(bytes).toBeLessThan(140_000)
  })
})
