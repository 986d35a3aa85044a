/** The problem of an optimiser that goes down a loss. */

import { grad } from '@neumann/autodiff'
import type { Tensor } from '@neumann/linalg-gpu'
import { eager } from '@neumann/linalg-gpu/program'
import { applyUpdates, type Optimiser } from '@neumann/precond'
import { field } from './lens.js'
import type { LossProblem } from './problem.js'

/** Weights, and what the optimiser remembers of them. */
export interface Training<W, O> {
  readonly weights: W
  readonly optimiser: O
}

export interface LossParts<W, H, T, V, P, O> {
  readonly inner: (weights: W, hyper: H, train: T) => Tensor
  readonly outer: (weights: W, hyper: H, validation: V) => Tensor
  readonly optimiser: Optimiser<P, O>
  /** What of λ are the optimiser's own hyperparameters. */
  readonly settings: (hyper: H) => P
}

/** A problem, and how its training begins. */
export interface Trained<W, H, T, V, O> extends LossProblem<Training<W, O>, W, H, T, V> {
  readonly begin: (weights: W) => Training<W, O>
}

/** Φ(s, λ) = w + u,   [u, o′] = optimiser(∂f/∂w, o, w, settings(λ)),   s = { weights: w, optimiser: o }
 *  Any differentiable optimiser of @neumann/precond or of one's own, and any of its hyperparameters among λ, one for all weights or one for each.
 *  @example const { update, begin } = fromLoss({
 *    inner: (w: Tensor, { decay }: { lr: Tensor; decay: Tensor }) => mul(decay, sum(square(w))),
 *    outer: (w) => sum(w),
 *    optimiser: sgd,
 *    settings: ({ lr }) => ({ lr }),
 *  })
 *  update(begin(array([1, 2])), { lr: array(0.25), decay: array(1) }, null).weights // => f32[2] [0.5, 1] */
export const fromLoss = <W, H, T, V, P, O>({
  inner,
  outer,
  optimiser,
  settings,
}: LossParts<W, H, T, V, P, O>): Trained<W, H, T, V, O> => ({
  inner,
  outer,
  weights: field('weights'),
  begin: (weights) => ({ weights, optimiser: optimiser.init(weights) }),
  update: eager((state, hyper, train) => {
    const gradient = grad(inner)(state.weights, hyper, train) as W
    const [updates, next] = optimiser.update(gradient, state.optimiser, state.weights, settings(hyper))
    return { weights: applyUpdates(state.weights, updates), optimiser: next }
  }),
})
