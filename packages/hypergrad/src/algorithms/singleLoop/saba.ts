/** SABA: the single loop with SAGA's memory of all five terms, for finite sums.
 *
 *  S_k = a_k − table_k[i] + mean_k   for ∇₁Gᵢ, ∇²₁₁Gᵢ v, ∇²₂₁Gᵢ v by the inner minibatch i, and ∇₁Fⱼ, ∇₂Fⱼ by the outer one j
 *  d_z = S₁,   d_v = S₂ + S₄,   d_x = S₃ + S₅
 *
 *  Needs    constant step sizes do: the noise goes away by itself
 *  Cost     as `soba`, and a read and a write of five rows; memory of n (2p + d) + m (p + d) numbers, for n and m minibatches, p weights, d hyperparameters
 *  Laws     with one minibatch of everything: `soba`
 *  Source   Dagréou, Ablin, Vaiter, Moreau 2022, section 2.3 */

import { map, type Tensor } from '@neumann/linalg-gpu'
import type { DirectionEstimator } from './estimator.js'
import {
  type InnerTerms,
  innerTerms,
  type LoopSamples,
  type Losses,
  type OuterTerms,
  oracleCalls,
  outerTerms,
  summed,
  type Variables,
} from './oracle.js'
import { checkShares, emptyTable, fullTable, type SagaTable, type Shares, sagaStep } from './saga.js'
import { type SingleLoopOptions, singleLoop } from './singleLoop.js'

export interface SabaOptions extends SingleLoopOptions {
  /** How many minibatches there are, of the inner samples and of the outer ones. */
  readonly inner: Shares
  readonly outer: Shares
}

/** Samples that say which minibatches they are. */
export interface SabaSamples<T, V> extends LoopSamples<T, V> {
  /** i32, from 0 on. */
  readonly row: { readonly inner: Tensor; readonly outer: Tensor }
}

export interface SabaMemory<W, H> {
  readonly inner: SagaTable<InnerTerms<W, H>>
  readonly outer: SagaTable<Omit<OuterTerms<W, H>, 'value'>>
}

export interface SabaBegin<T, V> {
  /** All minibatches, stacked, for a first look at all of them; else the tables begin with zeros. */
  readonly pass?: LoopSamples<T, V>
}

/** SAGA on the five terms.
 *  @example const { init, next } = sagaEstimator(R1().problem, { inner: { rows: 1 }, outer: { rows: 1 } })
 *  const at = { weights: R1().weights, adjoint: mul(-1, R1().adjoint), hyper: R1().lambda }
 *  const zero = array(0, { dtype: 'i32' })
 *  next(init(at, {}), at, { inner: null, outer: null, row: { inner: zero, outer: zero } })[0].direction.hyper // => f64[2] [0.107491, -0.35784] */
export const sagaEstimator = <W, H, T, V>(
  problem: Losses<W, H, T, V>,
  { inner, outer }: { readonly inner: Shares; readonly outer: Shares },
): DirectionEstimator<Variables<W, H>, SabaSamples<T, V>, SabaMemory<W, H>, SabaBegin<T, V>> => {
  checkShares('saba', inner)
  checkShares('saba', outer)
  const lookAt = (at: Variables<W, H>, batch: V): readonly [Omit<OuterTerms<W, H>, 'value'>, Tensor] => {
    const { value, ...terms } = outerTerms(problem.outer, at, batch)
    return [terms, value]
  }
  return {
    init: (at, { pass }) =>
      pass === undefined
        ? {
            inner: emptyTable({ gradient: at.weights, product: at.weights, mixed: at.hyper }, inner),
            outer: emptyTable({ byWeights: at.weights, byHyper: at.hyper }, outer),
          }
        : {
            inner: fullTable(
              map((batch) => innerTerms(problem.inner, at, batch), pass.inner),
              inner,
            ),
            outer: fullTable(
              map((batch) => lookAt(at, batch)[0], pass.outer),
              outer,
            ),
          },
    next: (memory, at, samples) => {
      const [terms, value] = lookAt(at, samples.outer)
      const [first, innerTable] = sagaStep(
        memory.inner,
        innerTerms(problem.inner, at, samples.inner),
        samples.row.inner,
        inner,
      )
      const [second, outerTable] = sagaStep(memory.outer, terms, samples.row.outer, outer)
      return [
        { direction: summed(first, second), value, calls: oracleCalls(2, 1, 1) },
        { inner: innerTable, outer: outerTable },
      ]
    },
  }
}

/** @example const { init } = saba({ innerRate: 0.1, outerRate: 0.1, inner: { rows: 4 }, outer: { rows: 2 } })(R1().problem)
 *  init({ weights: array([0, 0], { dtype: 'f64' }), hyper: R1().lambda }).memory.inner.rows.gradient.shape // => [ 4, 2 ] */
export const saba =
  ({ inner, outer, ...options }: SabaOptions) =>
  <W, H, T, V>(problem: Losses<W, H, T, V>) =>
    singleLoop('saba', options, sagaEstimator(problem, { inner, outer }))
