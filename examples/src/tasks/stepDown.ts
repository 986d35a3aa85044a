/** A step down a loss that has something to remember besides: statistics of the batch, or where a sequence ended. */

import { grad, stopGradient } from '@neumann/autodiff'
import type { Training } from '@neumann/hypergrad'
import type { Tensor } from '@neumann/linalg-gpu'
import { applyUpdates } from '@neumann/precond'
import type { Hyper, Rule } from './task.js'

/** [{ w + u, o′ }, m],   [f(w), m] = loss(w),   [u, o′] = optimiser(∂f/∂w, o, w, settings(λ))
 *  What is remembered is a constant to all derivatives, as what the optimiser remembers is to `onePass`. */
export const stepDown =
  ({ optimiser, settings }: Rule) =>
  <W, M>(
    loss: (weights: W) => readonly [Tensor, M],
    before: Training<W, unknown>,
    hyper: Hyper,
  ): readonly [Training<W, unknown>, M] => {
    const { grad: gradient, aux } = grad(loss, { aux: true })(before.weights)
    const [updates, next] = optimiser.update(gradient, before.optimiser, before.weights as never, settings(hyper))
    return [{ weights: applyUpdates(before.weights, updates as W), optimiser: next }, stopGradient(aux)]
  }
