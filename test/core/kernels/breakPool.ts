import { linearMemory } from "../../../packages/core/src/kernels/memory.ts"
import { Program } from "../../../packages/core/src/kernels/program.ts"
import { enqueue, finishRuns } from "../../../packages/core/src/kernels/queue.ts"
import { atomic, i32 } from "../../../packages/core/src/kernels/wasm/index.ts"

/**
 * The first thread that is not the calling one gets stuck in its chunk, or dies of a trap; the calling thread waits in
 * its own until that has happened. Words: the main thread's scratch (0: learn it), a flag, whether to trap.
 */
const stuck = new Program("stuck", m => {
  const scratch = m.global("scratch", "i32")
  m.kernel("learn", { at: "i32" }, (f, { at }) => f.atomic.store(at, scratch.get))
  m.kernel("stick", { main: "i32", flag: "i32", trap: "i32" }, (f, { main, flag, trap }) => {
    f.if(
      i32.eq(scratch.get, main),
      () => f.while(i32.eqz(atomic.load(flag)), () => {}),
      () => {
        f.atomic.store(flag, 1)
        f.if(trap, () => f.drop(i32.div_s(1, i32.eqz(flag))))
        f.loop(again => f.branch(again))
      },
    )
  })
})

/** Shares out work in which a worker is lost. @throws SelvedgeError after five seconds, or leaves that to the next who waits. */
export function breakPool(trap: boolean, waits = true): void {
  const place = linearMemory()!.allocate(64)!
  const words = new Int32Array(linearMemory()!.handle.buffer, place.pointer, 16)
  words.fill(0)
  words[0] = place.pointer + 32
  stuck.kernel("learn")!.run(place.pointer, 0, 1)
  words[0] = words[8]
  words[1] = place.pointer + 36
  words[2] = trap ? 1 : 0
  enqueue(stuck.kernel("stick")!, words, 3, 2, 1)
  if (waits) finishRuns()
}
