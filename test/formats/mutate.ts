/**
 * Damages good model files in many ways and loads them: `npx tsx --conditions=@selvedge/source test/formats/mutate.ts
 * [count] [seed]`. Each must load completely or be refused with a FormatError that names file, place, expected and found.
 * The table of kinds, counts and outcomes is written to mutations.md beside this file. Exit code 1 when a rule is broken.
 */
import { readFileSync, writeFileSync } from "node:fs"
import { FormatError } from "@selvedge/core"
import { type Hdf5Group, loadModel, readHdf5, readZip, writeHdf5, writeZip } from "@selvedge/formats"
import fc from "fast-check"

const [count, seed] = [Number(process.argv[2] ?? 10_000), Number(process.argv[3] ?? 1)]
const LIMIT_MB = 256
const load = (name: string) => new Uint8Array(readFileSync(new URL(`../fixtures/files/${name}`, import.meta.url)))
const archives = [
  "bad/good.keras",
  "keras3_bn.keras",
  "keras3_nested.keras",
  "keras3_two_input.keras",
  "keras2_bn.keras",
]
const wholes = [
  "bad/good.h5",
  "keras3_conv.h5",
  "keras2_nested.h5",
  "keras2_leaky_legacy_adam.h5",
  "keras3_shared_layer.h5",
]

/** A small generator with a seed (mulberry32): the run must be repeatable. */
function makeRandom(state: number): (below: number) => number {
  let s = state | 0
  return below => {
    s = (s + 0x6d2b79f5) | 0
    let t = Math.imul(s ^ (s >>> 15), 1 | s)
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t
    return Math.floor((((t ^ (t >>> 14)) >>> 0) / 4294967296) * below)
  }
}
const random = makeRandom(seed)
const pick = <T>(items: readonly T[]): T => items[random(items.length)]

type Damage = (file: string, bytes: Uint8Array) => Promise<Uint8Array> | Uint8Array

const flips =
  (most: number, within = 1): Damage =>
  (_, bytes) => {
    const out = bytes.slice()
    for (let n = 1 + random(most); n > 0; n--) out[random(Math.floor(out.length * within))] ^= 1 + random(255)
    return out
  }

const overwrite: Damage = (_, bytes) => {
  const out = bytes.slice()
  const start = random(out.length)
  return out.fill(pick([0, 255, 127]), start, start + 1 + random(64))
}

const insert: Damage = (_, bytes) => {
  const at = random(bytes.length)
  const extra = Uint8Array.from({ length: 1 + random(16) }, () => random(256))
  return Uint8Array.from([...bytes.subarray(0, at), ...extra, ...bytes.subarray(at)])
}

const cutOut: Damage = (_, bytes) => {
  const at = random(bytes.length - 64)
  return Uint8Array.from([...bytes.subarray(0, at), ...bytes.subarray(at + 1 + random(32))])
}

/** Changes the weights inside an archive and packs it with a good checksum. */
const inside =
  (damage: Damage): Damage =>
  async (file, bytes) => {
    const members = new Map(readZip(bytes))
    members.set("model.weights.h5", await damage(file, members.get("model.weights.h5")!.slice()))
    return writeZip(members)
  }

const asText = (bytes: Uint8Array) => new TextDecoder().decode(bytes)
const asBytes = (text: string) => new TextEncoder().encode(text)

/** Changes the text of the configuration, wherever the file has it. */
const config =
  (change: (text: string) => string): Damage =>
  async (file, bytes) => {
    if (file.endsWith(".keras")) {
      const members = new Map(readZip(bytes))
      members.set("config.json", asBytes(change(asText(members.get("config.json")!))))
      return writeZip(members)
    }
    const tree = await readHdf5(bytes, { trusted: true })
    tree.attributes.set("model_config", change(String(tree.attributes.get("model_config"))))
    return writeHdf5(tree)
  }

