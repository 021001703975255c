import { existsSync } from "node:fs"

/** Path of a Chromium for the tests that look at pages: `CHROMIUM_PATH`, or where distributions put it. */
export const chromiumPath = [
  process.env.CHROMIUM_PATH ?? "",
  "/usr/bin/chromium",
  "/usr/bin/chromium-browser",
  "/usr/bin/google-chrome",
  "/Applications/Google Chrome.app/Contents/MacOS/Google Chrome",
].find(path => path !== "" && existsSync(path))

/** Runs in the page: pairs of texts that overlap by more than a pixel, and texts outside of their chart. */
export const findClashes = `[...document.querySelectorAll("svg.selvedge")].filter(svg => svg.checkVisibility()).flatMap(svg => {
  const frame = svg.getBoundingClientRect()
  const boxes = [...svg.querySelectorAll("text")].filter(text => !text.getAttribute("transform")?.includes("-45")).map(text => [text.textContent, text.getBoundingClientRect()])
  const outside = boxes.filter(([, b]) => b.left < frame.left - 1 || b.right > frame.right + 1 || b.top < frame.top - 2 || b.bottom > frame.bottom + 2)
  const pairs = boxes.flatMap(([p, a], i) => boxes.slice(i + 1).filter(([, b]) => a.left + 1 < b.right && b.left + 1 < a.right && a.top + 3 < b.bottom && b.top + 3 < a.bottom).map(([q]) => p + " / " + q))
  return [...outside.map(([text]) => text), ...pairs]
})`
