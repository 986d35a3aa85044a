/** Gradient descent: x ← x − t ∇f(x), with a fixed t, with the step of Barzilai and Borwein, shortened where f would rise too far, or with a strong Wolfe
 *  search (`lineSearch.ts`).
 *
 *  t = sᵀs / sᵀy,   s = x − x₋,  y = ∇f − ∇f₋:   the inverse of the curvature along the last step
 *  f(x₊) ≤ max of the last 10 values − c t ‖∇f‖²,   c = 10⁻⁴:   f may rise for a while, without which these steps lose their speed
 *
 *  Needs    f differentiable; with a fixed step, t < 2/L for an L-Lipschitz gradient. For most problems `lbfgs` is faster. Of the two searches the
 *           Wolfe one goes down at every step, and zigzags where the problem is badly conditioned: each step is near the least along its line.
 *  Equal    of optax.sgd with a fixed step; of the spectral gradient method without.
 *  Cost     a step: a value and a gradient; without a fixed step one for each trial, mostly one.
 *  Fails    maxIterations | diverged (the step is too long; f falls without end) | breakdown (no step goes down: a kink, or rounding) | nonfinite
 *  Source   Cauchy 1847; Barzilai, Borwein 1988; Raydan 1997 */

import {
  add,
  array,
  div,
  greater,
  isFinite,
  less,
  lessEqual,
  logicalAnd,
  logicalNot,
  max,
  maximum,
  minimum,
  mul,
  sub,
  type Tensor,
  where,
  whileLoop,
  zeros,
} from '@neumann/linalg-gpu'
import { frame, running, statusCode, vectors } from '@neumann/linalg-gpu/solvers'
import { fail, showValue } from '../../language.js'
import { pushed } from '../flattened.js'
import { type Sample, type WolfeOptions, wolfe, wolfeOf } from '../lineSearch.js'
import type { SearchOptions } from '../search.js'
import { firstLength, iterateOf, type Minimiser, searchedMinimum } from './minimiser.js'

const { firstOf, integer } = frame
const { addScaled, inner, length, minus, over } = vectors

export interface GradientDescentOptions extends SearchOptions, WolfeOptions {
  /** t, a number > 0; without it every step is searched for. */
  readonly step?: number
  /** How: by Barzilai and Borwein, the default, or so that the strong Wolfe conditions hold at each step. */
  readonly search?: 'spectral' | 'wolfe'
}

/** Values that are looked back at, trials of a step, and c. */
const window = 10
const most = 30
const decrease = 1e-4

/** Minima by steepest descent.
 *  @example const f = (x: Tensor) => sum(mul(array([1, 10]), square(sub(x, array([1, 2])))))
 *  const { x, status } = gradientDescent()(f)(array([0, 0]))
 *  String(x) // => f32[2] [1, 2]
 *  statusOf(item(status)) // => converged */
export const gradientDescent = ({ step, search = 'spectral', ...options }: GradientDescentOptions = {}): Minimiser => {
  if (search !== 'spectral' && search !== 'wolfe')
    fail(name, `search is 'spectral' or 'wolfe', got ${showValue(search)}.`)
  if (step === undefined) return search === 'wolfe' ? searching(options) : spectral(options)
  if (!(step > 0 && step < Infinity)) fail(name, `step is a number > 0, got ${step}.`)
  return <X>(f: (x: X) => Tensor) =>
    searchedMinimum<X, null>(
      name,
      options,
      f,
      () => null,
      ({ x, r }, sampleAt) => ({
        ...iterateOf(sampleAt(addScaled(x, -step, r))),
        memory: null,
        stop: integer(running),
        evaluations: integer(1),
      }),
    )
}

const name = 'gradientDescent'

