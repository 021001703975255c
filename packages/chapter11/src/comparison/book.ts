/** What an experiment ended with in the book. */
export interface BookFigure {
  readonly val_loss?: number
  readonly val_accuracy?: number
  readonly test_accuracy?: number
}

/**
 * Where the runs printed in the book's notebook ended (second edition, chapter 11; TensorFlow 2, seed 42): one run each, so
 * they say what to expect and no more.
 */
export const book: Readonly<Record<string, BookFigure>> = {
  leaky_relu: { val_loss: 0.4817, val_accuracy: 0.8396 },
  prelu: { val_loss: 0.4826, val_accuracy: 0.8398 },
  selu_100: { val_loss: 0.4907, val_accuracy: 0.8218 },
  relu_100: { val_loss: 0.6638, val_accuracy: 0.738 },
  bn: { val_loss: 0.3573, val_accuracy: 0.875 },
  bn_before: { val_loss: 0.3875, val_accuracy: 0.866 },
  model_A: { val_loss: 0.2333, val_accuracy: 0.92 },
  model_B: { val_loss: 0.1431, val_accuracy: 0.9716, test_accuracy: 0.9705 },
  B_on_A: { val_loss: 0.0652, val_accuracy: 0.9878, test_accuracy: 0.994 },
  power: { val_loss: 0.3225, val_accuracy: 0.8924 },
  exponential_epoch: { val_loss: 0.5699, val_accuracy: 0.8928 },
  exponential_step: { val_loss: 0.5833, val_accuracy: 0.888 },
  piecewise: { val_loss: 0.5533, val_accuracy: 0.8868 },
  plateau: { val_loss: 0.5241, val_accuracy: 0.8936 },
  keras_exponential: { val_loss: 0.3164, val_accuracy: 0.8904 },
  one_cycle: { val_loss: 0.317, val_accuracy: 0.8934 },
  l2: { val_loss: 0.6826, val_accuracy: 0.8382 },
  dropout: { val_loss: 0.3395, val_accuracy: 0.8722 },
  alpha_dropout: { val_loss: 0.4388, val_accuracy: 0.876, test_accuracy: 0.8639 },
  mc_dropout: { test_accuracy: 0.8661 },
  max_norm: { val_loss: 0.3714, val_accuracy: 0.8662 },
  cifar10_one_cycle: { val_loss: 1.5912, val_accuracy: 0.5198 },
}

/** Loss and accuracy on the validation images with the best epoch's weights, of exercise 8's networks that stop early. */
export const bookBest: Readonly<Record<string, readonly [loss: number, accuracy: number]>> = {
  cifar10_elu: [1.496, 0.4762],
  cifar10_bn: [1.3344, 0.5398],
  cifar10_selu: [1.4633, 0.4792],
  cifar10_alpha_dropout: [1.4805, 0.489],
}
