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
const systemFonts = [
  ["/usr/share/fonts/truetype/dejavu/DejaVuSans.ttf", "/usr/share/fonts/truetype/dejavu/DejaVuSans-Bold.ttf"],
  ["/usr/share/fonts/TTF/DejaVuSans.ttf", "/usr/share/fonts/TTF/DejaVuSans-Bold.ttf"],
  ["/usr/share/fonts/dejavu-sans-fonts/DejaVuSans.ttf", "/usr/share/fonts/dejavu-sans-fonts/DejaVuSans-Bold.ttf"],
  ["/usr/share/fonts/truetype/liberation/LiberationSans-Regular.ttf"],
  ["/System/Library/Fonts/Supplemental/Arial.ttf", "/System/Library/Fonts/Supplemental/Arial Bold.ttf"],
  ["C:\\Windows\\Fonts\\arial.ttf", "C:\\Windows\\Fonts\\arialbd.ttf"],
]

let ready: Promise<void> | undefined
let fonts: Promise<Uint8Array[]> | undefined

/**
 * Renders an SVG of this package as PNG, with the resolution written into the file (pHYs), so that it prints in its size.
 *
 * @throws OptionError for a bad option
 * @throws FormatError for text that is no SVG, or when no font is found
 */
export async function svgToPng(svg: string, options: PngOptions = {}): Promise<Uint8Array> {
  const owner = "svgToPng"
  checkKeys(owner, options, ["dpi", "theme", "fonts"])
  const dpi = checkNumber(owner, "dpi", options.dpi ?? 300, { min: 10, max: 2400 })
  const theme = checkChoice(owner, "theme", options.theme ?? "light", ["light", "dark"])
  ready ??= readFile(require.resolve("@resvg/resvg-wasm/index_bg.wasm")).then(initWasm)
  await ready
  fonts ??= findFonts()
  const fontBuffers = options.fonts ? [...options.fonts] : await fonts
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

async function findFonts(): Promise<Uint8Array[]> {
  const bundled = dejavu.map(name => async () => readFile(require.resolve(name)))
  const candidates = [bundled, ...systemFonts.map(paths => paths.map(path => () => readFile(path)))]
  for (const files of candidates) {
    const read = await Promise.all(files.map(file => file().catch(() => undefined)))
    const found = read.filter(bytes => bytes !== undefined)
    if (found.length > 0) return found
  }
  throw new FormatError("svgToPng: no font was found, so the chart's texts would be missing", {
    facts: { tried: candidates.length },
    hint: "pass fonts: [await readFile('font.ttf')]",
  })
}
