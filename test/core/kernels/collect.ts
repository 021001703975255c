import { readdirSync, readFileSync } from "node:fs"
import { join } from "node:path"

const packages = join(import.meta.dirname, "../../../packages")

/** All source files with a loop that may have a twin. */
export function filesWithLoops(): string[] {
  return ["core/src/ops", "layers/src", "trainer/src"].flatMap(folder =>
    readdirSync(join(packages, folder), { recursive: true, encoding: "utf8" })
      .map(name => join(packages, folder, name))
      .filter(path => path.endsWith(".ts") && /vectorized(Later)?\(/.test(readFileSync(path, "utf8"))),
  )
}
