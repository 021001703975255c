import { add, type Buffer, type Tensor } from "@selvedge/core"
import { BatchNormalization, Dense, Layer, Sequential } from "@selvedge/layers"
import { BrokenUpdateError, compile, SGD, type Trainer } from "@selvedge/trainer"
import { describe, expect, it } from "vitest"
import { record } from "../../packages/core/src/autograd.ts"
import { breakPool } from "../core/kernels/breakPool.ts"
import { threadsReady } from "../core/kernels/twins.ts"
import { blobs } from "../trainer/small.ts"

/** Counts down to the moment at which a worker is lost. */
class Fuse {
  left = Infinity
  burn(waits = true): void {
    if (--this.left === 0) breakPool(false, waits)
  }
}

/** Hands its input on; a worker may be lost in its forward or its backward pass. */
class Passing extends Layer {
  static override readonly className = "Passing"
  readonly #forward: Fuse
  readonly #backward: Fuse
  constructor(forward: Fuse, backward: Fuse) {
    super()
    this.#forward = forward
    this.#backward = backward
  }
  override call(x: Tensor): Tensor {
    this.#forward.burn()
    const y = add(x, 0).read().slice()
    return record("passing", y, x.shape, [x], (dy, dx) => {
      this.#backward.burn()
      if (dx) for (let i = 0; i < dx.length; i++) dx[i]! += dy[i]!
    })
  }
}

/** Plain descent, in which a worker may be lost between two weights, or in what nobody has waited for yet. */
class FragileSGD extends SGD {
  readonly fuse = new Fuse()
  readonly late = new Fuse()
  protected override update(...args: Parameters<SGD["update"]>): void {
    this.fuse.burn()
    super.update(...args)
    this.late.burn(false)
  }
}

/** With `vectors`, every weight is large enough for kernels, and nothing after an update of weights waits for them. */
function fragile(vectors = false) {
  const [forward, backward, optimizer] = [new Fuse(), new Fuse(), new FragileSGD({ learningRate: 0.1, momentum: 0.9 })]
  const model = new Sequential(
    [
      new Dense(vectors ? 32 : 8, { activation: "relu", inputShape: [2] }),
      ...(vectors ? [] : [new BatchNormalization()]),
      new Passing(forward, backward),
      new Dense(vectors ? 32 : 3, { activation: "softmax" }),
    ],
    { seed: 7 },
  )
  const trainer = compile(model, { loss: "sparse_categorical_crossentropy", optimizer, seed: 5 })
  return { trainer, fuses: { forward, backward, update: optimizer.fuse, queued: optimizer.late } }
}

const { x, y } = blobs(48)
const stateOf = ({ model, optimizer }: Trainer) =>
  [...model.getWeights(), ...optimizer.variables.map(v => v.read())].map((values: Buffer) => Array.from(values))

/** What weights and slots are after whole epochs and some steps more, undisturbed. */
async function undisturbed(epochs: number, steps: number, vectors: boolean): Promise<number[][]> {
  const { trainer } = fragile(vectors)
  const states: number[][][] = []
  const onTrainBatchEnd = () => {
    states.push(stateOf(trainer))
  }
  await trainer.fit(x, y, { epochs: epochs + 1, batchSize: 16, verbose: 0, callbacks: [{ onTrainBatchEnd }] })
  return states[3 * epochs + steps - 1]!
}

describe("a worker that is lost in the second step of the second epoch", () => {
  it.each([
    { point: "forward", left: 2, after: [1, 1] },
    { point: "backward", left: 2, after: [1, 1] },
    // Six weights a step: between the second and the third of them.
    { point: "update", left: 9, after: [1, 0] },
    // After the last of four weights.
    { point: "queued", left: 8, after: [1, 0] },
  ] as const)("during $point: fit fails, and weights and slots are whole", async ({ point, left, after }) => {
    await threadsReady(2)
    const { trainer, fuses } = fragile(point === "queued")
    const onEpochBegin = (epoch: number) => {
      if (epoch === 1) fuses[point].left = left
    }
    const failed = trainer.fit(x, y, { epochs: 3, batchSize: 16, verbose: 0, callbacks: [{ onEpochBegin }] })
    await expect(failed).rejects.toThrow(/a worker stopped in the middle of its work/)
    const error: unknown = await failed.catch(reason => reason)
    expect(error instanceof BrokenUpdateError).toBe(after[1] === 0)
    expect(stateOf(trainer)).toEqual(await undisturbed(after[0], after[1], point === "queued"))
    if (after[1] === 0) expect(String(error)).toContain("again as they were at the beginning of epoch 2")
    // The pool has recovered: the run can be made again.
    await threadsReady(2)
    expect((await trainer.fit(x, y, { epochs: 2, batchSize: 16, verbose: 0 })).epoch).toEqual([0, 1])
  })

  it("in an update of trainOnBatch: says that the model must be restored", async () => {
    await threadsReady(2)
    const { trainer, fuses } = fragile()
    fuses.update.left = 2
    expect(() => trainer.trainOnBatch({ data: x.data, shape: x.shape }, y)).toThrow(
      /trainer: the update of step 0 ended in the middle: threads: .*\n.*\n.*restore the model, for instance from a checkpoint/,
    )
  })
})
