import { readFileSync } from "node:fs"
import { FormatError } from "@selvedge/core"
import { type Hdf5Group, type Hdf5Tree, readHdf5, writeHdf5 } from "@selvedge/formats"
import { describe, expect, it } from "vitest"
import { refuseIn } from "../../packages/formats/src/fail.ts"
import { getNames, setNames } from "../../packages/formats/src/hdf5/names.ts"
import { findDataset } from "../../packages/formats/src/hdf5/types.ts"

const load = (path: string) => new Uint8Array(readFileSync(new URL(path, import.meta.url)))
const fixture = (name: string) => load(`../fixtures/files/${name}`)
const sample = (name: string) => load(`data/${name}`)

interface Listing {
  files: Record<string, string>
  hdf5: Record<string, { datasets: [string, number[], string][] }>
}

function listDatasets(group: Hdf5Group, path = ""): string[] {
  return [
    ...[...group.datasets].map(([name, { shape, dtype }]) => `${path}${name} [${shape}] ${dtype}`),
    ...[...group.groups].flatMap(([name, child]) => listDatasets(child, `${path}${name}/`)),
  ]
}

describe("readHdf5", () => {
  it("reads every kind of value that h5py writes", async () => {
    const tree = await readHdf5(sample("sample.h5"))
    expect(Object.fromEntries(tree.attributes)).toEqual({
      text: "vlen utf-8: \u00e9\u6f22",
      bytes: "fixed",
      names: ["dense", "dense_1"],
      vlen_names: ["a", "", "ccc"],
      none: new Float64Array(0),
      number: -5n,
      floats: new Float32Array([0.5, 1.5]),
      nothing: new Float64Array(0),
    })
    const data = (path: string) => findDataset(tree, path)?.data
    expect(data("f4")).toEqual(new Float32Array([0, 1, 2, 3, 4, 5]))
    expect(data("big_endian")).toEqual(new Float64Array([0, 1, 2, 3, 4, 5]))
    expect(data("f2")).toEqual(new Float32Array([0.5, -0.333251953125]))
    expect(data("i8")).toEqual(new BigInt64Array([-(2n ** 63n), 2n ** 63n - 1n]))
    expect(data("u2")).toEqual(new Uint16Array([0, 65535]))
    expect(findDataset(tree, "bool")).toMatchObject({ dtype: "bool", data: new Uint8Array([1, 0, 1]) })
    expect(findDataset(tree, "scalar")).toMatchObject({ shape: [], data: new Float32Array([2.5]) })
    expect(findDataset(tree, "empty")).toMatchObject({ shape: [0, 3], data: new Float32Array(0) })
    expect(data("strings")).toEqual(["abc", "de"])
    expect(data("vlen_strings")).toEqual(["x", "\u00e9"])
    expect(findDataset(tree, "bf16")).toMatchObject({ dtype: "bfloat16", data: new Float32Array([0.5, 0.333984375]) })
    expect(data("packed")).toEqual(Float32Array.from({ length: 1000 }, (_, i) => i))
    expect(data("deep/er/x")).toEqual(new Int32Array([0, 1, 2]))
    expect(data("__proto__")).toEqual(new Float32Array([1]))
    expect(tree.datasets.has("soft")).toBe(false)
    expect(tree.datasets.has("outside")).toBe(false)
  })

  it("finds all that h5py finds in Keras's files", async () => {
    for (const model of ["keras3_nested", "keras2_nested", "keras3_conv", "keras2_leaky_legacy_adam"]) {
      const { files, hdf5 }: Listing = JSON.parse(new TextDecoder().decode(fixture(`${model}.json`)))
      for (const [kind, file] of Object.entries(files)) {
        if (file.endsWith(".keras")) continue
        const want = hdf5[kind].datasets
          .filter(row => row.length === 3)
          .map(([name, shape, type]) => `${name} [${shape}] ${type}`)
        expect(listDatasets(await readHdf5(fixture(file))).sort(), file).toEqual(want.sort())
      }
    }
  })

  it("gives the same in this thread and in the worker", async () => {
    const bytes = fixture("keras3_bn.h5")
    expect(await readHdf5(bytes, { trusted: true })).toEqual(await readHdf5(bytes))
    expect(bytes.length, "the caller's bytes stay").toBeGreaterThan(0)
  })

  it("reads large contiguous data in parts", async () => {
    const data = Float32Array.from({ length: 3_000_000 }, (_, i) => i)
    const root: Hdf5Tree = { attributes: new Map(), groups: new Map(), datasets: new Map() }
    root.datasets.set("x", { shape: [1000, 3000], dtype: "float32", data, attributes: new Map() })
    const bytes = await writeHdf5(root)
    for (const trusted of [true, false]) {
      const got = (await readHdf5(bytes, { trusted })).datasets.get("x")?.data as Float32Array
      expect(Buffer.from(got.buffer).equals(Buffer.from(data.buffer))).toBe(true)
    }
  })
})

