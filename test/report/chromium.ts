import { existsSync } from "node:fs"

/** Path of a Chromium for the tests that look at pages: `CHROMIUM_PATH`, or where distributions put it. */
export const chromiumPath = [
  process.env.CHROMIUM_PATH ?? "",
  "/usr/bin/chromium",
  "/usr/bin/chromium-browser",
  "/usr/bin/google-chrome",
  "/Applications/Google Chrome.app/Contents/MacOS/Google Chrome",
].find(path => path !== "" && existsSync(path))
