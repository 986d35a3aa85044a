/** The moving average of the weights. */

import { add, mul, sub } from '@neumann/linalg-gpu'
import { eager } from '@neumann/linalg-gpu/program'
import { hyperOf } from '../hyper.js'
import type { Averaging, Optimiser, Params, PerParameter } from '../optimiser.js'
import { alike, copied, keptWeights, parametersOf, rebuild } from '../trees.js'

export interface EmaHyper<H> {
  /** The hyperparameters of the optimiser whose weights are averaged. */
  readonly inner: H
  /** How much of the average stays: 0.999. */
  readonly decay?: PerParameter
}
export interface EmaState<S> {
  readonly inner: S
  /** The weights to evaluate. */
  readonly average: Params
}

/** u as `inner`'s;  e₊ = δ e + (1 − δ) (w + u).   e = w at first
 *  State    inner's, and e
 *  Cost     one tree more in memory
 *  Laws     the weights go the way of inner; decay = 0 keeps the last weights, decay = 1 the first
 *  Differs  decay 0.999 as in PyTorch's `get_ema_avg_fn`, which starts from the weights after the first step; optax's `ema` averages
 *           updates, from 0, with a correction. Starting from the first weights e needs none.
 *  Source   Polyak, Juditsky 1992; Tarvainen, Valpola 2017
 *  @example const smooth = ema(sgd)
 *  const w = array([1])
 *  const [, state] = smooth.update(array([4]), smooth.init(w), w, { inner: { lr: 0.5 }, decay: 0.75 })
 *  smooth.weights(state, w) // => f32[1] [0.5] */
export const ema = <H, S>(inner: Optimiser<H, S>): Averaging<EmaHyper<H>, EmaState<S>> => ({
  init: eager((params: unknown) => ({
    inner: inner.init(params),
    average: copied(parametersOf('ema', params)),
  })) as <P>(params: P) => EmaState<S>,

  update: eager(<P>(gradient: P, state: EmaState<S>, params: P, { inner: own, ...rest }: EmaHyper<H>) => {
    const w = parametersOf('ema', params)
    const hyper = hyperOf<{ readonly decay: PerParameter }>('ema', { decay: 0.999 }, rest as never, w)
    const e = alike('ema', 'average of the state', state.average, w)
    const [updates, next] = inner.update(gradient, state.inner, params, own)
    const u = alike('ema', 'the tree of updates', updates, w)
    const average = e.map((x, i) => {
      const { decay } = hyper[i]!
      return add(mul(decay, x), mul(sub(1, decay), add(w.leaves[i]!, u[i]!)))
    })
    return [updates, { inner: next, average: rebuild<Params>(w, average) }] as const
  }) as Optimiser<EmaHyper<H>, EmaState<S>>['update'],

  weights: (state, params) => keptWeights('ema', state.average, params),
})
