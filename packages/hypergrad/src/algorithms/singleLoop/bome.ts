/** BOME: first derivatives only. The inner problem is the constraint q ≤ 0, and a step goes down F as far as q goes down too.
 *
 *  q(z, x) = G(z, x) − G(ẑ, x),   ẑ: z after `steps` steps down G, held;   φ = η ‖∇q‖²,   λ = max(φ − ⟨∇F, ∇q⟩, 0) / ‖∇q‖²
 *  (z, x) ← (z, x) − γ (∇F + λ ∇q)
 *
 *  Needs    ρ λmax < 2; no convexity of G in theory
 *  Cost     `steps` + 3 gradients: no product at all
 *  Source   Ye, Liu, Wright, Stone, Liu 2022 */

import { grad } from '@neumann/autodiff'
import { add, div, greater, maximum, mul, sub, type Tensor, where } from '@neumann/linalg-gpu'
import { eager } from '@neumann/linalg-gpu/program'
import { frame, vectors } from '@neumann/linalg-gpu/solvers'
import type { Algorithm } from '../algorithm.js'
import { type LoopSamples, type Losses, oracleCalls, outerTerms } from './oracle.js'
import { checkRates, rateAt } from './rates.js'
import { checkCount, checkStack, innerSteps } from './response.js'
import { descended, type LoopBegin, type Rates, reportOf, type StepReport } from './singleLoop.js'

const { addScaled, inner: dot, minus } = vectors

export interface BomeOptions extends Rates {
  /** ρ, of the steps to ẑ. */
  readonly innerRate: Rates['innerRate']
  /** γ, of z and x. */
  readonly outerRate: Rates['outerRate']
  /** η, how fast q has to fall; 0.5 by default. */
  readonly barrier?: number
  /** Steps to ẑ; 10 by default. */
  readonly steps?: number
}

/** A minibatch for all of it, and those for the steps to ẑ, stacked: [steps, …]. */
export interface BomeSamples<T, V> extends LoopSamples<T, V> {
  readonly steps: T
}

export interface BomeState<W, H> extends LoopBegin<W, H> {
  /** i32: steps that were made. */
  readonly step: Tensor
}

export interface BomeReport<H> extends StepReport<H> {
  /** λ */
  readonly multiplier: Tensor
}

/** @example const { init, step } = bome({ innerRate: 0.1, outerRate: 0.1 })(R1().problem)
 *  step(init({ weights: R1().weights, hyper: R1().lambda }), { inner: null, outer: null, steps: null })[1].calls.products // => i32[] 0 */
export const bome =
  ({ barrier = 0.5, steps = 10, ...rates }: BomeOptions) =>
  <W, H, T, V>(
    problem: Losses<W, H, T, V>,
  ): Algorithm<LoopBegin<W, H>, BomeState<W, H>, BomeSamples<T, V>, BomeReport<H>> => {
    checkCount('bome', { steps })
    checkRates('bome', { barrier, innerRate: rates.innerRate, outerRate: rates.outerRate })
    const both = grad(problem.inner, { wrt: [0, 1] }) as unknown as (w: W, h: H, b: T) => readonly [W, H]
    return {
      init: ({ weights, hyper }) => ({ weights, hyper, step: frame.integer(0) }),
      step: eager(({ weights, hyper, step }, samples) => {
        checkStack('bome', 'steps', samples.steps, steps)
        const rate = rateAt(rates.innerRate, step, weights)
        const settled = innerSteps(problem.inner, { weights, hyper }, samples.steps, { steps, rate })
        const [atZ, atSettled] = [both(weights, hyper, samples.inner), both(settled, hyper, samples.inner)]
        const own = outerTerms(problem.outer, { weights, hyper }, samples.outer)
        const ofF = { weights: own.byWeights, hyper: own.byHyper }
        // ẑ is held: only G(ẑ, x) moves with x
        const ofQ = { weights: atZ[0], hyper: minus(atZ[1], atSettled[1]) }
        const size = dot(ofQ, ofQ)
        const needed = maximum(sub(mul(barrier, size), dot(ofF, ofQ)), 0)
        // at ∇q = 0 there is nothing to hold on to
        const positive = greater(size, 0)
        const multiplier = where(positive, div(needed, where(positive, size, 1)), 0)
        const direction = addScaled(ofF, multiplier, ofQ)
        return [
          {
            weights: descended(rates.outerRate, step, weights, direction.weights),
            hyper: descended(rates.outerRate, step, hyper, direction.hyper),
            step: add(step, 1),
          },
          { ...reportOf(direction.hyper, own.value, oracleCalls(steps + 3, 0, 0)), multiplier },
        ] as const
      }),
    }
  }
