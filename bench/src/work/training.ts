import type { Contestant } from "../measure.ts"
import { type Row, randomImages, trainerOf } from "../nets.ts"

/** Steps in one epoch of the data that every contestant trains on. */
export const epochSteps = 64

/** A row with its data, ready to train some epochs. */
export function training(row: Row, batch: number): (epochs: number) => Promise<void> {
  const trainer = trainerOf(row)
  const { x, y } = randomImages(batch * epochSteps)
  return async epochs => {
    await trainer.fit(x, y, { batchSize: batch, epochs, verbose: 0 })
  }
}

/** Steps inside `fit`: whole epochs, of which as many steps are counted as were asked for. */
export function fitting(row: Row, batch: number): Contestant {
  const train = training(row, batch)
  return {
    name: row,
    async run(times) {
      const epochs = Math.max(1, Math.round(times / epochSteps))
      const start = performance.now()
      await train(epochs)
      return ((performance.now() - start) * times) / (epochs * epochSteps)
    },
  }
}
