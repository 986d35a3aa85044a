/** AmIGO: an inner loop, then a loop for the adjoint, both of them warm.
 *
 *  z ← z − ρ ∇₁G(z, x; ·)  `steps` times;   v ← v − σ (∇²₁₁G(z, x; ·) v + ∇₁Fⱼ)  `adjointSteps` times;   x ← x − γ (∇²₂₁Gᵢ v + ∇₂Fⱼ)
 *
 *  Needs    ρ λmax < 2, σ λmax < 2
 *  Cost     `steps` + 1 gradients, `adjointSteps` products, 1 mixed product
 *  Source   Arbel, Mairal 2022 */

import { add, scan } from '@neumann/linalg-gpu'
import { eager } from '@neumann/linalg-gpu/program'
import { vectors } from '@neumann/linalg-gpu/solvers'
import type { Algorithm } from '../algorithm.js'
import { innerProduct, type LoopSamples, type Losses, mixedProduct, oracleCalls, outerTerms } from './oracle.js'
import { checkRates, negated, rateAt } from './rates.js'
import { checkCount, checkStack, innerSteps } from './response.js'
import {
  begun,
  descended,
  type LoopBegin,
  type LoopState,
  reportOf,
  type SingleLoopOptions,
  type StepReport,
} from './singleLoop.js'

const { addScaled, plus } = vectors

export interface AmigoOptions extends SingleLoopOptions {
  /** Inner steps of an outer step; 10 by default. */
  readonly steps?: number
  /** Steps of the adjoint; as many by default. */
  readonly adjointSteps?: number
}

/** Minibatches of an outer step. Those of the two loops are stacked along a leading axis. */
export interface AmigoSamples<T, V> extends LoopSamples<T, V> {
  /** [steps, …] */
  readonly steps: T
  /** [adjointSteps, …] */
  readonly factors: T
}

/** @example const { init, step } = amigo({ innerRate: 0.1, outerRate: 1, adjointSteps: 60 })(R1().problem)
 *  const [, { direction }] = step(init({ weights: R1().weights, hyper: R1().lambda }), { inner: null, outer: null, steps: null, factors: null })
 *  direction // => f64[2] [0.107491, -0.35784] */
export const amigo =
  ({ steps = 10, adjointSteps = steps, adjointRate, ...rates }: AmigoOptions) =>
  <W, H, T, V>(
    problem: Losses<W, H, T, V>,
  ): Algorithm<LoopBegin<W, H>, LoopState<W, H>, AmigoSamples<T, V>, StepReport<H>> => {
    checkCount('amigo', { steps, adjointSteps })
    checkRates('amigo', { adjointRate, innerRate: rates.innerRate, outerRate: rates.outerRate })
    return {
      init: begun,
      step: eager(({ weights: before, adjoint: warm, hyper, step }, samples) => {
        checkStack('amigo', 'steps', samples.steps, steps)
        checkStack('amigo', 'factors', samples.factors, adjointSteps)
        const rate = rateAt(rates.innerRate, step, before)
        const weights = innerSteps(problem.inner, { weights: before, hyper }, samples.steps, { steps, rate })
        const at = { weights, hyper }
        const own = outerTerms(problem.outer, at, samples.outer)
        const minusSigma = negated(adjointRate === undefined ? rate : rateAt(adjointRate, step, before))
        const [adjoint] = scan<W, T, null>(
          (v, batch) => {
            const slope = plus(innerProduct(problem.inner, { ...at, adjoint: v }, batch), own.byWeights)
            return [addScaled(v, minusSigma, slope), null]
          },
          warm as never,
          samples.factors,
          { length: adjointSteps },
        )
        const direction = plus(own.byHyper, mixedProduct(problem.inner, { ...at, adjoint }, samples.inner))
        return [
          { weights, adjoint, hyper: descended(rates.outerRate, step, hyper, direction), step: add(step, 1) },
          reportOf(direction, own.value, oracleCalls(steps + 1, adjointSteps, 1)),
        ] as const
      }),
    }
  }
