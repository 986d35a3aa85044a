/** Gradient descent. */

import { mul, neg } from '@neumann/linalg-gpu'
import { leafwise, type Memory } from '../leafwise.js'
import type { Optimiser, PerParameter } from '../optimiser.js'

export interface SgdHyper {
  /** The step size. */
  readonly lr: PerParameter
}

/** u = −lr g
 *  State    none
 *  @example sgd.update(array([1, -2]), sgd.init(array([0, 0])), array([0, 0]), { lr: 0.5 })[0] // => f32[2] [-0.5, 1] */
export const sgd: Optimiser<SgdHyper, Memory<never>> = leafwise<SgdHyper, never>('sgd', {
  memory: [],
  hyper: { lr: 'required' },
  leaf: (g, _, { lr }) => [neg(mul(lr, g)), {}],
})
