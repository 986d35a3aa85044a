/** @neumann/precond: optimisers whose hyperparameters are arguments, differentiable to any order. */

export type { Defaults, Tensors } from './hyper.js'
export { type Counted, counted, type LeafRule, leafwise, type Memory } from './leafwise.js'
export {
  type AnyOptimiser,
  type Averaging,
  applyUpdates,
  type HyperOf,
  type Optimiser,
  type Params,
  type PerParameter,
  type StateOf,
} from './optimiser.js'
export { type AdaGradHyper, adagrad } from './optimisers/adagrad.js'
export { type AdamHyper, type AdamState, type AdamWHyper, adam, adamw } from './optimisers/adam.js'
export { type MomentumHyper, momentum, nesterov } from './optimisers/momentum.js'
export { type RmsPropHyper, rmsprop } from './optimisers/rmsprop.js'
export { type SgdHyper, sgd } from './optimisers/sgd.js'
export { constant } from './schedules/constant.js'
export { type CosineOptions, cosine } from './schedules/cosine.js'
export { type ExponentialOptions, exponential } from './schedules/exponential.js'
export { join } from './schedules/join.js'
export { type LinearOptions, linear } from './schedules/linear.js'
export { type PiecewiseOptions, piecewise } from './schedules/piecewise.js'
export type { Schedule } from './schedules/schedule.js'
export { chain } from './transformations/chain.js'
export {
  type ClipByGlobalNormHyper,
  type ClipByValueHyper,
  clipByGlobalNorm,
  clipByValue,
  globalNorm,
} from './transformations/clip.js'
export { type EmaHyper, type EmaState, ema } from './transformations/ema.js'
export {
  type LookaheadHyper,
  type LookaheadOptions,
  type LookaheadState,
  lookahead,
} from './transformations/lookahead.js'
export { type Mask, masked } from './transformations/masked.js'
export { scheduled } from './transformations/scheduled.js'
export { type WeightDecayHyper, weightDecay } from './transformations/weightDecay.js'
