import { OptionError } from "@selvedge/core"
import { DownloadError, type DownloadSettings, download } from "./download.ts"
import { cacheFolder, exists, readIfPresent, writeAtomic } from "./files.ts"
import { type NodeFiles, nodeFiles } from "./node.ts"

/** A file of a data set. */
export interface DatasetFile<C> {
  /** The names it may have; the first is the publisher's. */
  readonly names: readonly string[]
  readonly maxBytes: number
  /**
   * Checks the bytes and takes them apart.
   * @throws FormatError that calls the file `place`.
   */
  open(bytes: Uint8Array, place: string): Promise<C>
}

/** One way in which a data set may lie in a folder. */
export interface Layout<C> {
  /** Folders in which to look, relative to the one given. */
  readonly folders: readonly string[]
  readonly files: readonly DatasetFile<C>[]
}

/** A data set that comes in files. */
export interface DatasetSpec<C> {
  /** Name of its folder in the cache. */
  readonly key: string
  readonly title: string
  /** The first layout is the publisher's, which is downloaded and cached. */
  readonly layouts: readonly [Layout<C>, ...Layout<C>[]]
  /** Addresses that a file's name is appended to. */
  readonly mirrors: readonly string[]
  /** Whether `SELVEDGE_DATASETS` may name a folder that has nothing of this data set. */
  readonly optionalInEnvironment?: boolean
}

/** Where to look for a data set, and how to fetch it. */
export interface ObtainOptions extends DownloadSettings {
  /** Looked into before all else; it must hold the data set, or a folder with the data set in it. */
  readonly folder?: string
  /** In place of the user's cache folder. */
  readonly cacheFolder?: string
  /** In place of the publisher's addresses. */
  readonly mirrors?: readonly string[]
  /** Never downloads. */
  readonly offline?: boolean
}

/** The opened files in the order of their layout, or why there are none. */
export type Obtained<C> =
  | { readonly source: "folder" | "cache" | "download"; readonly place: string; readonly contents: readonly C[] }
  | { readonly source: "none"; readonly reason: string }

/** Keys of ObtainOptions, for `checkKeys`. */
export const obtainKeys = [
  "folder",
  "cacheFolder",
  "mirrors",
  "offline",
  "onProgress",
  "onMessage",
  "signal",
  "connectTimeoutMs",
  "stallTimeoutMs",
  "attempts",
  "backoffMs",
] as const

/**
 * Finds a data set in `options.folder` or the folder that `SELVEDGE_DATASETS` names, else in the cache, else downloads
 * it into the cache. Source is `"none"` when there is no network, or `offline` is set.
 *
 * @throws OptionError when the given folder lacks files; FormatError for a damaged file, which is left as it is;
 *   DownloadError when servers answer but do not give the files.
 */
export async function obtain<C>(spec: DatasetSpec<C>, options: ObtainOptions = {}): Promise<Obtained<C>> {
  const node = nodeFiles(spec.title)
  const named = options.folder ?? (node.env.SELVEDGE_DATASETS || undefined)
  if (named !== undefined) {
    const given = await fromFolder(node, spec, named, options.folder !== undefined)
    if (given) return given
    options.onMessage?.(`SELVEDGE_DATASETS: there is no ${spec.title} in ${named}`)
  }
  const cache = node.path.join(options.cacheFolder ?? cacheFolder(node), spec.key)
  return throughCache(node, spec, cache, options)
}

interface Located {
  readonly present: readonly (string | undefined)[]
  readonly missing: readonly string[]
}

async function locate<C>(node: NodeFiles, folder: string, layout: Layout<C>): Promise<Located> {
  const present = await Promise.all(
    layout.files.map(async file => {
      for (const name of file.names) {
        const path = node.path.join(folder, name)
        if (await exists(node, path)) return path
      }
      return undefined
    }),
  )
  const missing = layout.files.flatMap((file, i) => (present[i] === undefined ? [file.names[0] ?? ""] : []))
  return { present, missing }
}

