/** A learner that goes down a loss. */

import { fromLoss, type Training } from '@neumann/hypergrad'
import { add, mul, square, sum, type Tensor, type Tree, treeLeaves } from '@neumann/linalg-gpu'
import type { Batch, Hyper, Learner, Rule } from './task.js'

export interface LossLearner<W, B extends Batch> {
  readonly init: (key: Tensor) => W
  readonly loss: (weights: W, batch: B) => Tensor
  readonly score: (weights: W, batch: B) => Readonly<Record<string, Tensor>>
}

/** The learner of these parts:  f(w, λ) = loss(w) + ½ Σ decay · w²,   F(w) = loss(w)
 *  The rule has the decay in its chain, behind the clipping; f says the same to estimators that differentiate it. */
export const learnerOf =
  <W, B extends Batch>({ init, loss, score }: LossLearner<W, B>) =>
  ({ optimiser, settings }: Rule): Learner<Training<W, unknown>, W, B> => {
    const { begin, ...problem } = fromLoss<W, Hyper, B, B, unknown, unknown>({
      inner: (weights, _, batch) => loss(weights, batch),
      outer: (weights, _, batch) => loss(weights, batch),
      optimiser,
      settings,
    })
    return {
      problem: { ...problem, inner: (w, { decay }, batch) => add(loss(w, batch), penalty(w, decay)) },
      begin: (key) => begin(init(key)),
      score: (state, batch) => [score(state.weights, batch), state],
    }
  }

/** ½ Σ decay · w², one decay for all weights or one for each; 0 where there is none. */
export const penalty = (weights: unknown, decay: Tree<Tensor> | undefined): Tensor | number => {
  if (decay === undefined) return 0
  const w = treeLeaves(weights as Tree<Tensor>) as readonly Tensor[]
  const d = treeLeaves(decay) as readonly Tensor[]
  return w.map((x, i) => sum(mul(mul(0.5, d[d.length === 1 ? 0 : i]!), square(x)))).reduce(add)
}
