/** BSA: inner steps, and an adjoint by one random term of the Neumann series. TTSA: the same with a single inner step, on two time scales.
 *
 *  z ← z − ρ ∇₁G(z, x; ·)  `steps` times;   v = −K η Π_{k≤p} (I − η ∇²₁₁G_{iₖ}) ∇₁Fⱼ,  p uniform on 0 … K − 1;   x ← x − γ (∇²₂₁Gᵢ v + ∇₂Fⱼ)
 *
 *  Needs    ρ λmax < 2, η λmax < 2; decaying step sizes, for TTSA with γ falling faster than ρ
 *  Cost     `steps` + 1 gradients, p products ((K − 1)/2 in the mean), 1 mixed product
 *  Laws     the expectation of v is that of `stocBiO` with K terms
 *  Differs  from the benchmark's code, which steps x before z
 *  Source   Ghadimi, Wang 2018 (BSA); Hong, Wai, Wang, Yang 2020 (TTSA) */

import { add, type Tensor } from '@neumann/linalg-gpu'
import { eager } from '@neumann/linalg-gpu/program'
import { vectors } from '@neumann/linalg-gpu/solvers'
import type { Algorithm } from '../algorithm.js'
import { type Losses, mixedProduct, oracleCalls, outerTerms } from './oracle.js'
import { checkRates, rateAt } from './rates.js'
import { checkCount, checkStack, innerSteps, truncatedAdjoint } from './response.js'
import { begun, descended, type LoopBegin, type LoopState, reportOf, type StepReport } from './singleLoop.js'
import type { StocBiOOptions, StocBiOSamples } from './stocBiO.js'

/** As of `stocBiO`, and what p is drawn with. */
export interface BsaSamples<T, V> extends StocBiOSamples<T, V> {
  readonly key: Tensor
}

const truncating = <W, H, T, V>(
  name: string,
  { steps = 10, terms = 10, adjointRate = 0.5, ...rates }: StocBiOOptions,
  problem: Losses<W, H, T, V>,
): Algorithm<LoopBegin<W, H>, LoopState<W, H>, BsaSamples<T, V>, StepReport<H>> => {
  checkCount(name, { steps, terms })
  checkRates(name, { adjointRate, innerRate: rates.innerRate, outerRate: rates.outerRate })
  return {
    init: begun,
    step: eager(({ weights: before, hyper, step }, samples) => {
      checkStack(name, 'steps', samples.steps, steps)
      checkStack(name, 'factors', samples.factors, terms - 1)
      const rate = rateAt(rates.innerRate, step, before)
      const weights = innerSteps(problem.inner, { weights: before, hyper }, samples.steps, { steps, rate })
      const at = { weights, hyper }
      const own = outerTerms(problem.outer, at, samples.outer)
      const series = { terms, rate: rateAt(adjointRate, step, weights) }
      const { adjoint, products } = truncatedAdjoint(
        problem.inner,
        at,
        own.byWeights,
        samples.factors,
        series,
        samples.key,
      )
      const direction = vectors.plus(own.byHyper, mixedProduct(problem.inner, { ...at, adjoint }, samples.inner))
      return [
        { weights, adjoint, hyper: descended(rates.outerRate, step, hyper, direction), step: add(step, 1) },
        reportOf(direction, own.value, oracleCalls(steps + 1, products, 1)),
      ] as const
    }),
  }
}

/** @example const { init, step } = bsa({ innerRate: 0.1, outerRate: 1, adjointRate: 0.1, terms: 1 })(R1().problem)
 *  const samples = { inner: null, outer: null, steps: null, factors: null, key: key(0) }
 *  step(init({ weights: R1().weights, hyper: R1().lambda }), samples)[0].adjoint // => f64[2] [0.00851064, -0.153191] */
export const bsa =
  (options: StocBiOOptions) =>
  <W, H, T, V>(problem: Losses<W, H, T, V>) =>
    truncating('bsa', options, problem)

/** @example const { init, step } = ttsa({ innerRate: 0.1, outerRate: 1, adjointRate: 0.1 })(R1().problem)
 *  const samples = { inner: null, outer: null, steps: null, factors: null, key: key(0) }
 *  step(init({ weights: array([0, 0], { dtype: 'f64' }), hyper: R1().lambda }), samples)[0].weights // => f64[2] [0.9, 0.9] */
export const ttsa =
  (options: Omit<StocBiOOptions, 'steps'>) =>
  <W, H, T, V>(problem: Losses<W, H, T, V>) =>
    truncating('ttsa', { ...options, steps: 1 }, problem)
