import { createInterface } from "node:readline"

/** The other side of a `Peer`: for each line with a number of steps, does them and tells how long they took. */
export async function answer(steps: (count: number) => Promise<void> | void): Promise<void> {
  for await (const line of createInterface({ input: process.stdin })) {
    const start = performance.now()
    await steps(Number(line))
    console.log(`ms ${performance.now() - start}`)
  }
}
