import { claims, entry, ring, word } from "./control.ts"

const layout = JSON.stringify({ claims, entry, ring, word })

/**
 * The program of a pool's worker, as text: a worker cannot import TypeScript, and a function's own text would carry the
 * transpiler's helpers. `start` gets the shared memory, the address of this worker's scratch and its place among the
 * workers.
 *
 * Chunks of a run are claimed by compare-and-swap on one word (`control.ts`): the run's number, how many chunks workers
 * have taken from the end, and how many the calling thread has taken from the beginning. So a worker that was held up
 * cannot take a chunk of a later run by mistake, and a thread meets the same part of a matrix in one run after the other:
 * what it wrote is still in its cache. A worker compiles a program from its bytes in shared memory when it first meets it,
 * before it claims a chunk that others would wait for. What nobody waits for it does while it would wait itself.
 *
 * It spins for about a millisecond when there is nothing to do, then sleeps: waking up takes as long as a product, and a
 * step has pauses of some hundred microseconds. While fewer workers are wanted than its place it sleeps on that number,
 * and no run wakes it.
 */
export const workerSource = `
"use strict";
const { claims, entry, ring, word } = ${layout};
function start({ memory, scratch, index }) {
  const words = new Int32Array(memory.buffer, 0, ring.free + ring.entries * ring.entryWords);
  const programs = new Map();
  const chain = { first: ring.chain, claim: word.claim, queued: word.queued };
  const free = { first: ring.free, claim: word.freeClaim, queued: word.freeQueued };
  const EMPTY = 0, BUSY = 1, BEHIND = 2;
  // The words of an entry may be those of two runs, mixed while they were read: then "holds" says so, and there is none.
  function kernel(at, holds) {
    const id = words[at + entry.program], bytesAt = words[at + entry.bytes], length = words[at + entry.length];
    const which = words[at + entry.kernel];
    if (!holds()) return null;
    let functions = programs.get(id);
    if (functions === undefined) {
      const bytes = new Uint8Array(memory.buffer, bytesAt, length).slice();
      const instance = new WebAssembly.Instance(new WebAssembly.Module(bytes), { env: { memory } });
      if (instance.exports.scratch) instance.exports.scratch.value = scratch;
      functions = Object.values(instance.exports).filter(value => typeof value === "function");
      programs.set(id, functions);
    }
    return functions[which];
  }
  function takeChunk(from) {
    const claim = Atomics.load(words, from.claim), number = claim >>> claims.number;
    if (number === Atomics.load(words, from.queued)) return EMPTY;
    const at = from.first + (number % ring.entries) * ring.entryWords;
    const run = kernel(at, () => Atomics.load(words, from.claim) >>> claims.number === number);
    if (run === null) return BUSY;
    if (Atomics.load(words, word.completed) - words[at + entry.after] << claims.number < 0) return BEHIND;
    const chunks = words[at + entry.chunks], grain = words[at + entry.grain];
    const front = claim & claims.mask, back = (claim >>> claims.bits) & claims.mask;
    const next = front + back + 1 < chunks ? claim + (1 << claims.bits) : ((number + 1) & claims.numbers) << claims.number;
    if (Atomics.compareExchange(words, from.claim, claim, next) !== claim) return BUSY;
    const begin = (chunks - 1 - back) * grain;
    run(4 * (at + ring.argumentWords), begin, Math.min(begin + grain, words[at + entry.units]));
    if (from === free) Atomics.add(words, word.finished, 1);
    else if (Atomics.add(words, at + entry.done, 1) + 1 === chunks) Atomics.store(words, word.completed, number);
    return BUSY;
  }
  Atomics.add(words, word.ready, 1);
  for (let spins = 0; ; ) {
    for (let wanted; index >= (wanted = Atomics.load(words, word.wanted)); ) Atomics.wait(words, word.wanted, wanted);
    const called = Atomics.load(words, word.called);
    const found = takeChunk(chain), other = found === BUSY ? BUSY : takeChunk(free);
    if (other === BUSY) spins = 0;
    else if (++spins > 200000 && found === EMPTY && other === EMPTY) {
      Atomics.add(words, word.sleeping, 1);
      Atomics.wait(words, word.called, called);
      Atomics.sub(words, word.sleeping, 1);
      spins = 0;
    } else if (spins > 20000 && (found === BEHIND || other === BEHIND)) {
      // With more threads than cores the one that is waited for may need this core.
      Atomics.wait(words, word.completed, Atomics.load(words, word.completed), 0.2);
    }
  }
}
if (typeof process === "object" && process.versions && process.versions.node) {
  const { workerData } = process.getBuiltinModule("node:worker_threads");
  start(workerData);
} else {
  onmessage = ({ data }) => start(data);
}
`
