import type { Experiment } from "../experiment.ts"
import { alpha_dropout } from "./alpha_dropout.ts"
import { B_on_A } from "./B_on_A.ts"
import { B_on_A_shared } from "./B_on_A_shared.ts"
import { bn } from "./bn.ts"
import { bn_before } from "./bn_before.ts"
import { cifar10_alpha_dropout } from "./cifar10_alpha_dropout.ts"
import { cifar10_bn } from "./cifar10_bn.ts"
import { cifar10_elu } from "./cifar10_elu.ts"
import { cifar10_one_cycle } from "./cifar10_one_cycle.ts"
import { cifar10_selu } from "./cifar10_selu.ts"
import { clipnorm } from "./clipnorm.ts"
import { clipvalue } from "./clipvalue.ts"
import { dropout } from "./dropout.ts"
import { exponential_epoch } from "./exponential_epoch.ts"
import { exponential_step } from "./exponential_step.ts"
import { figures } from "./figures.ts"
import { keras_exponential } from "./keras_exponential.ts"
import { l1 } from "./l1.ts"
import { l1_l2 } from "./l1_l2.ts"
import { l2 } from "./l2.ts"
import { leaky_relu } from "./leaky_relu.ts"
import { lr_finder } from "./lr_finder.ts"
import { max_norm } from "./max_norm.ts"
import { mc_dropout } from "./mc_dropout.ts"
import { model_A } from "./model_A.ts"
import { model_B } from "./model_B.ts"
import { one_cycle } from "./one_cycle.ts"
import { optimizers } from "./optimizers.ts"
import { piecewise } from "./piecewise.ts"
import { plateau } from "./plateau.ts"
import { power } from "./power.ts"
import { prelu } from "./prelu.ts"
import { relu_100 } from "./relu_100.ts"
import { selu_100 } from "./selu_100.ts"
import { selu_1000 } from "./selu_1000.ts"
import { split } from "./split.ts"
import { standardize } from "./standardize.ts"
import { unclipped } from "./unclipped.ts"

/** Every experiment by its key, which is its file's name, in the order of the book. */
export const experiments: Readonly<Record<string, Experiment>> = {
  figures,
  standardize,
  leaky_relu,
  prelu,
  selu_1000,
  selu_100,
  relu_100,
  bn,
  bn_before,
  unclipped,
  clipvalue,
  clipnorm,
  split,
  model_A,
  model_B,
  B_on_A,
  B_on_A_shared,
  optimizers,
  power,
  exponential_epoch,
  exponential_step,
  piecewise,
  plateau,
  keras_exponential,
  lr_finder,
  one_cycle,
  l1,
  l2,
  l1_l2,
  dropout,
  alpha_dropout,
  mc_dropout,
  max_norm,
  cifar10_elu,
  cifar10_bn,
  cifar10_selu,
  cifar10_alpha_dropout,
  cifar10_one_cycle,
}
