/** Directions that are corrected by what the same samples say of the step that was just made.
 *
 *  STORM    dₜ = D(pₜ; ξ) + (1 − ηₜ) (dₜ₋₁ − D(pₜ₋₁; ξ))         momentum without its bias; d₀ = D(p₀; ξ)
 *  SARAH    dₜ = D(pₜ; ξ) + dₜ₋₁ − D(pₜ₋₁; ξ),  and every `period` steps dₜ = D(pₜ; all)         (SPIDER is the same recursion)
 *
 *  Needs    the same samples ξ at the new point and at the old one: that is why a field takes them as an argument
 *  Cost     two looks a step
 *  Source   Cutkosky, Orabona 2019 (STORM); Nguyen et al. 2017 (SARAH); Fang et al. 2018 (SPIDER) */

import { add, cond, equal, mod, sub, type Tensor, where } from '@neumann/linalg-gpu'
import { fail } from '@neumann/linalg-gpu/program'
import { frame, vectors } from '@neumann/linalg-gpu/solvers'
import type { DirectionEstimator, Field } from './estimator.js'
import { addCalls, type Look } from './oracle.js'
import { type Rate, rateAt } from './rates.js'

const { addScaled, minus, zeroLike } = vectors

/** What both remember: the last point, the direction there, and the steps that were made (i32). */
export interface Recursive<P> {
  readonly point: P
  readonly direction: P
  readonly step: Tensor
}

/** D(new) + keep · (d − D(old)) */
export const corrected = <D>(now: D, before: D, direction: D, keep: number | Tensor): D =>
  addScaled(now, keep, minus(direction, before))

const begun = <P>(point: P): Recursive<P> => ({ point, direction: zeroLike(point), step: frame.integer(0) })

/** STORM with the momentum ηₜ: 1 is the field as it is, 0 keeps all that was said.
 *  @example const field = (p: Tensor, noise: Tensor) => ({ direction: add(p, noise), value: sum(p), calls: oracleCalls(1, 0, 0) })
 *  const { init, next } = stormEstimator(field, 0.5)
 *  const [, memory] = next(init(array([1]), null), array([1]), array([1]))
 *  next(memory, array([1]), array([-1]))[0].direction // => f32[1] [1] */
export const stormEstimator = <P, N>(
  field: Field<P, N, P>,
  momentum: Rate,
): DirectionEstimator<P, N, Recursive<P>> => ({
  init: begun,
  next: (memory, point, samples) => {
    const [now, before] = [field(point, samples), field(memory.point, samples)]
    const eta = rateAt(momentum, memory.step, point)
    const keep = where(equal(memory.step, 0), 0, sub(1, eta))
    const direction = corrected(now.direction, before.direction, memory.direction, keep)
    return [
      { direction, value: now.value, calls: addCalls(now.calls, before.calls) },
      { point, direction, step: add(memory.step, 1) },
    ]
  },
})

export interface SarahOptions<N> {
  /** Steps from one full look to the next. */
  readonly period: number
  /** What the full look sees. */
  readonly full: (samples: N) => N
  /** For how many minibatches a full look counts; 1 by default. */
  readonly fullCost?: number
}

/** SARAH. Steps 0, period, 2 period … look at everything.
 *  @example const field = (p: Tensor, noise: Tensor) => ({ direction: add(p, noise), value: sum(p), calls: oracleCalls(1, 0, 0) })
 *  const { init, next } = sarahEstimator(field, { period: 10, full: () => array([0]) })
 *  const [, memory] = next(init(array([1]), null), array([1]), array([5]))
 *  next(memory, array([2]), array([5]))[0].direction // => f32[1] [2] */
export const sarahEstimator = <P, N>(
  field: Field<P, N, P>,
  { period, full, fullCost = 1 }: SarahOptions<N>,
): DirectionEstimator<P, N, Recursive<P>> => {
  if (!Number.isInteger(period) || period < 1) fail('sarahEstimator', `period is an integer ≥ 1, got ${period}.`)
  if (!Number.isInteger(fullCost) || fullCost < 1)
    fail('sarahEstimator', `fullCost is an integer ≥ 1, got ${fullCost}.`)
  const restart = (point: P, samples: N): Look<P> => {
    const look = field(point, full(samples))
    return { ...look, calls: vectors.times(fullCost, look.calls) }
  }
  const recur = (memory: Recursive<P>, point: P, samples: N): Look<P> => {
    const [now, before] = [field(point, samples), field(memory.point, samples)]
    const direction = corrected(now.direction, before.direction, memory.direction, 1)
    return { direction, value: now.value, calls: addCalls(now.calls, before.calls) }
  }
  return {
    init: begun,
    next: (memory, point, samples) => {
      const look = cond(
        equal(mod(memory.step, period), 0),
        () => restart(point, samples),
        () => recur(memory, point, samples),
      )
      return [look, { point, direction: look.direction, step: add(memory.step, 1) }]
    },
  }
}
