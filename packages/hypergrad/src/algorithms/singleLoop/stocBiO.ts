/** StocBiO: an inner loop that starts warm, and an adjoint by a Neumann series over fresh minibatches.
 *
 *  z ← z − ρ ∇₁G(z, x; ·)  `steps` times;   v = −η Σ_{k<terms} Π (I − η ∇²₁₁G_{iₖ}) ∇₁Fⱼ;   x ← x − γ (∇²₂₁Gᵢ v + ∇₂Fⱼ)
 *
 *  Needs    ρ λmax < 2, η λmax < 2. What the series leaves out biases the direction, by a factor of (1 − η λmin)^terms
 *  Cost     `steps` + 1 gradients, terms − 1 products, 1 mixed product
 *  Source   Ji, Yang, Liang 2021 */

import { add } from '@neumann/linalg-gpu'
import { eager } from '@neumann/linalg-gpu/program'
import { vectors } from '@neumann/linalg-gpu/solvers'
import type { Algorithm } from '../algorithm.js'
import { type LoopSamples, type Losses, mixedProduct, oracleCalls, outerTerms } from './oracle.js'
import { checkRates, type Rate, rateAt } from './rates.js'
import { checkCount, checkStack, innerSteps, seriesAdjoint } from './response.js'
import {
  begun,
  descended,
  type LoopBegin,
  type LoopState,
  type Rates,
  reportOf,
  type StepReport,
} from './singleLoop.js'

export interface StocBiOOptions extends Rates {
  /** Inner steps of an outer step; 10 by default. */
  readonly steps?: number
  /** Of the Neumann series; 10 by default. */
  readonly terms?: number
  /** η, of the series; 0.5 by default. */
  readonly adjointRate?: Rate
}

/** Minibatches of an outer step. Those for the inner steps, and those for the factors of the series, are stacked along a leading axis. */
export interface StocBiOSamples<T, V> extends LoopSamples<T, V> {
  /** [steps, …] */
  readonly steps: T
  /** [terms − 1, …], fresh ones. */
  readonly factors: T
}

/** @example const { init, step } = stocBiO({ innerRate: 0.1, outerRate: 1, adjointRate: 0.1, terms: 60 })(R1().problem)
 *  const [, { direction }] = step(init({ weights: R1().weights, hyper: R1().lambda }), { inner: null, outer: null, steps: null, factors: null })
 *  direction // => f64[2] [0.107491, -0.35784] */
export const stocBiO =
  ({ steps = 10, terms = 10, adjointRate = 0.5, ...rates }: StocBiOOptions) =>
  <W, H, T, V>(
    problem: Losses<W, H, T, V>,
  ): Algorithm<LoopBegin<W, H>, LoopState<W, H>, StocBiOSamples<T, V>, StepReport<H>> => {
    checkCount('stocBiO', { steps, terms })
    checkRates('stocBiO', { adjointRate, innerRate: rates.innerRate, outerRate: rates.outerRate })
    return {
      init: begun,
      step: eager(({ weights: before, hyper, step }, samples) => {
        checkStack('stocBiO', 'steps', samples.steps, steps)
        checkStack('stocBiO', 'factors', samples.factors, terms - 1)
        const rate = rateAt(rates.innerRate, step, before)
        const weights = innerSteps(problem.inner, { weights: before, hyper }, samples.steps, { steps, rate })
        const at = { weights, hyper }
        const own = outerTerms(problem.outer, at, samples.outer)
        const series = { terms, rate: rateAt(adjointRate, step, weights) }
        const adjoint = seriesAdjoint(problem.inner, at, own.byWeights, { stacked: samples.factors }, series)
        const direction = vectors.plus(own.byHyper, mixedProduct(problem.inner, { ...at, adjoint }, samples.inner))
        return [
          { weights, adjoint, hyper: descended(rates.outerRate, step, hyper, direction), step: add(step, 1) },
          reportOf(direction, own.value, oracleCalls(steps + 1, terms - 1, 1)),
        ] as const
      }),
    }
  }