/** Steps that satisfy the strong Wolfe conditions, each search from the length of the last step. */
const searching =
  (options: Omit<GradientDescentOptions, 'step' | 'search'>): Minimiser =>
  <X>(f: (x: X) => Tensor) => {
    const constants = wolfeOf(name, options)
    return searchedMinimum<X, Tensor>(
      name,
      options,
      f,
      (x) => mul(0, length(x)),
      (at, sampleAt) => {
        const far = where(greater(at.memory, 0), at.memory, firstLength(at))
        const next = wolfe(
          sampleAt,
          { x: at.x, value: at.merit, gradient: at.r },
          over(at.r, mul(-1, at.norm)),
          far,
          constants,
        )
        return {
          ...iterateOf(next),
          memory: length(minus(next.x, at.x)),
          stop: firstOf(
            [
              [next.found, running],
              [next.endless, statusCode.diverged],
            ],
            statusCode.breakdown,
          ),
          evaluations: next.evaluations,
        }
      },
    )
  }

interface Memory {
  /** How far to go next along −∇f / ‖∇f‖; 0 where nothing is known. */
  readonly far: Tensor
  /** The last values; −∞ where there is none yet. */
  readonly values: Tensor
}

const spectral =
  (options: SearchOptions): Minimiser =>
  <X>(f: (x: X) => Tensor) =>
    searchedMinimum<X, Memory>(
      name,
      options,
      f,
      (x) => {
        const none = mul(0, length(x))
        return { far: none, values: add(zeros([window], { dtype: none.dtype }), -Infinity) }
      },
      (at, sampleAt) => {
        const values = pushed(at.memory.values, at.merit)
        const { far, sample, found, evaluations } = shortened(sampleAt, at, max(values), {
          far: where(greater(at.memory.far, 0), at.memory.far, firstLength(at)),
          sample: { x: at.x, value: at.merit, gradient: at.r },
          found: array(false),
          evaluations: integer(0),
        })
        const next = iterateOf(sample)
        // of unit vectors: the square of a short one may not be a number of the dtype
        const [s, y] = [minus(next.x, at.x), minus(next.r, at.r)]
        const [moved, changed] = [length(s), length(y)]
        const curvature = div(mul(inner(over(s, moved), over(y, changed)), changed), moved)
        const wanted = div(next.norm, curvature)
        return {
          ...next,
          // no curvature, or a negative one: it may be far
          memory: { far: where(logicalAnd(greater(wanted, 0), isFinite(wanted)), wanted, mul(10, far)), values },
          // a step so short that it is none has the same value
          stop: firstOf([[logicalAnd(found, greater(moved, 0)), running]], statusCode.breakdown),
          evaluations,
        }
      },
    )

interface Trial<X> {
  readonly far: Tensor
  readonly sample: Sample<X>
  readonly found: Tensor
  readonly evaluations: Tensor
}

/** The first step that is low enough, each tried one between a tenth and a half of that before: the least of the parabola. `far` is its length. */
const shortened = <X>(
  sampleAt: (x: X) => Sample<X>,
  { x, r, norm, merit }: { readonly x: X; readonly r: X; readonly norm: Tensor; readonly merit: Tensor },
  reference: Tensor,
  init: Trial<X>,
): Trial<X> => {
  const d = over(r, norm)
  const tried = (t: Tensor, evaluations: Tensor): Trial<X> => {
    const sample = sampleAt(addScaled(x, mul(-1, t), d))
    const { value } = sample
    const found = lessEqual(value, sub(reference, mul(decrease, mul(t, norm))))
    return { far: t, sample, found, evaluations: add(evaluations, integer(1)) }
  }
  const next = ({ far, sample: { value } }: Trial<X>): Tensor => {
    // (f(t) − f) / t ‖∇f‖ = −1 where f is linear
    const rise = div(div(sub(value, merit), far), norm)
    return mul(far, where(isFinite(rise), minimum(0.5, maximum(0.1, div(0.5, add(rise, 1)))), 0.25))
  }
  return whileLoop(
    ({ found, evaluations }: Trial<X>) => logicalAnd(logicalNot(found), less(evaluations, integer(most))),
    (s) => tried(where(greater(s.evaluations, 0), next(s), s.far), s.evaluations),
    init,
  )
}
