/** FSLA: one step of the weights, one of the adjoint, and momentum without bias on the hyperparameters alone.
 *
 *  z ← z − ρ ∇₁Gᵢ(z, x),   then v ← v − σ (∇²₁₁Gᵢ(z, x) v + ∇₁Fⱼ(z, x)),   then with D_x at the new z and v
 *  dₜ = D_x(pₜ; i, j) + (1 − ηₜ) (dₜ₋₁ − D_x(pₜ₋₁; i, j)),   x ← x − γ dₜ         p = (z, v, x)
 *
 *  Needs    ρ λmax < 2, σ λmax < 2; all step sizes and η fall as t^(−1/2)
 *  Cost     2 gradients of G or F more than `soba`, and a second mixed product
 *  Differs  from `soba` in its order too: each step sees what the one before it has done
 *  Source   Li, Gu, Huang 2022 */

import { add, equal, sub, type Tensor, where } from '@neumann/linalg-gpu'
import { eager } from '@neumann/linalg-gpu/program'
import { vectors } from '@neumann/linalg-gpu/solvers'
import type { Algorithm } from '../algorithm.js'
import {
  innerGradient,
  innerProduct,
  type LoopSamples,
  type Losses,
  mixedProduct,
  oracleCalls,
  outerTerms,
  type Variables,
} from './oracle.js'
import { checkRates, type Rate, rateAt } from './rates.js'
import { corrected } from './recursive.js'
import {
  begun,
  descended,
  type LoopBegin,
  type LoopState,
  reportOf,
  type SingleLoopOptions,
  type StepReport,
} from './singleLoop.js'

export interface FslaOptions extends SingleLoopOptions {
  /** ηₜ: 1 is none; 0.5 by default. */
  readonly momentum?: Rate
}

export interface FslaState<W, H> extends LoopState<W, H> {
  /** The point of the last direction of x, and that direction. */
  readonly previous: Variables<W, H>
  readonly direction: H
}

/** @example const { init, step } = fsla({ innerRate: 0.1, outerRate: 0.1 })(R1().problem)
 *  step(init({ weights: R1().weights, hyper: R1().lambda }), { inner: null, outer: null })[0].adjoint // => f64[2] [0.00851064, -0.153191] */
export const fsla =
  ({ momentum = 0.5, adjointRate, ...rates }: FslaOptions) =>
  <W, H, T, V>(
    problem: Losses<W, H, T, V>,
  ): Algorithm<LoopBegin<W, H>, FslaState<W, H>, LoopSamples<T, V>, StepReport<H>> => {
    checkRates('fsla', { momentum, adjointRate, innerRate: rates.innerRate, outerRate: rates.outerRate })
    const { plus, zeroLike } = vectors
    return {
      init: eager((begin) => {
        const { step, ...point } = begun<W, H>(begin)
        return { ...point, step, previous: point, direction: zeroLike(begin.hyper) }
      }),
      step: eager(({ weights: z, adjoint: v, hyper, previous, direction: last, step }, { inner, outer }) => {
        const weights = descended(rates.innerRate, step, z, innerGradient(problem.inner, z, hyper, inner))
        const own = outerTerms(problem.outer, { weights, hyper }, outer)
        const slope = plus(innerProduct(problem.inner, { weights, adjoint: v, hyper }, inner), own.byWeights)
        const adjoint = descended(adjointRate ?? rates.innerRate, step, v, slope)
        const point = { weights, adjoint, hyper }
        const now = plus(own.byHyper, mixedProduct(problem.inner, point, inner))
        const before = plus(
          outerTerms(problem.outer, previous, outer).byHyper,
          mixedProduct(problem.inner, previous, inner),
        )
        const keep: Tensor = where(equal(step, 0), 0, sub(1, rateAt(momentum, step, hyper)))
        const direction = corrected(now, before, last, keep)
        return [
          {
            ...point,
            hyper: descended(rates.outerRate, step, hyper, direction),
            previous: point,
            direction,
            step: add(step, 1),
          },
          reportOf(direction, own.value, oracleCalls(3, 1, 2)),
        ] as const
      }),
    }
  }
