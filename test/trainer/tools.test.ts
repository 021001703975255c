import { type Tensor, tensor } from "@selvedge/core"
import { BatchNormalization, Dense, Dropout, Sequential } from "@selvedge/layers"
import {
  classificationReport,
  compile,
  confusionMatrix,
  ExponentialDecay,
  findLearningRate,
  mcPredict,
  SGD,
} from "@selvedge/trainer"
import { describe, expect, it } from "vitest"
import { blobs, classifier } from "./small.ts"

const { x, y } = blobs(90)

describe("findLearningRate", () => {
  it("climbs until the loss explodes, suggests a rate that trains, and restores everything", async () => {
    const trainer = classifier({ optimizer: new SGD({ learningRate: 0.01, momentum: 0.9 }) })
    await trainer.fit(x, y, { verbose: 0 })
    const before = [trainer.model.getWeights(), trainer.optimizer.variables.map(v => [...v.data]), trainer.step]
    const options = { minRate: 1e-4, maxRate: 1e4, steps: 60, batchSize: 16 }
    const { rates, losses, smoothed, suggestion } = await findLearningRate(trainer, x, y, options)
    expect([trainer.model.getWeights(), trainer.optimizer.variables.map(v => [...v.data]), trainer.step]).toEqual(
      before,
    )
    expect(rates.length).toBe(losses.length)
    expect(rates.length).toBeLessThan(60)
    expect(rates[0]).toBeCloseTo(1e-4, 12)
    expect(rates[1] / rates[0]).toBeCloseTo(10 ** (8 / 60), 10)
    expect(smoothed[0]).toBeCloseTo(losses[0], 12)
    expect(suggestion).toBeGreaterThan(1e-3)
    expect(suggestion).toBeLessThan(10)
    const again = await findLearningRate(trainer, x, y, options)
    expect(again.losses).toEqual(losses)
  })

  it("puts a schedule back", async () => {
    const decay = new ExponentialDecay({ initialLearningRate: 0.1, decaySteps: 10, decayRate: 0.5 })
    const trainer = classifier({ optimizer: new SGD({ learningRate: decay }) })
    await findLearningRate(trainer, x, y, { maxRate: 1 })
    expect(trainer.optimizer.schedule).toBe(decay)
  })
})

describe("mcPredict", () => {
  const numbers = (x: Tensor) => [...x.data]

  it("has dropout's own mean and standard deviation", () => {
    const dropout = new Sequential([new Dropout(0.5, { inputShape: [2] })], { seed: 1 })
    const { mean, std } = mcPredict(dropout, [[1, 4]], { samples: 4000 })
    // Each is 0 or twice itself: its mean is itself, and so is its standard deviation.
    expect(numbers(mean)[0]).toBeCloseTo(1, 1)
    expect(numbers(mean)[1] / 4).toBeCloseTo(1, 1)
    expect(numbers(std)[0]).toBeCloseTo(1, 2)
    expect(numbers(std)[1] / 4).toBeCloseTo(1, 2)
  })

  it("gives the entropy of the mean, leaves batch normalisation alone, draws anew at each call", () => {
    const normalization = new BatchNormalization()
    const layers = [
      new Dense(8, { inputShape: [2] }),
      normalization,
      new Dropout(0.5),
      new Dense(3, { activation: "softmax" }),
    ]
    const model = new Sequential(layers, { seed: 1 })
    const before = model.getWeights()
    const { mean, std, entropy } = mcPredict(model, x, { samples: 20 })
    expect(model.getWeights()).toEqual(before)
    expect(normalization.trainable).toBe(true)
    expect([mean.shape, std.shape, entropy.shape]).toEqual([[90, 3], [90, 3], [90]])
    const [a, b, c] = numbers(mean)
    expect(a + b + c).toBeCloseTo(1, 5)
    expect(entropy.data[0]).toBeCloseTo(-(a * Math.log(a) + b * Math.log(b) + c * Math.log(c)), 5)
    expect(numbers(mcPredict(model, x, { samples: 20 }).mean)).not.toEqual(numbers(mean))
  })

  it("without anything random is predict", async () => {
    const model = new Sequential([new Dense(3, { activation: "softmax", inputShape: [2] })], { seed: 1 })
    const { mean, std } = mcPredict(model, x, { samples: 3 })
    const predicted = await compile(model, { loss: "mse" }).predict(x)
    if (Array.isArray(predicted)) throw new Error("one output expected")
    for (const [i, value] of numbers(predicted).entries()) expect(mean.data[i]).toBeCloseTo(value, 6)
    expect(Math.max(...numbers(std))).toBeLessThan(1e-6)
  })
})

// What scikit-learn 1.x prints for the same numbers.
describe("reports print what scikit-learn prints", () => {
  const yTrue = [0, 0, 1, 1, 2, 2, 2, 4, 4, 4, 4, 4]
  const yPred = [0, 1, 1, 1, 2, 0, 2, 4, 4, 4, 2, 4]

  it("confusionMatrix", () => {
    const matrix = confusionMatrix(yTrue, yPred)
    expect(matrix.labels).toEqual([0, 1, 2, 4])
    expect(String(matrix)).toBe("[[1 1 0 0]\n [0 2 0 0]\n [1 0 2 0]\n [0 0 1 4]]")
    expect(() => confusionMatrix([1], [1, 2])).toThrow("confusionMatrix: 1 true classes, 2 predicted ones")
    const scores = tensor([
      [0.1, 0.9],
      [0.8, 0.2],
    ])
    expect(confusionMatrix([1, 0], scores).counts).toEqual([
      [1, 0],
      [0, 1],
    ])
  })

  it("classificationReport", () => {
    expect(classificationReport(yTrue, yPred)).toBe(
      "              precision    recall  f1-score   support\n\n" +
        "           0       0.50      0.50      0.50         2\n" +
        "           1       0.67      1.00      0.80         2\n" +
        "           2       0.67      0.67      0.67         3\n" +
        "           4       1.00      0.80      0.89         5\n\n" +
        "    accuracy                           0.75        12\n" +
        "   macro avg       0.71      0.74      0.71        12\n" +
        "weighted avg       0.78      0.75      0.75        12\n",
    )
    const targetNames = ["T-shirt/top", "Trouser", "Pullover or so it seems", "Coat"]
    expect(classificationReport(yTrue, yPred, { targetNames, digits: 3 })).toBe(
      "                         precision    recall  f1-score   support\n\n" +
        "            T-shirt/top      0.500     0.500     0.500         2\n" +
        "                Trouser      0.667     1.000     0.800         2\n" +
        "Pullover or so it seems      0.667     0.667     0.667         3\n" +
        "                   Coat      1.000     0.800     0.889         5\n\n" +
        "               accuracy                          0.750        12\n" +
        "              macro avg      0.708     0.742     0.714        12\n" +
        "           weighted avg      0.778     0.750     0.754        12\n",
    )
    expect(classificationReport([0, 1, 1, 3], [0, 1, 2, 2])).toBe(
      "              precision    recall  f1-score   support\n\n" +
        "           0       1.00      1.00      1.00         1\n" +
        "           1       1.00      0.50      0.67         2\n" +
        "           2       0.00      0.00      0.00         0\n" +
        "           3       0.00      0.00      0.00         1\n\n" +
        "    accuracy                           0.50         4\n" +
        "   macro avg       0.50      0.38      0.42         4\n" +
        "weighted avg       0.75      0.50      0.58         4\n",
    )
  })
})
