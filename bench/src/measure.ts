/** What one contestant of a comparison does: once per call. */
export interface Contestant {
  readonly name: string
  /** Runs `times` repetitions; may report a duration of its own in ms, as a peer in another process does. */
  run(times: number): number | undefined | Promise<number>
}

/** Durations of one repetition in ms, over all rounds. */
export interface Timing {
  readonly name: string
  readonly median: number
  readonly best: number
  readonly rounds: readonly number[]
}

export interface MeasureOptions {
  /** How often the contestants take turns. */
  readonly rounds: number
  /** How long a turn lasts at least, in ms. */
  readonly turn: number
}

/**
 * Times contestants in turns, so that whatever else the machine does falls on all of them alike: ratios hold where
 * absolute figures do not.
 */
export async function measure(contestants: readonly Contestant[], options: MeasureOptions): Promise<Timing[]> {
  const repetitions: number[] = []
  for (const contestant of contestants) repetitions.push(await warmUp(contestant, options.turn))
  const durations = contestants.map((): number[] => [])
  for (let round = 0; round < options.rounds; round++) {
    for (const [i, contestant] of contestants.entries()) {
      const times = repetitions[i] ?? 1
      durations[i]?.push((await timed(contestant, times)) / times)
    }
  }
  return contestants.map(({ name }, i) => {
    const rounds = durations[i] ?? []
    const sorted = [...rounds].sort((a, b) => a - b)
    return { name, median: sorted[Math.floor(sorted.length / 2)] ?? Number.NaN, best: sorted[0] ?? Number.NaN, rounds }
  })
}

/** The median of the ratios within each round: what disturbs a whole round falls out of it. */
export function ratioOf(ours: Timing | undefined, theirs: Timing): number {
  const ratios = theirs.rounds.map((their, i) => (ours?.rounds[i] ?? Number.NaN) / their).sort((a, b) => a - b)
  return ratios[Math.floor(ratios.length / 2)] ?? Number.NaN
}

/** Runs until the optimising compiler is likely done, and finds how many repetitions fill a turn. */
async function warmUp(contestant: Contestant, turn: number): Promise<number> {
  let times = 1
  for (;;) {
    const elapsed = await timed(contestant, times)
    if (elapsed >= turn) break
    times = Math.ceil(times * Math.min(8, Math.max(1.5, turn / Math.max(elapsed, 0.01))))
  }
  const elapsed = await timed(contestant, times)
  return Math.max(1, Math.round((times * turn) / elapsed))
}

async function timed(contestant: Contestant, times: number): Promise<number> {
  const start = performance.now()
  const own = await contestant.run(times)
  return typeof own === "number" ? own : performance.now() - start
}
