/** The single loop: weights, adjoint and hyperparameters move at once, along directions that any estimator makes of samples.
 *
 *  (d_z, d_v, d_x) ≈ (D_z, D_v, D_x)(z, v, x);   z ← z − ρ d_z,  v ← v − σ d_v,  x ← x − γ d_x         all at the old point
 *
 *  Needs    G strongly convex in z; ρ λmax < 2 and σ λmax < 2 for λmax of ∇²₁₁G, which bounds the recursions of z and v
 *  Cost     what the estimator looks at
 *  Source   Dagréou, Ablin, Vaiter, Moreau 2022, Algorithm 1 */

import { add, type Tensor } from '@neumann/linalg-gpu'
import { eager } from '@neumann/linalg-gpu/program'
import { frame, vectors } from '@neumann/linalg-gpu/solvers'
import type { Algorithm } from '../algorithm.js'
import type { DirectionEstimator } from './estimator.js'
import type { Calls, Variables } from './oracle.js'
import { checkRates, negated, type Rate, rateAt } from './rates.js'

const { addScaled, length, zeroLike } = vectors

export interface Rates {
  /** ρ, of z. */
  readonly innerRate: Rate
  /** γ, of x. */
  readonly outerRate: Rate
}

export interface SingleLoopOptions extends Rates {
  /** σ, of v; ρ by default. */
  readonly adjointRate?: Rate
}

/** Where an algorithm begins. */
export interface LoopBegin<W, H> {
  readonly weights: W
  readonly hyper: H
}

/** Where it is: z, v, x and the steps that were made (i32). */
export interface LoopState<W, H> extends Variables<W, H> {
  readonly step: Tensor
}

export interface SingleLoopState<W, H, M> extends LoopState<W, H> {
  readonly memory: M
}

/** The state before the first step, with v = 0. */
export const begun = eager(
  <W, H>({ weights, hyper }: LoopBegin<W, H>): LoopState<W, H> => ({
    weights,
    adjoint: zeroLike(weights),
    hyper,
    step: frame.integer(0),
  }),
) as <W, H>(begin: LoopBegin<W, H>) => LoopState<W, H>

/** What a step of these algorithms reports. */
export interface StepReport<H> {
  /** The direction that x went against, ≈ ∇h. */
  readonly direction: H
  readonly norm: Tensor
  /** F at the sample. */
  readonly value: Tensor
  readonly calls: Calls
}

export const reportOf = <H>(direction: H, value: Tensor, calls: Calls): StepReport<H> => ({
  direction,
  norm: length(direction),
  value,
  calls,
})

/** p − ρ d */
export const descended = <W>(rate: Rate, step: Tensor, point: W, direction: W): W =>
  addScaled(point, negated(rateAt(rate, step, point)), direction)

/** The single loop with an estimator of its directions. `B` is what the estimator may begin with besides the point.
 *  @example const { problem, lambda } = R1()
 *  const { init, step } = singleLoop('mine', { innerRate: 0.1, outerRate: 0.1 }, plainEstimator(directions(problem)))
 *  const state = init({ weights: array([0, 0], { dtype: 'f64' }), hyper: lambda })
 *  step(state, { inner: null, outer: null })[0].weights // => f64[2] [0.9, 0.9] */
export const singleLoop = <W, H, N, M, B>(
  name: string,
  { adjointRate, ...rates }: SingleLoopOptions,
  estimator: DirectionEstimator<Variables<W, H>, N, M, B>,
): Algorithm<LoopBegin<W, H> & B, SingleLoopState<W, H, M>, N, StepReport<H>> => {
  checkRates(name, { adjointRate, innerRate: rates.innerRate, outerRate: rates.outerRate })
  return {
    init: eager((begin) => {
      const { step, ...point } = begun<W, H>(begin)
      return { ...point, step, memory: estimator.init(point, begin) }
    }),
    step: eager(({ memory, step, ...point }, samples) => {
      const [{ direction, value, calls }, next] = estimator.next(memory, point, samples)
      return [
        {
          weights: descended(rates.innerRate, step, point.weights, direction.weights),
          adjoint: descended(adjointRate ?? rates.innerRate, step, point.adjoint, direction.adjoint),
          hyper: descended(rates.outerRate, step, point.hyper, direction.hyper),
          memory: next,
          step: add(step, 1),
        },
        reportOf(direction.hyper, value, calls),
      ] as const
    }),
  }
}
