import { Dense, l2, maxNorm, Sequential } from "@selvedge/layers"
import { type Callback, compile, EarlyStopping, SGD } from "@selvedge/trainer"
import { describe, expect, it } from "vitest"
import { blobs, classifier } from "./small.ts"

// What other JavaScript libraries got wrong in training, one test each. Their layers' mistakes are in
// test/layers/otherLibraries.test.ts.

const { x, y } = blobs(60)
const quiet = { verbose: 0, batchSize: 20 } as const

describe("@tensorflow/tfjs-layers 4.22", () => {
  // Constraints are read from configs and kept on variables; only Variable.write, which optimizers pass by, applies them.
  it("never applied constraints in fit", async () => {
    const constrained = new Dense(8, { kernelConstraint: maxNorm(0.1), inputShape: [2] })
    const trainer = classifier({ optimizer: new SGD({ learningRate: 1 }) }, [
      constrained,
      new Dense(3, { activation: "softmax" }),
    ])
    await trainer.fit(x, y, quiet)
    const kernel = constrained.weights[0]!.data
    const norms = Array.from({ length: 8 }, (_, j) => Math.hypot(kernel[j]!, kernel[8 + j]!))
    expect(Math.max(...norms)).toBeLessThanOrEqual(0.1 + 1e-6)
    expect(Math.max(...norms)).toBeGreaterThan(0.09)
  })

  // fit shuffles with Math.random, which nobody can seed.
  it("shuffled without a seed", async () => {
    const run = async (seed: number) => {
      const seen: number[] = []
      const look: Callback = {
        onTrainBatchEnd: () => {
          seen.push(trainer.model.weights[0]!.read()[0]!)
        },
      }
      const trainer = compile(new Sequential([new Dense(1, { inputShape: [2] })], { seed: 1 }), { loss: "mse", seed })
      await trainer.fit(x, y, { ...quiet, epochs: 2, callbacks: [look] })
      return seen
    }
    expect(await run(3)).toEqual(await run(3))
    expect(await run(3)).not.toEqual(await run(4))
  })

  // evaluate leaves the regularizers' penalties out, so that loss and val_loss cannot be compared.
  it("reported val_loss without regularisation", async () => {
    const run = async (strength: number) => {
      const layer = new Dense(1, { kernelRegularizer: l2(strength), kernelInitializer: "ones", inputShape: [2] })
      const options = { loss: "mse", optimizer: new SGD({ learningRate: 1e-30 }) } as const
      const trainer = compile(new Sequential([layer], { seed: 1 }), options)
      const { history } = await trainer.fit(x, y, { ...quiet, validationData: [x, y] })
      return [history.loss![0]!, history.val_loss![0]!, (await trainer.evaluate(x, y)).loss!]
    }
    const [without, penalised] = [await run(0), await run(0.5)]
    // The kernel is [1, 1]: the penalty is 0.5 * 2.
    penalised.forEach((loss, i) => {
      expect(loss - without[i]!).toBeCloseTo(1, 5)
    })
  })

  // EarlyStopping throws "restoreBestWeights is not implemented in TensorFlow.js".
  it("did not implement restoreBestWeights", async () => {
    const trainer = classifier()
    const kept: number[][] = []
    const script: Callback = {
      onEpochEnd: (epoch, logs) => {
        kept.push([...trainer.model.weights[0]!.read()])
        Object.assign(logs, { scripted: [3, 1, 2, 4][epoch]! })
      },
    }
    const early = new EarlyStopping({ monitor: "scripted", mode: "min", patience: 5, restoreBestWeights: true })
    await trainer.fit(x, y, { ...quiet, epochs: 4, callbacks: [script, early] })
    expect([...trainer.model.weights[0]!.read()]).toEqual(kept[1])
    expect(kept[1]).not.toEqual(kept[3])
  })
})
