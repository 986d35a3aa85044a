/** RMSProp: steps measured in the root mean square of recent gradients. */

import { mul, neg } from '@neumann/linalg-gpu'
import { leafwise, type Memory } from '../leafwise.js'
import type { Optimiser, PerParameter } from '../optimiser.js'
import { averagedSquare, overRoot } from './moments.js'

export interface RmsPropHyper {
  /** The step size. */
  readonly lr: PerParameter
  /** How much of the mean of squares stays: 0.99. */
  readonly rho?: PerParameter
  /** Added to the root: 1e-8. */
  readonly epsilon?: PerParameter
}

/** v₊ = ρ v + (1 − ρ) g²,   u = −lr g / (√v₊ + ε)
 *  State    v, 0 at first
 *  Zero     at v = 0 the root has slope 0: ∂u/∂g = −lr / ε there, the exact slope at the first step. With ε = 0 too, u = 0.
 *  Differs  as in PyTorch, where ρ is `alpha`; optax has `decay` 0.9 and √(v + ε). Not centred, no momentum.
 *  Source   Hinton 2012, lecture 6e
 *  @example rmsprop.update(array([2]), rmsprop.init(array([0])), array([0]), { lr: 0.1, rho: 0.75 })[0] // => f32[1] [-0.2] */
export const rmsprop: Optimiser<RmsPropHyper, Memory<'v'>> = leafwise<RmsPropHyper, 'v'>('rmsprop', {
  memory: ['v'],
  hyper: { lr: 'required', rho: 0.99, epsilon: 1e-8 },
  leaf: (g, { v }, { lr, rho, epsilon }) => {
    const next = averagedSquare(rho, v, g)
    return [neg(mul(lr, overRoot(g, next, epsilon))), { v: next }]
  },
})
