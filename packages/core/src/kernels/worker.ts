/**
 * The program of a pool's worker, as text: a worker cannot import TypeScript, and a function's own text would carry the
 * transpiler's helpers. `start` gets the shared memory, the address of this worker's scratch and its place among the
 * workers; the words are those of `pool.ts`.
 *
 * Chunks of a dispatch are claimed by compare-and-swap on one word: the dispatch's number, how many chunks workers have
 * taken from the end, and how many the calling thread has taken from the beginning. So a worker that slept through a
 * dispatch cannot take a chunk of the next by mistake, and a thread meets the same part of a matrix in one dispatch after
 * the other: what it wrote is still in its cache. A worker compiles a program from its bytes in shared memory when it
 * first meets it, before it claims a chunk that others would wait for. It spins for about a millisecond between
 * dispatches, then sleeps: waking up takes as long as a product, and a step has pauses of some hundred microseconds. While
 * fewer workers are wanted than its place it sleeps on that number, and no dispatch wakes it.
 *
 * Between dispatches it does what was postponed, in the ring of `postponed.ts`: there, too, a chunk is claimed by
 * compare-and-swap on one word, which never has the same value twice while its entry can change.
 */
export const workerSource = `
"use strict";
function start({ memory, scratch, index }) {
  const words = new Int32Array(memory.buffer, 0, 16384);
  const SEQUENCE = 0, CLAIM = 1, DONE = 2, SLEEPING = 3, READY = 4, PROGRAM = 5, BYTES = 6, LENGTH = 7, KERNEL = 8,
    ARGS = 9, UNITS = 10, GRAIN = 11, CHUNKS = 12, WANTED = 13,
    NEXT = 14, QUEUED = 15, FINISHED = 16;
  const RING = 1024, ENTRIES = 256, ENTRY = 48;
  const programs = new Map();
  const always = () => true;
  const current = sequence => Atomics.load(words, CLAIM) >>> 14 === (sequence & 262143);
  // The words from "at" on may be those of two runs, mixed while they were read: then "holds" says so, and there is none.
  function kernel(at, holds) {
    const id = words[at], bytesAt = words[at + 1], length = words[at + 2], which = words[at + 3];
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
  function work(sequence) {
    let compiled = false;
    for (;;) {
      const claim = Atomics.load(words, CLAIM);
      const front = claim & 127, back = (claim >>> 7) & 127, chunks = words[CHUNKS];
      if (!current(sequence) || front + back >= chunks) return;
      if (!compiled && kernel(PROGRAM, () => current(sequence)) === null) return;
      compiled = true;
      if (Atomics.compareExchange(words, CLAIM, claim, claim + 128) !== claim) continue;
      const begin = (chunks - 1 - back) * words[GRAIN];
      // Asked for again: only until the chunk is done do the words stay those of the dispatch that it belongs to.
      kernel(PROGRAM, always)(words[ARGS], begin, Math.min(begin + words[GRAIN], words[UNITS]));
      Atomics.add(words, DONE, 1);
    }
  }
  function workOff() {
    for (;;) {
      const next = Atomics.load(words, NEXT), entry = next >>> 8, chunk = next & 255;
      if (entry === Atomics.load(words, QUEUED)) return;
      const at = RING + (entry % ENTRIES) * ENTRY;
      const run = kernel(at, () => Atomics.load(words, NEXT) === next);
      const after = chunk + 1 < words[at + 7] ? next + 1 : ((entry + 1) & 16777215) << 8;
      if (run === null || Atomics.compareExchange(words, NEXT, next, after) !== next) continue;
      const begin = chunk * words[at + 6];
      run(words[at + 4], begin, Math.min(begin + words[at + 6], words[at + 5]));
      Atomics.add(words, FINISHED, 1);
    }
  }
  let last = Atomics.load(words, SEQUENCE);
  Atomics.add(words, READY, 1);
  for (;;) {
    for (let wanted; index >= (wanted = Atomics.load(words, WANTED)); ) Atomics.wait(words, WANTED, wanted);
    for (let spins = 0; Atomics.load(words, SEQUENCE) === last; spins++) {
      if (spins < 200000) continue;
      Atomics.add(words, SLEEPING, 1);
      Atomics.wait(words, SEQUENCE, last);
      Atomics.sub(words, SLEEPING, 1);
      spins = 0;
    }
    last = Atomics.load(words, SEQUENCE);
    work(last);
    workOff();
  }
}
if (typeof process === "object" && process.versions && process.versions.node) {
  const { workerData } = process.getBuiltinModule("node:worker_threads");
  start(workerData);
} else {
  onmessage = ({ data }) => start(data);
}
`