async function fromFolder<C>(
  node: NodeFiles,
  spec: DatasetSpec<C>,
  named: string,
  explicit: boolean,
): Promise<Obtained<C> | undefined> {
  let best: { folder: string; layout: Layout<C>; found: Located } | undefined
  for (const layout of spec.layouts) {
    for (const sub of layout.folders) {
      const folder = node.path.join(node.path.resolve(named), sub)
      const found = await locate(node, folder, layout)
      if (found.missing.length === 0) return openAll(node, folder, layout, found)
      const nearer =
        !best || layout.files.length - found.missing.length > best.layout.files.length - best.found.missing.length
      if (nearer) best = { folder, layout, found }
    }
  }
  const nothing = !best || best.found.missing.length === best.layout.files.length
  if (nothing && !explicit && spec.optionalInEnvironment) return undefined
  const { folder, missing } = nothing
    ? { folder: node.path.resolve(named), missing: spec.layouts[0].files.map(file => file.names[0]) }
    : { folder: best?.folder ?? named, missing: best?.found.missing ?? [] }
  throw new OptionError(`${spec.title}: the folder ${named} lacks ${missing.length === 1 ? "a file" : "files"}`, {
    facts: {
      "named by": explicit ? "the option folder (--data)" : "SELVEDGE_DATASETS",
      folder,
      missing: missing.join(", "),
    },
    rule: `the folder holds these files, or a folder ${spec.key} with them`,
    hint: "complete it, or name no folder to use the cache and the download",
  })
}

async function openAll<C>(node: NodeFiles, folder: string, layout: Layout<C>, found: Located): Promise<Obtained<C>> {
  const contents: C[] = []
  for (const [i, file] of layout.files.entries()) {
    const content = await openFile(node, file, found.present[i])
    if (content === undefined) throw new OptionError(`${found.present[i]}: the file has vanished`)
    contents.push(content)
  }
  return { source: "folder", place: folder, contents }
}

async function openFile<C>(node: NodeFiles, file: DatasetFile<C>, path: string | undefined): Promise<C | undefined> {
  const bytes = path === undefined ? undefined : await readIfPresent(node, path, file.maxBytes)
  return bytes === undefined || path === undefined ? undefined : file.open(bytes, path)
}

async function throughCache<C>(
  node: NodeFiles,
  spec: DatasetSpec<C>,
  cache: string,
  options: ObtainOptions,
): Promise<Obtained<C>> {
  const contents: C[] = []
  let origin: string | undefined
  for (const file of spec.layouts[0].files) {
    const path = node.path.join(cache, file.names[0] ?? "")
    const cached = await openFile(node, file, path)
    if (cached !== undefined) {
      contents.push(cached)
      continue
    }
    if (options.offline) return { source: "none", reason: `it is not in ${cache}, and downloads are off` }
    try {
      const { content, url } = await fetchInto(node, spec, file, path, options)
      contents.push(content)
      origin ??= url.slice(0, url.lastIndexOf("/") + 1)
    } catch (error) {
      // With an answer before there is a network: what fails now is an error, not a reason to use something else.
      if (!(error instanceof DownloadError) || !error.offline || origin !== undefined) throw error
      return { source: "none", reason: "there is no network and it is not in the cache" }
    }
  }
  if (origin === undefined) return { source: "cache", place: cache, contents }
  return { source: "download", place: `${origin} into ${cache}`, contents }
}

async function fetchInto<C>(
  node: NodeFiles,
  spec: DatasetSpec<C>,
  file: DatasetFile<C>,
  path: string,
  options: ObtainOptions,
): Promise<{ content: C; url: string }> {
  const name = file.names[0] ?? ""
  const urls = (options.mirrors ?? spec.mirrors).map(mirror => `${mirror.replace(/\/$/, "")}/${name}`)
  const wanted = { file: name, urls, maxBytes: file.maxBytes, open: (bytes: Uint8Array) => file.open(bytes, name) }
  const { bytes, content, url } = await download(wanted, options)
  try {
    await writeAtomic(node, path, bytes)
  } catch (error) {
    // A read-only home is no reason not to train.
    options.onMessage?.(`${name}: could not be kept in the cache: ${error instanceof Error ? error.message : error}`)
  }
  return { content, url }
}
