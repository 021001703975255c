/**
 * What the control block at address 0 of linear memory holds, in words of 32 bits: first single words, then two rings of
 * entries, one for each run of a kernel. `pool.ts`, `queue.ts` and the workers' program have it from here.
 */
export const word = {
  ...{ claim: 0, queued: 1, freeClaim: 2, freeQueued: 3 },
  ...{ completed: 4, finished: 5, called: 6, sleeping: 7, ready: 8, wanted: 9 },
} as const

/** Where the two rings begin; how many entries each has; an entry's words; where its copy of the kernel's arguments begins. */
export const ring = { chain: 1024, free: 1024 + 256 * 48, entries: 256, entryWords: 48, argumentWords: 12 } as const

/**
 * The words of an entry: the program's number, address and length, the kernel's place among its functions; how much work
 * there is, in units, units of a chunk, and chunks; the number of the entry of the chain that must be done before; how many
 * chunks are done.
 */
export const entry = {
  ...{ program: 0, bytes: 1, length: 2, kernel: 3 },
  ...{ units: 4, grain: 5, chunks: 6, after: 7, done: 8 },
} as const

/**
 * A claim word, from its lowest bit: chunks taken from the beginning, chunks taken from the end, 7 bits each, and the
 * number of the entry that they belong to, 18 bits.
 */
export const claims = { bits: 7, mask: 127, number: 14, numbers: 0x3ffff } as const
