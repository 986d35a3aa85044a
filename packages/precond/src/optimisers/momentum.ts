/** Gradient descent with a memory of its direction: the heavy ball, and Nesterov's form. */

import { add, mul, neg } from '@neumann/linalg-gpu'
import { leafwise, type Memory } from '../leafwise.js'
import type { Optimiser, PerParameter } from '../optimiser.js'

export interface MomentumHyper {
  /** The step size. */
  readonly lr: PerParameter
  /** How much of the velocity stays: 0.9. */
  readonly mu?: PerParameter
}

/** v₊ = μ v + g,   u = −lr v₊
 *  State    v, 0 at first
 *  Laws     mu = 0 is `sgd`
 *  Differs  Polyak and Sutskever et al. put lr into the velocity, v₊ = μ v − lr g: the same while lr is constant. As here: optax's
 *           and PyTorch's `momentum` with dampening 0 (neither has a default for it; 0.9 is the customary value).
 *  Source   Polyak 1964
 *  @example momentum.update(array([1]), { v: array([2]) }, array([0]), { lr: 0.5, mu: 0.9 }) // => [ f32[1] [-1.4], { v: f32[1] [2.8] } ] */
export const momentum: Optimiser<MomentumHyper, Memory<'v'>> = leafwise<MomentumHyper, 'v'>('momentum', {
  memory: ['v'],
  hyper: { lr: 'required', mu: 0.9 },
  leaf: (g, { v }, { lr, mu }) => {
    const next = add(mul(mu, v), g)
    return [neg(mul(lr, next)), { v: next }]
  },
})

/** v₊ = μ v + g,   u = −lr (g + μ v₊)
 *  State    v, 0 at first
 *  Laws     mu = 0 is `sgd`
 *  Differs  Nesterov asks for the gradient at w + μ v; here w is that point, the change of variables by which all libraries
 *           ask for the gradient where the weights are. As PyTorch's and optax's `nesterov`.
 *  Source   Nesterov 1983; Bengio, Boulanger-Lewandowski, Pascanu 2013, eq. 7
 *  @example nesterov.update(array([1]), { v: array([2]) }, array([0]), { lr: 0.5, mu: 0.5 }) // => [ f32[1] [-1], { v: f32[1] [2] } ] */
export const nesterov: Optimiser<MomentumHyper, Memory<'v'>> = leafwise<MomentumHyper, 'v'>('nesterov', {
  memory: ['v'],
  hyper: { lr: 'required', mu: 0.9 },
  leaf: (g, { v }, { lr, mu }) => {
    const next = add(mul(mu, v), g)
    return [neg(mul(lr, add(g, mul(mu, next)))), { v: next }]
  },
})
