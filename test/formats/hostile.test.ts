import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { FormatError } from "@selvedge/core"
import { loadModel, modelToBytes } from "@selvedge/formats"
import { Dense, Sequential } from "@selvedge/layers"
import { describe, expect, it } from "vitest"
import { asTensor, type Encoded, expectClose, fileBytes } from "./kerasFixtures.ts"

interface Row {
  file: string
  expect: string
  why: string
  input?: Encoded
  predictions?: Encoded
  tolerance?: number
  truncate_lengths?: number[]
}

const manifest: { files: Row[] } = JSON.parse(
  readFileSync(new URL("../fixtures/files/bad/manifest.json", import.meta.url), "utf8"),
)
const open = (name: string, bytes = fileBytes(`bad/${name}`)) => loadModel(new File([bytes], name))

/** What the message must name, beside the file. */
const named: Record<string, RegExp> = {
  "unknown_layer.keras": /QuantumDense/,
  "module_injection.keras": /getcwd/,
  "lambda.keras": /Lambda.*Python code/s,
  "lambda.h5": /Lambda.*Python code/s,
  "lambda_keras2.h5": /Lambda.*Python code/s,
  "npz_weights.keras": /pickled/,
  "missing_dataset.h5": /dataset/,
  "missing_weights.keras": /model\.weights\.h5/,
  "no_model_config.h5": /model_config/,
  "huge_units.keras": /1000000000/,
  "proto_class_name.keras": /constructor/,
  "proto_activation.keras": /__proto__/,
  "string_weights.keras": /texts/,
}

describe("files from strangers", () => {
  it.each(manifest.files.filter(row => !row.truncate_lengths).map(row => [row.file, row] as const))(
    "%s",
    async (file, row) => {
      const outcome = await open(file).then(
        model => model,
        (error: unknown) => error,
      )
      expect(Reflect.get({}, "polluted")).toBeUndefined()
      if (outcome instanceof Error) {
        expect(outcome).toBeInstanceOf(FormatError)
        expect(outcome.message).toContain(file)
        expect(outcome.message).toMatch(/: expected .*, found /)
        expect(outcome.message).toMatch(named[file] ?? /./)
        expect(row.expect, outcome.message).toMatch(/reject/)
        return
      }
      expect(row.expect).toMatch(/load|ignore/)
      const model = outcome as Awaited<ReturnType<typeof open>>
      if (row.input) expectClose(model.apply(asTensor(row.input)).toArray(), row.predictions!, row.tolerance!)
    },
  )

  it("give the same from disk, where they are read piece by piece, as from memory", async () => {
    const outcome = async (source: File | string) => {
      const model = await loadModel(source).catch((error: Error) => error)
      if (!(model instanceof Error)) return model.getWeights()
      return model.message.replaceAll(typeof source === "string" ? source : source.name, "FILE")
    }
    const folder = mkdtempSync(join(tmpdir(), "selvedge-hostile-"))
    const files = manifest.files.map(({ file }) => [file, fileBytes(`bad/${file}`)] as const)
    const cut = files
      .filter(([file]) => file.startsWith("good"))
      .flatMap(([file, bytes]) =>
        [0.9, 0.5, 0].map(part => [`${part}-${file}`, bytes.slice(0, part * bytes.length)] as const),
      )
    for (const [file, bytes] of [...files, ...cut]) {
      writeFileSync(join(folder, file), bytes)
      expect(await outcome(join(folder, file)), file).toEqual(await outcome(new File([bytes], file)))
    }
    rmSync(folder, { recursive: true })
  })

  it("refuse stored weights of which one byte was changed, from disk and from memory", async () => {
    const bytes = await modelToBytes(new Sequential([new Dense(300, { inputShape: [300] })], { seed: 1 }))
    const folder = mkdtempSync(join(tmpdir(), "selvedge-hostile-"))
    const path = join(folder, "changed.keras")
    // In the middle of the numbers: HDF5 itself would see nothing wrong.
    bytes[bytes.length >> 1]! ^= 1
    writeFileSync(path, bytes)
    for (const source of [path, new File([bytes], "changed.keras")]) {
      await expect(loadModel(source)).rejects.toThrow(/member "model.weights.h5": expected CRC-32/)
    }
    rmSync(folder, { recursive: true })
  })

  it("loads NaN and Infinity unchanged", async () => {
    const [kernel] = (await open("nan_weights.keras")).getWeights()
    expect([kernel[0], kernel[1]]).toEqual([NaN, Infinity])
  })

  it.each(manifest.files.filter(row => row.truncate_lengths).map(row => [row.file, row] as const))(
    "%s cut off anywhere",
    async (file, row) => {
      const good = fileBytes(`bad/${file}`)
      for (const length of row.truncate_lengths ?? []) {
        await expect(open(file, good.slice(0, length)), String(length)).rejects.toBeInstanceOf(FormatError)
      }
    },
  )
})
