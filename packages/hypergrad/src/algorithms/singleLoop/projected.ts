/** Hyperparameters that are held in a set: data weights in a box, say.
 *
 *  x ← project(x) after every step */

import { eager } from '@neumann/linalg-gpu/program'
import type { Algorithm } from '../algorithm.js'

/** An algorithm whose x is projected after each step.
 *  @example const boxed = projected((x: Tensor) => clip(x, -6, 6))(soba({ innerRate: 0.1, outerRate: 100 })(R1().problem))
 *  const state = boxed.init({ weights: R1().weights, hyper: R1().lambda })
 *  const [next] = boxed.step({ ...state, adjoint: mul(-1, R1().adjoint) }, { inner: null, outer: null })
 *  next.hyper // => f64[2] [-6, 6] */
export const projected =
  <H>(project: (hyper: H) => H) =>
  <B, S extends { readonly hyper: H }, N, R>({ init, step }: Algorithm<B, S, N, R>): Algorithm<B, S, N, R> => ({
    init,
    step: eager((state, samples) => {
      const [next, report] = step(state, samples)
      return [{ ...next, hyper: project(next.hyper) }, report] as const
    }),
  })
