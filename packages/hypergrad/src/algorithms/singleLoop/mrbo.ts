/** MRBO and SUSTAIN: momentum without bias on z and x, with an adjoint estimated anew.
 *
 *  dₜ = D(zₜ, xₜ; ξ) + (1 − ηₜ) (dₜ₋₁ − D(zₜ₋₁, xₜ₋₁; ξ));   z ← z − ρ d_z,   x ← x − γ d_x
 *  D by the Neumann series (MRBO), or by one random term of it (SUSTAIN)
 *
 *  Needs    step sizes that fall as t^(−1/3), momentum as t^(−2/3); in the series a step with (its size) λmax < 2
 *  Cost     two looks, each of 2 gradients, terms − 1 products (SUSTAIN: p), 1 mixed product
 *  Source   Yang, Ji, Liang 2021 (MRBO); Khanduri et al. 2021 (SUSTAIN) */

import type { Tensor } from '@neumann/linalg-gpu'
import { add } from '@neumann/linalg-gpu'
import { eager } from '@neumann/linalg-gpu/program'
import { frame } from '@neumann/linalg-gpu/solvers'
import type { Algorithm } from '../algorithm.js'
import { bySeries, byTerm, type SeriesSamples, type TruncatedSamples } from './estimated.js'
import type { DirectionEstimator } from './estimator.js'
import type { Losses } from './oracle.js'
import { checkRates, type Rate } from './rates.js'
import { type Recursive, stormEstimator } from './recursive.js'
import { checkCount } from './response.js'
import { descended, type LoopBegin, type Rates, reportOf, type StepReport } from './singleLoop.js'

export interface MomentumOptions extends Rates {
  /** ηₜ: 1 is none, 0 forgets nothing; 0.5 by default. */
  readonly momentum?: Rate
  /** Of the Neumann series; 10 by default. */
  readonly terms?: number
  /** The step of the series, a constant; 0.5 by default. */
  readonly adjointRate?: number | Tensor
}

/** z, x, what the estimator remembers, and the steps that were made (i32). */
export interface PairState<W, H, M> extends LoopBegin<W, H> {
  readonly memory: M
  readonly step: Tensor
}

/** z and x move at once along what an estimator makes of samples. */
const pairLoop = <W, H, N, M>(
  rates: Rates,
  estimator: DirectionEstimator<LoopBegin<W, H>, N, M>,
): Algorithm<LoopBegin<W, H>, PairState<W, H, M>, N, StepReport<H>> => ({
  init: eager(({ weights, hyper }) => ({
    weights,
    hyper,
    memory: estimator.init({ weights, hyper }, null),
    step: frame.integer(0),
  })),
  step: eager(({ weights, hyper, memory, step }, samples) => {
    const [{ direction, value, calls }, next] = estimator.next(memory, { weights, hyper }, samples)
    return [
      {
        weights: descended(rates.innerRate, step, weights, direction.weights),
        hyper: descended(rates.outerRate, step, hyper, direction.hyper),
        memory: next,
        step: add(step, 1),
      },
      reportOf(direction.hyper, value, calls),
    ] as const
  }),
})

const checked = (
  name: string,
  options: MomentumOptions,
): Required<Pick<MomentumOptions, 'momentum'>> & {
  readonly series: { readonly terms: number; readonly rate: number | Tensor }
} => {
  const { momentum = 0.5, terms = 10, adjointRate = 0.5, innerRate, outerRate } = options
  checkCount(name, { terms })
  checkRates(name, { momentum, adjointRate, innerRate, outerRate })
  return { momentum, series: { terms, rate: adjointRate } }
}

/** @example const { init, step } = mrbo({ innerRate: 0.1, outerRate: 1, adjointRate: 0.1, terms: 60 })(R1().problem)
 *  step(init({ weights: R1().weights, hyper: R1().lambda }), { inner: null, outer: null, factors: null })[1].direction // => f64[2] [0.107491, -0.35784] */
export const mrbo =
  (options: MomentumOptions) =>
  <W, H, T, V>(
    problem: Losses<W, H, T, V>,
  ): Algorithm<LoopBegin<W, H>, PairState<W, H, Recursive<LoopBegin<W, H>>>, SeriesSamples<T, V>, StepReport<H>> => {
    const { momentum, series } = checked('mrbo', options)
    const field = bySeries(problem, series)
    return pairLoop(
      options,
      stormEstimator((at, samples: SeriesSamples<T, V>) => field(at, samples, { stacked: samples.factors }), momentum),
    )
  }

/** @example const { init, step } = sustain({ innerRate: 0.1, outerRate: 1, adjointRate: 0.1 })(R1().problem)
 *  const samples = { inner: null, outer: null, factors: null, key: key(0) }
 *  step(init({ weights: array([0, 0], { dtype: 'f64' }), hyper: R1().lambda }), samples)[0].weights // => f64[2] [0.9, 0.9] */
export const sustain =
  (options: MomentumOptions) =>
  <W, H, T, V>(
    problem: Losses<W, H, T, V>,
  ): Algorithm<LoopBegin<W, H>, PairState<W, H, Recursive<LoopBegin<W, H>>>, TruncatedSamples<T, V>, StepReport<H>> => {
    const { momentum, series } = checked('sustain', options)
    return pairLoop(options, stormEstimator(byTerm(problem, series), momentum))
  }
