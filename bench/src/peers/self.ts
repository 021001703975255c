import { createInterface } from "node:readline"
import { setTimeout } from "node:timers/promises"
import { setArithmetic, setVectorWidth } from "@selvedge/core"
import type { Contestant } from "../measure.ts"
import { operations } from "../operations.ts"
import { onNumbers } from "../work/numbers.ts"
import { product } from "../work/product.ts"
import { fitting } from "../work/training.ts"
import type { Task } from "./elsewhere.ts"

/** The process of a task of ours. Arguments: the task as JSON, the vectors' width, the arithmetic. */
const [json = "", width, arithmetic] = process.argv.slice(2)

function contestantOf(task: Task): Contestant {
  if (task.kind === "product") return product(task.of)
  if (task.kind === "step") return fitting(task.of, task.batch)
  const operation = operations.find(({ name }) => name === task.of)
  if (operation === undefined) throw new Error(`bench: there is no operation "${task.of}"`)
  return onNumbers(operation, task.size)
}

async function main(): Promise<void> {
  setArithmetic(arithmetic === "fused" ? "fused" : "portable")
  setVectorWidth(width === "256" ? 256 : 128)
  const contestant = contestantOf(JSON.parse(json))
  // Workers come up after the first work that wants them.
  await contestant.run(1)
  await setTimeout(200)
  for await (const line of createInterface({ input: process.stdin })) {
    const times = Number(line)
    const start = performance.now()
    const own = await contestant.run(times)
    console.log(`ms ${own ?? performance.now() - start}`)
  }
}

await main()
