import { readdirSync, readFileSync } from "node:fs"
import { grad, isTensor, type Tensor, tensor, withFloat64, withRandom } from "@selvedge/core"
import * as library from "@selvedge/layers"
import {
  deserialize,
  Layer,
  layerClasses,
  Model,
  Normalization,
  Sequential,
  serialize,
  serializeObject,
} from "@selvedge/layers"
import { unzipSync } from "fflate"
import { describe, expect, it } from "vitest"
import { fixture } from "../trainer/fixtures.ts"
import { rows } from "./layerRows.ts"

/** Every class of layers that the package exports, but for models and base classes. */
const exported = Object.entries<unknown>(library)
  .filter(([, value]) => typeof value === "function" && value.prototype instanceof Layer)
  .map(([name]) => name)
  .filter(name => !["Sequential", "Model", "RandomLayer"].includes(name))
  .sort()
// Layers without numbers of Keras's: it has SELU as an activation only, and an input computes nothing.
const withoutKeras = ["InputLayer", "SELU"]
const takesEveryShape = `Activation ActivityRegularization AlphaDropout Dropout ELU Embedding GaussianDropout
  GaussianNoise LeakyReLU ReLU Rescaling SELU`.split(/\s+/)

describe("every exported layer", () => {
  it("has a row, is known by name, and refuses some shape unless it is one of those that take all", () => {
    expect(Object.keys(rows).sort()).toEqual(exported)
    const known = Object.keys(layerClasses).filter(name => !["Sequential", "Functional", "Model"].includes(name))
    expect(known.sort()).toEqual(exported)
    expect(Object.keys(rows).filter(name => !rows[name].wrong)).toEqual(takesEveryShape)
  })

  it("has numbers of Keras's to agree with", () => {
    const more = JSON.parse(readFileSync(new URL("../fixtures/keras_more.json", import.meta.url), "utf8"))
    const cases: { class_name: string }[] = [...fixture<{ class_name: string }>("layers").cases, ...more.layers]
    const known = new Set(cases.map(c => c.class_name))
    expect(exported.filter(name => !known.has(name))).toEqual(withoutKeras)
  })
})

// Numbers that are neither equal nor near a kink of any layer.
const values = (shape: readonly number[], salt: number, ids?: number) => {
  const size = shape.reduce((product, n) => product * n, 1)
  return Array.from({ length: size }, (_, i) => {
    const wave = 1.7 * Math.sin((i + 1) * (12.9898 + salt)) + 0.03 * Math.cos(i * 78.233 + salt)
    return ids ? (i * 7 + salt) % ids : wave
  })
}

/** Runs a layer with the same random numbers at every call. */
const run = (layer: Layer, xs: readonly Tensor[], training: boolean): Tensor => {
  const first = xs[0]
  const y = withRandom({ seed: 5, purpose: "training", position: [3] }, () =>
    layer.call(xs.length > 1 ? xs : first, { training }),
  )
  if (!isTensor(y)) throw new Error("one output is expected")
  return y
}

