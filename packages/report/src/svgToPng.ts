import { readFile } from "node:fs/promises"
import { createRequire } from "node:module"
import { initWasm, Resvg } from "@resvg/resvg-wasm"
import { checkChoice, checkKeys, checkNumber, FormatError } from "@selvedge/core"
import { withResolution } from "./charts/rasterPng.ts"
import { fixTheme } from "./charts/theme.ts"

/** Options of {@link svgToPng}. */
export interface PngOptions {
  /** Resolution: an SVG pixel is 1/96 inch, so 300 gives 3.125 PNG pixels for each. By default 300. */
  readonly dpi?: number
  /** By default `"light"`. */
  readonly theme?: "light" | "dark"
  /** Font files' bytes (TTF, OTF, WOFF, WOFF2), tried in order. By default DejaVu Sans. */
  readonly fonts?: readonly Uint8Array[]
}

const require = createRequire(import.meta.url)
const dejavu = ["latin-400", "latin-700"].map(name => `@fontsource/dejavu-sans/files/dejavu-sans-${name}-normal.woff2`)
let ready: Promise<void> | undefined
let fonts: Promise<readonly Uint8Array[]> | undefined

/**
 * Renders an SVG of this package as PNG, with the resolution written into the file (pHYs), so that it prints in its size.
 *
 * @throws OptionError for a bad option
 * @throws FormatError for text that is no SVG
 */
export async function svgToPng(svg: string, options: PngOptions = {}): Promise<Uint8Array> {
  const owner = "svgToPng"
  checkKeys(owner, options, ["dpi", "theme", "fonts"])
  const dpi = checkNumber(owner, "dpi", options.dpi ?? 300, { min: 10, max: 2400 })
  const theme = checkChoice(owner, "theme", options.theme ?? "light", ["light", "dark"])
  ready ??= readFile(require.resolve("@resvg/resvg-wasm/index_bg.wasm")).then(initWasm)
  await ready
  fonts ??= Promise.all(dejavu.map(name => readFile(require.resolve(name))))
  const fontBuffers = [...(options.fonts ?? (await fonts))]
  const font = { fontBuffers, sansSerifFamily: "DejaVu Sans", defaultFontFamily: "DejaVu Sans" }
  return withResolution(render(fixTheme(svg, theme), { font, fitTo: { mode: "zoom", value: dpi / 96 } }), dpi)
}

function render(svg: string, options: ConstructorParameters<typeof Resvg>[1]): Uint8Array {
  try {
    const renderer = new Resvg(svg, options)
    const image = renderer.render()
    const png = image.asPng()
    image.free()
    renderer.free()
    return png
  } catch (cause) {
    throw new FormatError(`svgToPng: the text is no SVG that can be rendered: ${cause}`, { cause })
  }
}
