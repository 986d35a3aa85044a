/** AdaGrad: steps measured in the root of the sum of all squared gradients. */

import { add, mul, neg, square } from '@neumann/linalg-gpu'
import { leafwise, type Memory } from '../leafwise.js'
import type { Optimiser, PerParameter } from '../optimiser.js'
import { overRoot } from './moments.js'

export interface AdaGradHyper {
  /** The step size. */
  readonly lr: PerParameter
  /** What the sum starts from: 0. It is added where the sum is used, so it may be differentiated by. */
  readonly initial?: PerParameter
  /** Added to the root: 1e-10. */
  readonly epsilon?: PerParameter
}

/** v₊ = v + g²,   u = −lr g / (√(v₊ + initial) + ε)
 *  State    v, 0 at first
 *  Zero     at v₊ + initial = 0 the root has slope 0: ∂u/∂g = −lr / ε there, the exact slope at the first step. With ε = 0 too, u = 0.
 *  Differs  the defaults are those of PyTorch, without its lr_decay; optax starts from 0.1 and has √(v + 1e-7).
 *  Source   Duchi, Hazan, Singer 2011
 *  @example adagrad.update(array([2]), adagrad.init(array([0])), array([0]), { lr: 0.1 })[0] // => f32[1] [-0.1] */
export const adagrad: Optimiser<AdaGradHyper, Memory<'v'>> = leafwise<AdaGradHyper, 'v'>('adagrad', {
  memory: ['v'],
  hyper: { lr: 'required', initial: 0, epsilon: 1e-10 },
  leaf: (g, { v }, { lr, initial, epsilon }) => {
    const next = add(v, square(g))
    return [neg(mul(lr, overRoot(g, add(next, initial), epsilon))), { v: next }]
  },
})