describe("hostile HDF5", () => {
  it.each([
    ["huge_contiguous.h5", /\/x.*400000000000 bytes/s],
    ["huge_chunked.h5", /\/x.*400000000000 bytes/s],
    ["huge_chunk.h5", /\/x.*4000000000 bytes/s],
    ["bomb.h5", /\/x.*100000000 bytes/s],
    ["cycle.h5", /64 levels/],
    ["compound.h5", /\/x.*type class 6/s],
    ["lzf.h5", /\/x.*filter 32000/s],
    ["virtual.h5", /\/x.*virtual/s],
  ])("refuses %s", async (name, message) => {
    await expect(readHdf5(sample(name), { name })).rejects.toThrow(message)
    await expect(readHdf5(sample(name), { name })).rejects.toBeInstanceOf(FormatError)
  })

  it("does not read a file that external storage names", async () => {
    const outcome = await readHdf5(sample("external.h5")).then(
      tree => [...(tree.datasets.get("x")?.data ?? [])].join(),
      (error: unknown) => error instanceof FormatError,
    )
    expect([true, new Array(10).fill(0).join()]).toContain(outcome)
  })

  it("refuses every truncation that the manifest lists, with the file's name", async () => {
    const good = fixture("bad/good.h5")
    const lengths = [
      0, 1, 4, 7, 8, 9, 16, 64, 96, 100, 255, 512, 1000, 5980, 7973, 11960, 15946, 19824, 23820, 23898, 23912, 23919,
    ]
    for (const length of lengths) {
      await expect(readHdf5(good.slice(0, length), { name: "cut.h5" }), String(length)).rejects.toThrow(/^cut\.h5: /)
    }
  })

  it("ends a parse that takes too long, and goes on working", async () => {
    await expect(readHdf5(fixture("bad/good.h5"), { timeoutMs: 0.01 })).rejects.toThrow(/within 0 ms/)
    expect((await readHdf5(fixture("bad/good.h5"))).groups.size).toBe(2)
  })
})

describe("writeHdf5", () => {
  it("survives a round trip", async () => {
    const inner: Hdf5Group = { attributes: new Map([["names", ["a", "bé"]]]), groups: new Map(), datasets: new Map() }
    inner.datasets.set("i", {
      shape: [],
      dtype: "int64",
      data: new BigInt64Array([-7n]),
      attributes: new Map([["k", "v"]]),
    })
    inner.datasets.set("empty", { shape: [0, 2], dtype: "float32", data: new Float32Array(0), attributes: new Map() })
    const long = "x".repeat(200_000)
    const tree: Hdf5Tree = {
      attributes: new Map([["config", long]]),
      groups: new Map([["vars", inner]]),
      datasets: new Map(),
    }
    tree.datasets.set("0", {
      shape: [2, 1],
      dtype: "float64",
      data: new Float64Array([0.1, NaN]),
      attributes: new Map(),
    })
    expect(await readHdf5(await writeHdf5(tree))).toEqual(tree)
  })

  it("refuses what HDF5 cannot hold", async () => {
    const make = (name: string, dtype: "float16" | "float32", shape: number[]): Hdf5Tree => {
      const item = { shape, dtype, data: new Float32Array(1), attributes: new Map() }
      return { attributes: new Map(), groups: new Map(), datasets: new Map([[name, item]]) }
    }
    await expect(writeHdf5(make("a/b", "float32", [1]))).rejects.toThrow(FormatError)
    await expect(writeHdf5(make("a", "float16", [1]))).rejects.toThrow(/float16/)
    await expect(writeHdf5(make("a", "float32", [2]))).rejects.toThrow(/2 values, got 1/)
    expect((await readHdf5(await writeHdf5(make("a", "float32", [1])))).datasets.size).toBe(1)
  })
})

describe("lists of names", () => {
  const refuse = refuseIn("x.h5")
  it("are split as Keras splits them, both ways", async () => {
    const names = Array.from({ length: 1500 }, (_, i) => `layer_${String(i).padStart(4, "0")}_${"x".repeat(90)}`)
    const tree = await readHdf5(sample("split_names.h5"))
    expect(getNames(tree.attributes, "layer_names", refuse, "/")).toEqual(names)
    const attributes = new Map()
    setNames(attributes, "layer_names", names)
    expect(attributes.size).toBe(3)
    const again = await readHdf5(await writeHdf5({ attributes, groups: new Map(), datasets: new Map() }))
    expect(getNames(again.attributes, "layer_names", refuse, "/")).toEqual(names)
  })
  it("refuse a name that fits nowhere", () => {
    expect(() => setNames(new Map(), "names", ["x".repeat(70_000)])).toThrow(FormatError)
  })
})
