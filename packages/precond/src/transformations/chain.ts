/** One transformation after the other. */

import { eager, fail } from '@neumann/linalg-gpu/program'
import type { AnyOptimiser, HyperOf, Optimiser, StateOf } from '../optimiser.js'

/** The updates of one link are the gradient of the next:  g₁ = g, gₖ₊₁ = linkₖ(gₖ), u = the last.
 *  State and hyperparameters are lists with an entry for each link.
 *  Laws     chain(a) is a; chain(chain(a, b), c) does what chain(a, b, c) does
 *  @example const training = chain(clipByGlobalNorm, weightDecay, sgd)
 *  const w = array([2])
 *  training.update(array([30]), training.init(w), w, [{ maxNorm: 1 }, { weightDecay: 0.5 }, { lr: 0.1 }])[0] // => f32[1] [-0.2] */
export const chain = <const L extends readonly AnyOptimiser[]>(
  ...links: L
): Optimiser<{ readonly [K in keyof L]: HyperOf<L[K]> }, { readonly [K in keyof L]: StateOf<L[K]> }> => ({
  init: (params) => links.map((link) => link.init(params)) as never,
  update: eager(<P>(gradient: P, state: readonly unknown[], params: P, hyper: readonly unknown[]) => {
    if (hyper?.length !== links.length || state?.length !== links.length)
      fail(
        'chain',
        `has ${links.length} links, got ${state?.length} states and the hyperparameters of ${hyper?.length}: pass a list with an entry for each link, {} for defaults.`,
      )
    let updates = gradient
    const next = links.map((link, k) => {
      const [u, s] = link.update(updates, state[k] as never, params, hyper[k] as never)
      updates = u
      return s
    })
    return [updates, next] as const
  }) as never,
})