describe.each(Object.entries(rows))("%s", (name, row) => {
  it("gives gradients that agree with finite differences, for inputs and weights", () => {
    withFloat64(() => {
      const layer = row.make()
      const xs = row.inputs.map((shape, i) => tensor(values(shape, i, row.ids), shape, { requiresGrad: !row.ids }))
      const shapes = row.inputs.map(shape => [null, ...shape.slice(1)])
      layer.build(row.inputs.length > 1 ? shapes : shapes[0])
      layer.setWeights(layer.weights.map((w, i) => ({ shape: w.shape, data: values(w.shape, i + 0.5).map(Math.abs) })))
      const wanted = [...xs.filter(x => x.requiresGrad), ...layer.trainableWeights]
      const y = run(layer, xs, row.training ?? false)
      const cotangent = values(y.shape, 0.25)
      const dot = () => {
        const output = [...run(layer, xs, row.training ?? false).read()]
        return output.reduce((sum, v, i) => sum + v * cotangent[i], 0)
      }
      const gradients = gradientsOf(y, cotangent, wanted)
      expect(wanted.length).toBeGreaterThan(0)
      wanted.forEach((x, which) => {
        for (let i = 0; i < x.size; i++) {
          const numeric = difference(x, i, dot)
          const scale = Math.max(Math.abs(numeric), Math.abs(gradients[which][i]), 1e-3)
          expect(Math.abs(numeric - gradients[which][i]) / scale, `${x.name || which}[${i}]`).toBeLessThan(1e-6)
        }
      })
    })
  })

  it("comes back from its config", () => {
    const layer = row.make()
    const again = deserialize(JSON.parse(JSON.stringify(serialize(layer))))
    expect(again.constructor).toBe(layer.constructor)
    expect(again.getConfig()).toEqual(layer.getConfig())
  })

  it("refuses an unknown option and names the nearest", () => {
    const [wrong, right] = row.typo
    expect(() => row.construct({ [wrong]: 1 } as never)).toThrow(`unknown option "${wrong}", did you mean "${right}"?`)
    const config = { ...row.make().getConfig(), [wrong]: 1 }
    expect(() => deserialize({ class_name: name, config })).toThrow(`unknown option "${wrong}"`)
  })

  it("refuses a bad value", () => {
    const [make, message] = row.bad
    expect(make).toThrow(message)
  })

  it("prints itself with its options and shapes", () => {
    const layer = row.make()
    expect(String(layer)).toContain(`${name} "${layer.name}"`)
    const shapes = row.inputs.map(shape => [null, ...shape.slice(1)])
    layer.ensureBuilt(row.inputs.length > 1 ? shapes : shapes[0])
    expect(String(layer)).toMatch(/\[null.* -> \[null.*\], \d+ parameters/)
  })

  const { wrong } = row
  if (wrong) {
    it("names its path when the input does not fit", () => {
      const layer = row.make()
      const model = new Sequential([], { name: "outer" })
      model.add(new Sequential([layer], { name: "inner" }))
      const [shape, message] = wrong
      const x = tensor(new Float32Array(shape.reduce((product, n) => product * n, 1)), shape)
      if (name === "InputLayer") {
        expect(() => layer.apply(x)).toThrow(message)
        return
      }
      expect(() => model.apply(x)).toThrow(message)
      expect(() => model.apply(x)).toThrow(`in       outer/inner/${layer.name} (${name})`)
    })
  }
})

function gradientsOf(y: Tensor, cotangent: number[], wanted: readonly Tensor[]): number[][] {
  return grad(y, wanted, tensor(cotangent, y.shape)).map(g => [...g.read()])
}

function difference(x: Tensor, i: number, dot: () => number): number {
  const data = x.write()
  const before = data[i]
  const step = 1e-5
  data[i] = before + step
  const up = dot()
  data[i] = before - step
  const down = dot()
  data[i] = before
  return (up - down) / (2 * step)
}

describe("configs of the fixtures", () => {
  interface Case {
    readonly name: string
    readonly class_name: string
    readonly full_config: Record<string, unknown>
  }
  // Settings that Keras writes and this library has no choice in, or states elsewhere.
  const without = [
    "quantization_config",
    "synchronized",
    "renorm",
    "renorm_clipping",
    "renorm_momentum",
    "rms_scaling",
    "mask_zero",
    "input_axes",
    "output_axes",
    "sparse",
    "ragged",
    "optional",
    "shared_object_id",
    "compile_config",
    "input_length",
    "fused",
  ]
  const bare = (value: unknown): unknown => {
    if (Array.isArray(value)) return value.map(bare)
    if (typeof value !== "object" || value === null) return value
    const kept = Object.entries(value).filter(
      ([key, v]) => !without.includes(key) && !(key === "activity_regularizer" && v === null),
    )
    return Object.fromEntries(kept.map(([key, v]) => [key, bare(v)]))
  }

  it.each(fixture<Case>("layers").cases)("$name", c => {
    const layer = deserialize({ class_name: c.class_name, config: c.full_config })
    const { name, trainable, dtype, ...config } = layer.getConfig()
    expect(bare(config)).toEqual(bare(c.full_config))
  })

  const folder = new URL("../fixtures/files/", import.meta.url)
  const archives = readdirSync(folder).filter(file => file.endsWith(".keras") && file.startsWith("keras3"))
  it.each(archives)("%s", file => {
    const entry = unzipSync(readFileSync(new URL(file, folder)))["config.json"]
    const config = JSON.parse(new TextDecoder().decode(entry))
    const model = deserialize(config)
    expect(bare(JSON.parse(JSON.stringify(serialize(model).config)))).toEqual(withoutBuildConfigs(bare(config.config)))
    if (!(model instanceof Model)) throw new Error("a model is expected")
    expect(model.built).toBe(true)
  })

  it("found the archives", () => expect(archives.length).toBeGreaterThanOrEqual(12))
})

/** Keras also notes for each inner layer the shape it was built for. */
function withoutBuildConfigs(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(withoutBuildConfigs)
  if (typeof value !== "object" || value === null) return value
  const kept = Object.entries(value).filter(([key]) => key !== "build_config")
  return Object.fromEntries(kept.map(([key, v]) => [key, withoutBuildConfigs(v)]))
}

it("the random layers of Keras 2, which also says how it draws, are read", () => {
  const config = { name: "zoom", trainable: true, dtype: "float32", rng_type: "stateful", height_factor: 0.2 }
  const more = { width_factor: null, fill_mode: "reflect", fill_value: 0, interpolation: "bilinear", seed: null }
  const layer = deserialize({ class_name: "RandomZoom", config: { ...config, ...more } })
  expect(layer.getConfig()).toMatchObject({ height_factor: [-0.2, 0.2], fill_mode: "reflect" })
})

it("Normalization in its adapted form has a config, too", () => {
  const layer = new Normalization({ axis: null })
  layer.adapt(
    tensor([
      [1, 2],
      [3, 4],
    ]),
  )
  expect(serializeObject(layer).config).toMatchObject({ axis: [], mean: null, variance: null, invert: false })
})
