/** Weight decay as a part of the gradient. */

import { add, mul } from '@neumann/linalg-gpu'
import { leafwise, type Memory } from '../leafwise.js'
import type { Optimiser, PerParameter } from '../optimiser.js'

export interface WeightDecayHyper {
  /** λ, the weight of ½ ‖w‖² in the loss. */
  readonly weightDecay: PerParameter
}

/** u = g + λ w:  the gradient of f + ½ λ ‖w‖². A link of a chain, before an optimiser: `chain(weightDecay, sgd)`.
 *  State    none
 *  Differs  as PyTorch's `weight_decay` of sgd, and optax's `add_decayed_weights`. Behind an adaptive method it would be something
 *           else, decay beside the step: that is `adamw`.
 *  Source   Krogh, Hertz 1991
 *  @example weightDecay.update(array([1]), weightDecay.init(array([4])), array([4]), { weightDecay: 0.5 })[0] // => f32[1] [3] */
export const weightDecay: Optimiser<WeightDecayHyper, Memory<never>> = leafwise<WeightDecayHyper, never>(
  'weightDecay',
  {
    memory: [],
    hyper: { weightDecay: 'required' },
    leaf: (g, _, { weightDecay: lambda }, w) => [add(g, mul(lambda, w)), {}],
  },
)