const strange = fc.sample(fc.jsonValue({ maxDepth: 2 }), { seed, numRuns: 500 })

/** Replaces one value somewhere in the configuration by any JSON. */
function replaceValue(text: string): string {
  const root: unknown = JSON.parse(text)
  const places: [object, string][] = []
  const visit = (value: unknown): void => {
    if (typeof value !== "object" || value === null) return
    for (const [key, item] of Object.entries(value)) {
      places.push([value, key])
      visit(item)
    }
  }
  visit(root)
  const [parent, key] = pick(places)
  Object.defineProperty(parent, key, { value: pick(strange), enumerable: true })
  return JSON.stringify(root)
}

function datasetsOf(group: Hdf5Group, path = ""): { group: Hdf5Group; name: string; path: string }[] {
  return [
    ...[...group.datasets.keys()].map(name => ({ group, name, path: `${path}/${name}` })),
    ...[...group.groups].flatMap(([name, child]) => datasetsOf(child, `${path}/${name}`)),
  ]
}

/** Changes the tree of weights and writes it anew. */
const tree =
  (change: (item: { group: Hdf5Group; name: string }) => void): Damage =>
  async (file, bytes) => {
    if (file.endsWith(".keras")) return inside((_, weights) => tree(change)("", weights))(file, bytes)
    const root = await readHdf5(bytes, { trusted: true })
    change(pick(datasetsOf(root).filter(item => !/optimizer|metrics/.test(item.path))))
    return writeHdf5(root)
  }

const dropMember: Damage = (_, bytes) => {
  const members = new Map(readZip(bytes))
  members.delete(pick(["config.json", "model.weights.h5"]))
  return writeZip(members)
}

interface Kind {
  name: string
  files: readonly string[]
  damage: Damage
  share: number
  /** Whether such damage must be noticed every time. */
  structural: boolean
}

const both = [...archives, ...wholes]
const kinds: Kind[] = [
  { name: "byte flips, archive", files: archives, damage: flips(4), share: 12, structural: false },
  {
    name: "byte flips, HDF5 inside an archive",
    files: archives,
    damage: inside(flips(4)),
    share: 10,
    structural: false,
  },
  { name: "byte flips, HDF5", files: wholes, damage: flips(4), share: 12, structural: false },
  { name: "byte flips, first eighth of HDF5", files: wholes, damage: flips(8, 1 / 8), share: 14, structural: false },
  { name: "bytes overwritten", files: both, damage: overwrite, share: 6, structural: false },
  { name: "bytes inserted", files: both, damage: insert, share: 4, structural: false },
  { name: "bytes removed", files: both, damage: cutOut, share: 4, structural: false },
  {
    name: "value of the configuration replaced (fast-check)",
    files: both,
    damage: config(replaceValue),
    share: 14,
    structural: false,
  },
  { name: "truncation", files: both, damage: (_, b) => b.slice(0, random(b.length)), share: 6, structural: true },
  {
    name: "wrong magic",
    files: both,
    damage: (_, b) => Uint8Array.from(b, (v, i) => (i < 4 ? v ^ (1 + random(255)) : v)),
    share: 4,
    structural: true,
  },
  {
    name: "missing dataset",
    files: both,
    damage: tree(({ group, name }) => group.datasets.delete(name)),
    share: 5,
    structural: true,
  },
  {
    name: "shape mismatch",
    files: both,
    damage: tree(({ group, name }) => {
      const item = group.datasets.get(name)!
      item.shape = [1, ...item.shape]
    }),
    share: 5,
    structural: true,
  },
  {
    name: "bad JSON",
    files: both,
    damage: config(text => text.slice(0, random(text.length))),
    share: 3,
    structural: true,
  },
  { name: "missing member", files: archives, damage: dropMember, share: 1, structural: true },
]

interface Row {
  name: string
  structural: boolean
  total: number
  loaded: number
  refused: number
  broken: string[]
}

