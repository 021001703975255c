/** A part of the chapter: its experiments stand together in the report. */
export interface Group {
  readonly heading: string
  readonly about: string
  readonly keys: readonly string[]
}

/** The chapter's parts in the order of the book; every experiment is in one of them. */
export const groups: readonly Group[] = [
  {
    heading: "The chapter's figures",
    about: "Activation functions, computed by the library, and what initializers draw.",
    keys: ["figures"],
  },
  {
    heading: "Vanishing and exploding gradients",
    about:
      "Inputs of mean 0 and deviation 1, activations that do not saturate, initialisations that suit them, and how deep a network of plain layers can get.",
    keys: ["standardize", "leaky_relu", "prelu", "selu_1000", "selu_100", "relu_100"],
  },
  {
    heading: "Batch normalisation",
    about: "After the activations and before them.",
    keys: ["bn", "bn_before"],
  },
  {
    heading: "Gradient clipping",
    about: "Ten layers at a rate at which gradients explode, without clipping and with it.",
    keys: ["unclipped", "clipvalue", "clipnorm"],
  },
  {
    heading: "Reusing layers",
    about:
      "A network learns eight classes, and its layers are taken over for two others of which there are 200 images.",
    keys: ["split", "model_A", "model_B", "B_on_A", "B_on_A_shared"],
  },
  {
    heading: "Faster optimizers",
    about: "Nine optimizers from the same weights in the same order of images.",
    keys: ["optimizers"],
  },
  {
    heading: "Learning-rate schedules",
    about: "One network, and eight ways to change the rate while it trains.",
    keys: [
      "power",
      "exponential_epoch",
      "exponential_step",
      "piecewise",
      "plateau",
      "keras_exponential",
      "lr_finder",
      "one_cycle",
    ],
  },
  {
    heading: "Regularisation",
    about: "Penalties, dropout in three forms, and bounded weights.",
    keys: ["l1", "l2", "l1_l2", "dropout", "alpha_dropout", "mc_dropout", "max_norm"],
  },
  {
    heading: "Exercise 8: colour images",
    about: "Twenty hidden layers on CIFAR-10, or, where its archive is missing, on shapes drawn in its stead.",
    keys: ["cifar10_elu", "cifar10_bn", "cifar10_selu", "cifar10_alpha_dropout", "cifar10_one_cycle"],
  },
]
