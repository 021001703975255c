import { setFlagsFromString } from "node:v8"
import { runInNewContext } from "node:vm"

setFlagsFromString("--expose-gc")
const gc: () => void = runInNewContext("gc")

/** Collects what nobody holds, and lets what is to follow a collection follow, until `done` says so or in vain. */
export async function collectUntil(done: () => boolean): Promise<void> {
  for (let i = 0; i < 40 && !done(); i++) {
    gc()
    await new Promise(resolve => setTimeout(resolve, 5))
  }
}