const PLACE = /^[^\n]*: [^\n]*: expected [^\n]*, found /

async function attempt(file: string, bytes: Uint8Array): Promise<"loaded" | "refused"> {
  try {
    const model = await loadModel(new File([bytes as Uint8Array<ArrayBuffer>], file))
    const weights = model.getWeights()
    if (weights.length === 0) throw new Error("a model without weights")
    for (const weight of model.weights)
      if (!weight.shape.every(Number.isInteger)) throw new Error("a shape that is none")
    return "loaded"
  } catch (error) {
    if (error instanceof FormatError && PLACE.test(error.message)) return "refused"
    throw error
  }
}

async function main(): Promise<void> {
  const good = new Map(both.map(file => [file, load(file)]))
  for (const [file, bytes] of good) await attempt(file, bytes)
  const shares = kinds.reduce((sum, kind) => sum + kind.share, 0)
  const base = process.memoryUsage().rss
  let peak = 0
  let longest = 0
  const timer = setInterval(() => {
    peak = Math.max(peak, process.memoryUsage().rss)
  }, 5)
  const rows: Row[] = []
  for (const { name, files, damage, share, structural } of kinds) {
    const row: Row = {
      name,
      structural,
      total: Math.round((count * share) / shares),
      loaded: 0,
      refused: 0,
      broken: [],
    }
    for (let i = 0; i < row.total; i++) {
      const file = pick(files)
      const bytes = await damage(file, good.get(file)!)
      const start = performance.now()
      try {
        row[await attempt(file, bytes)]++
      } catch (error) {
        row.broken.push(
          `${file}: ${error instanceof Error ? (error.stack ?? error.message) : String(error)}`.slice(0, 600),
        )
      }
      longest = Math.max(longest, performance.now() - start)
    }
    rows.push(row)
    console.log(`${name}: ${row.total} (${row.loaded} loaded, ${row.refused} refused, ${row.broken.length} broken)`)
    for (const text of row.broken.slice(0, 3)) console.log(text)
  }
  clearInterval(timer)
  report(rows, (peak - base) / 1e6, longest)
}

function report(rows: readonly Row[], megabytes: number, longest: number): void {
  const polluted = Object.keys(Object.prototype).length > 0 || Reflect.get({}, "polluted") !== undefined
  const undetected = rows.filter(row => row.structural && row.loaded > 0)
  const broken = rows.flatMap(row => row.broken)
  const table = rows.map(
    r =>
      `| ${r.name} | ${r.structural ? "every time" : ""} | ${r.total} | ${r.loaded} | ${r.refused} | ${r.broken.length} |`,
  )
  const total = (key: "total" | "loaded" | "refused") => rows.reduce((sum, row) => sum + row[key], 0)
  const text = [
    "# Damaged model files",
    "",
    `\`npx tsx --conditions=@selvedge/source test/formats/mutate.ts ${count} ${seed}\` damages ${both.length} good files of Keras`,
    "and loads the result. A file loads completely (most flipped bytes of an HDF5 file are just other numbers) or is refused",
    "with a `FormatError` that names file, place, expected and found.",
    "",
    "| damage | must be noticed | files | loaded | refused | anything else |",
    "|---|---|---|---|---|---|",
    ...table,
    `| all | | ${total("total")} | ${total("loaded")} | ${total("refused")} | ${broken.length} |`,
    "",
    `Memory above the start: at most ${Math.ceil(megabytes / 64) * 64} MB (limit ${LIMIT_MB} MB). Prototype pollution: ${polluted ? "yes" : "none"}.`,
    "",
  ]
  writeFileSync(new URL("mutations.md", import.meta.url), text.join("\n"))
  console.log(`longest ${Math.round(longest)} ms, memory ${Math.round(megabytes)} MB`)
  process.exitCode = broken.length || undetected.length || polluted || megabytes > LIMIT_MB || longest > 20_000 ? 1 : 0
}

await main()
