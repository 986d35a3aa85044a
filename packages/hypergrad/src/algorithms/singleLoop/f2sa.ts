/** F2SA: first derivatives only. The outer objective is a perturbation of the inner one, and the difference of two minimisers stands for the adjoint.
 *
 *  y ← y − α (∇₁F + λ ∇₁G)(y, x),   z ← z − ρ ∇₁G(z, x),   x ← x − γ [∇₂F(y, x) + λ (∇₂G(y, x) − ∇₂G(z, x))],   λ ← λ + δ
 *
 *  Needs    α λ λmax < 2, so that α falls as λ grows. With exact minimisers the direction is off by O(1/λ)
 *  Cost     6 gradients: no product at all
 *  Source   Kwon, Kwon, Wright, Nowak 2023 */

import { grad } from '@neumann/autodiff'
import { add, type Tensor } from '@neumann/linalg-gpu'
import { eager, fail, scalarOf } from '@neumann/linalg-gpu/program'
import { frame, vectors } from '@neumann/linalg-gpu/solvers'
import type { Algorithm } from '../algorithm.js'
import { innerGradient, type LoopSamples, type Losses, oracleCalls, outerTerms } from './oracle.js'
import { checkRates, type Rate, rateAt } from './rates.js'
import { descended, type LoopBegin, type Rates, reportOf, type StepReport } from './singleLoop.js'

const { addScaled, minus } = vectors

export interface F2saOptions extends Rates {
  /** α, of y. */
  readonly perturbedRate: Rate
  /** λ₀; 1 by default. */
  readonly multiplier?: number
  /** δ: what λ grows by at each step; 0.5 by default. */
  readonly growth?: Rate
}

export interface F2saState<W, H> extends LoopBegin<W, H> {
  /** y, which minimises F + λ G. */
  readonly perturbed: W
  /** λ */
  readonly multiplier: Tensor
  /** i32: steps that were made. */
  readonly step: Tensor
}

/** ∇₂F(y, x) + λ (∇₂G(y, x) − ∇₂G(z, x)): the direction of x.
 *  Laws     with y = argmin F + λG and z = argmin G: ∇h + O(1/λ)
 *  @example const at = { weights: array(0.75), perturbed: array(1), hyper: array(1), multiplier: array(2) }
 *  const problem = { inner: (z: Tensor, x: Tensor, _: null) => mul(z, x), outer: (z: Tensor, x: Tensor, _: null) => mul(z, x) }
 *  penaltyDirection(problem, at, { inner: null, outer: null }).direction // => f32[] 1.5 */
export const penaltyDirection = eager(
  <W, H, T, V>(
    { inner, outer }: Losses<W, H, T, V>,
    { weights, perturbed, hyper, multiplier }: Omit<F2saState<W, H>, 'step'>,
    samples: LoopSamples<T, V>,
  ): { readonly direction: H; readonly value: Tensor } => {
    const byHyper = (w: W): H =>
      (grad(inner, { wrt: [1] }) as unknown as (w: W, h: H, b: T) => readonly [H])(w, hyper, samples.inner)[0]
    const own = outerTerms(outer, { weights: perturbed, hyper }, samples.outer)
    return {
      direction: addScaled(own.byHyper, multiplier, minus(byHyper(perturbed), byHyper(weights))),
      value: own.value,
    }
  },
)

/** @example const { init, step } = f2sa({ innerRate: 0.1, perturbedRate: 0.05, outerRate: 0.1 })(R1().problem)
 *  step(init({ weights: array([0, 0], { dtype: 'f64' }), hyper: R1().lambda }), { inner: null, outer: null })[0].weights // => f64[2] [0.9, 0.9] */
export const f2sa = ({ perturbedRate, multiplier = 1, growth = 0.5, ...rates }: F2saOptions) => {
  if (!(multiplier > 0 && multiplier < Infinity)) fail('f2sa', `multiplier is λ₀, finite and > 0, got ${multiplier}.`)
  checkRates('f2sa', { perturbedRate, growth, innerRate: rates.innerRate, outerRate: rates.outerRate })
  return <W, H, T, V>(
    problem: Losses<W, H, T, V>,
  ): Algorithm<LoopBegin<W, H>, F2saState<W, H>, LoopSamples<T, V>, StepReport<H>> => ({
    init: eager(({ weights, hyper }) => ({
      weights,
      perturbed: weights,
      hyper,
      multiplier: scalarOf('f2sa', multiplier, vectors.dtypeOf('f2sa', weights)),
      step: frame.integer(0),
    })),
    step: eager(({ weights: z, perturbed: y, hyper, multiplier, step }, samples) => {
      const toward = outerTerms(problem.outer, { weights: y, hyper }, samples.outer).byWeights
      const slope = addScaled(toward, multiplier, innerGradient(problem.inner, y, hyper, samples.inner))
      const perturbed = descended(perturbedRate, step, y, slope)
      const weights = descended(rates.innerRate, step, z, innerGradient(problem.inner, z, hyper, samples.inner))
      const { direction, value } = penaltyDirection(problem, { weights, perturbed, hyper, multiplier }, samples)
      return [
        {
          weights,
          perturbed,
          hyper: descended(rates.outerRate, step, hyper, direction),
          multiplier: add(multiplier, rateAt(growth, step, weights)),
          step: add(step, 1),
        },
        reportOf(direction, value, oracleCalls(6, 0, 0)),
      ] as const
    }),
  })
}
