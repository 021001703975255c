import type { Sequential } from "@selvedge/layers"
import type { Callback, History, Optimizer, Trainer } from "@selvedge/trainer"
import type { ChapterData, Images, Pixels, Prepared } from "./data.ts"
import type { Outcome } from "./train.ts"

/** What is settled about a training run before it begins. */
export interface Plan {
  readonly seed: number
  readonly epochs: number
  readonly batchSize: number
  /** The rate that the experiment names, or the one asked for on the command line. */
  readonly learningRate: number
  /** How many images are trained on. */
  readonly images: number
  /** Training steps an epoch. */
  readonly steps: number
}

/** One network trained once: what most of the chapter's cells are. */
export interface Training {
  readonly title: string
  readonly epochs: number
  /** Default 32. */
  readonly batchSize?: number
  /** Default 0.001. An experiment whose optimizer says its rate itself leaves it out. */
  readonly learningRate?: number
  /** Default `"scaled"`: bytes divided by 255. */
  readonly pixels?: Pixels
  /** Default `"fashion"`. */
  readonly images?: Images
  /** Default `"sparse_categorical_crossentropy"`. */
  readonly loss?: "sparse_categorical_crossentropy" | "binary_crossentropy"
  /** Experiments whose runs with the same seed have to be there first. */
  readonly needs?: readonly string[]
  /** The network, its weights a function of the seed. */
  model(seed: number): Sequential
  optimizer(plan: Plan): Optimizer
  callbacks?(plan: Plan): readonly Callback[]
  /** What else is to be found out about the trained network. */
  after?(lab: Lab, trainer: Trainer): void | Promise<void>
}

/** Whatever is not one network trained once. */
export interface Study {
  readonly title: string
  /** All epochs that it trains; 0 when it trains nothing. */
  readonly epochs: number
  readonly images?: Images
  readonly needs?: readonly string[]
  run(lab: Lab): void | Promise<void>
}

/** An experiment of the chapter, as its file in `experiments/` describes it. */
export type Experiment = Training | Study

/** Whether it is a network that is trained once. */
export const isTraining = (experiment: Experiment): experiment is Training => "model" in experiment

/** A number, a text, or lists and records of them: what a run found out beside its curves. */
export type Fact = number | string | boolean | null | readonly Fact[] | { readonly [name: string]: Fact }

/** Draws a chart in a width of pixels, or in the one that suits it. */
export type Draw = (size: { readonly width?: number }) => string

/** What a run amounts to. */
export interface Result {
  /** Loss and metrics, epoch by epoch, under Keras's names. */
  readonly history: Readonly<Record<string, readonly number[]>>
  /** Seconds of training. */
  readonly seconds: number
  /** Loss and accuracy on the test images. */
  readonly test?: readonly [loss: number, accuracy: number]
}

/** A part of a study: one of its trainings. */
export interface TrainOptions {
  /** What the part is called, where there are several. */
  readonly name?: string
  /** In place of a new network. */
  readonly model?: Sequential
  /** Where the epochs begin to count. */
  readonly initialEpoch?: number
  /** Of all its epochs, the one that it ends with. */
  readonly epochs?: number
}

/** Where an experiment is run: its seed, its data, and what takes down what it finds. */
export interface Lab {
  readonly key: string
  readonly seed: number
  /** Whether few images and epochs have to do. */
  readonly quick: boolean
  /** The run's folder. */
  readonly folder: string
  /** How many epochs are run where the book has so many. */
  epochs(book: number): number
  /** Prints a line; it stays in the run's record. */
  print(line: string): void
  /** Keeps a finding in the run's record. */
  fact(name: string, value: Fact): void
  /** Saves a figure as SVG, one for phones too, and as a PNG of 300 dpi, and says so. */
  figure(name: string, draw: Draw): Promise<void>
  /** The images, as bytes. */
  data(images?: Images): Promise<ChapterData>
  /** The images, as a trainer takes them. */
  prepared(images?: Images, pixels?: Pixels): Promise<Prepared>
  /** Trains a network. */
  train(training: Training, options?: TrainOptions): Promise<Outcome>
  /** A trainer that has not trained yet, for the network, the optimizer and the loss of a training. */
  trainer(training: Training): Promise<Trainer>
  /** A file of the run of another experiment with the same seed, named in `needs`. */
  fileOf(key: string, file: string): string
  /** What the run of another experiment with the same seed came to. */
  resultOf(key: string): Promise<Result>
  /** What this run came to. Said by the lab itself where a training is all there is. */
  result(result: Result): void
}

/** Two histories of one network, one after the other. */
export function joinHistories(first: History, second: History): Record<string, number[]> {
  const names = Object.keys(first.history)
  return Object.fromEntries(
    names.map(name => [name, [...(first.history[name] ?? []), ...(second.history[name] ?? [])]]),
  )
}
