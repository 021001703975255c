import { expect, it } from "vitest"
import { killedRun } from "../trainer/kill.ts"

// About half a second each, most of it the start of a process: a minute on two cores.
it("a run killed 100 times with SIGKILL, at least 20 of them while a checkpoint is written, ends in the same bits", async () => {
  const { kills, inWindow, log } = await killedRun({ kills: 100, seed: 2 })
  console.log(`killed at: ${log.join(", ")}`)
  expect(kills).toBe(100)
  expect(inWindow).toBeGreaterThanOrEqual(20)
  expect(new Set(log.filter(moment => moment.startsWith("window"))).size).toBe(3)
}, 900_000)
