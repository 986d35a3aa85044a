/** Least squares with any A: more rows than columns, fewer, or dependent ones.
 *
 *  min ‖b − A x‖² + λ²‖x‖² by minimal residuals of AᵀA x = Aᵀb, without its product: A V = U₊ B, Aᵀ U₊ = V Bᵀ + …, B lower bidiagonal
 *
 *  Needs    Aᵀ: the operator's `transpose`, or the promise that it is symmetric.
 *  Equal    of scipy.sparse.linalg.lsmr with `damp`, in exact arithmetic. Of many solutions the one nearest to the start, the shortest by default.
 *  Differs  from the paper: the damped problem is the plain one of [A; λ I] and [b; 0], so that it can start anywhere and refine; the residual is carried
 *           along (three more vectors of m) instead of estimated; ‖A‖ is estimated from below, by the longest A v of a unit v.
 *  Cost     an iteration: one product with A, one with Aᵀ, 4 vectors of n, 4 of m. As MINRES on AᵀA: κ(A)² counts.
 *  Status   converged where ‖b − A x‖ ≤ tolerance ‖b‖ (A x = b is solved), or ‖Aᵀr − λ²x‖ ≤ tolerance ‖A‖ ‖r‖ (it has no solution, this is the nearest), both of
 *           [A; λ I] where λ > 0, both computed anew from x. A residual of rounding size that is not within tolerance says nothing: `breakdown`.
 *  Fails    maxIterations | breakdown (rounding does not let it fall further) | nonfinite
 *  Source   Fong, Saunders 2011 */

import { whileLoop } from '../control/while.js'
import { fail } from '../errors.js'
import { add, div, maximum, minimum, mul, sub } from '../ops/arithmetic.js'
import {
  equal,
  greater,
  isFinite,
  less,
  lessEqual,
  logicalAnd,
  logicalNot,
  logicalOr,
  notEqual,
  where,
} from '../ops/comparison.js'
import { scalarOf } from '../ops/operands.js'
import { eager } from '../trace/eager.js'
import type { Tensor } from '../trace/tensor.js'
import { bidiagonal, type Rows } from './bidiagonal.js'
import type { Operator } from './operator.js'
import { transposeOf } from './operators/algebra.js'
import { begun, firstOf, integer, iterationsOf, operandOf, toleranceOf } from './refine.js'
import { code, type LinearOptions, running, type Solution } from './solution.js'
import {
  addScaled,
  choose,
  dimensionOf,
  dtypeOf,
  length,
  minus,
  over,
  plus,
  scaleOf,
  times,
  vectorIn,
  zeroIn,
} from './vectors.js'

export interface LsmrOptions extends LinearOptions {
  /** λ of λ²‖x‖²; 0 by default. */
  readonly damp?: number | Tensor
}

/** A solution in the sense of least squares. `residual` is ‖b − A x‖ / ‖b‖; `curvature` holds the least and the greatest ‖A v‖ of the unit v that were met. */
export interface LeastSquares<X> extends Solution<X> {
  /** ‖Aᵀr − λ²x‖ / (‖A‖ ‖r‖), with [A; λ I] for A and r where λ > 0; 0 where nothing is left. */
  readonly gradient: Tensor
}

export type LeastSquaresSolver = <X, Y>(operator: Operator<X, Y>) => (b: Y, start?: X) => LeastSquares<X>

interface Outer<X> {
  readonly x: X
  readonly r: readonly unknown[]
  /** Aᵀr */
  readonly g: X
  readonly norm: Tensor
  readonly slope: Tensor
  readonly status: Tensor
  readonly iterations: Tensor
  readonly products: Tensor
  readonly rounds: Tensor
  readonly least: Tensor
  readonly greatest: Tensor
}

/** Least squares by minimal residuals.
 *  @example const a = array([[1, 0], [1, 1], [1, 2]], { dtype: 'f64' })
 *  const { x, status } = lsmr()(matrix(a))(array([1, 2, 4], { dtype: 'f64' }))
 *  String(x) // => f64[2] [0.833333, 1.5]
 *  statusOf(item(status)) // => converged */
export const lsmr =
  ({ tolerance, maxIterations, damp = 0 }: LsmrOptions = {}): LeastSquaresSolver =>
  <X, Y>(operator: Operator<X, Y>) => {
    const name = 'lsmr'
    if (typeof damp === 'number' && !(damp >= 0 && damp < Infinity)) fail(name, `damp is a number ≥ 0, got ${damp}.`)
    const { domain, codomain } = operator
    const most = iterationsOf(name, maxIterations, dimensionOf(domain))
    const back =
      transposeOf(operator) ??
      fail(name, 'the operator has no transpose, and Aᵀ is needed: give it one, or say that it is symmetric.')
    return eager((b: Y, start?: X): LeastSquares<X> => {
      const { apply, transpose } = rowsOf(operator, back, damp === 0 ? damp : operandOf(name, operator, damp))
      const right = vectorIn(name, 'the right side', b, codomain)
      const dtype = dtypeOf(name, right)
      const small = toleranceOf(name, tolerance, dtype)
      const scale = scaleOf(right)
      const zero = zeroIn<X>(domain)
      const own = over(right, scale)
      const size = length(own)
      const bound = mul(size, small)
      const all = damp === 0 ? [own] : [own, zero]
      const residualAt = (x: X): readonly unknown[] => minus(all, apply(over(x, scale)) as unknown[])
      const { x, r } = begun<X, readonly unknown[]>(name, domain, start, all, residualAt)
      const norm = length(r)
      const g = transpose(r)
      const slope = length(g)
      const init: Outer<X> = {
        x,
        r,
        g,
        norm,
        slope,
        status: firstOf(
          [
            // first: ∞ ≤ ∞
            [logicalNot(logicalAnd(isFinite(norm), isFinite(slope))), code.nonfinite],
            [logicalOr(lessEqual(norm, bound), equal(slope, 0)), code.converged],
          ],
          most === 0 ? code.maxIterations : running,
        ),
        iterations: integer(0),
        products: integer(start === undefined ? 1 : 2),
        rounds: integer(0),
        least: scalarOf(name, Infinity, dtype),
        greatest: scalarOf(name, -Infinity, dtype),
      }
      const body = (s: Outer<X>): Outer<X> => {
        const unit = scaleOf(s.r)
        const round = bidiagonal({ apply, transpose }, over(s.r as unknown[], unit), over(s.g, unit), {
          target: div(mul(bound, 0.5), unit),
          small: mul(scalarOf(name, 0.5, dtype), small),
          iterations: sub(integer(most), s.iterations),
        })
        const x = times(scale, addScaled(over(s.x, scale), unit, round.d))
        const r = residualAt(x)
        const norm = length(r)
        const g = transpose(r)
        const slope = length(g)
        const iterations = add(s.iterations, round.iterations)
        const greatest = maximum(s.greatest, round.greatest)
        const finite = logicalAnd(isFinite(norm), isFinite(slope))
        const within = logicalOr(
          lessEqual(norm, bound),
          lessEqual(div(slope, lengthOf(greatest, slope, norm)), mul(small, norm)),
        )
        const halved = logicalOr(less(norm, mul(s.norm, 0.5)), less(slope, mul(s.slope, 0.5)))
        const better = logicalAnd(finite, logicalOr(equal(s.rounds, 0), logicalOr(less(slope, s.slope), halved)))
        return {
          x: choose(better, x, s.x),
          r: choose(better, r, s.r as unknown[]),
          g: choose(better, g, s.g),
          norm: where(better, norm, s.norm),
          slope: where(better, slope, s.slope),
          status: firstOf(
            [
              [logicalAnd(finite, within), code.converged],
              [notEqual(round.stop, running), round.stop],
              [logicalNot(finite), code.nonfinite],
              [lessEqual(most, iterations), code.maxIterations],
              [logicalNot(halved), code.breakdown],
            ],
            running,
          ),
          iterations,
          products: add(s.products, add(round.products, integer(2))),
          rounds: add(s.rounds, integer(1)),
          least: minimum(s.least, round.least),
          greatest,
        }
      }
      const nothing = equal(size, 0)
      const end = whileLoop((s: Outer<X>) => equal(s.status, running), body, init)
      const top = lengthOf(end.greatest, end.slope, end.norm)
      const left = logicalAnd(greater(end.slope, 0), greater(end.norm, 0))
      return {
        x: choose(isFinite(size), end.x, times(NaN, end.x)),
        status: end.status,
        residual: where(nothing, 0, div(length(end.r[0]), where(nothing, 1, size))),
        gradient: where(left, div(div(end.slope, top), end.norm), 0),
        iterations: end.iterations,
        products: end.products,
        curvature: [end.least, end.greatest],
      }
    })
  }

/** ‖A‖ from below: the longest A v that was met, and ‖Aᵀr‖/‖r‖, which is all there is where no step could be taken. */
const lengthOf = (greatest: Tensor, slope: Tensor, norm: Tensor): Tensor => maximum(greatest, div(slope, norm))

const rowsOf = <X, Y>(
  { apply, domain, codomain }: Operator<X, Y>,
  turned: (y: Y) => X,
  damp: number | Tensor,
): Rows<X> => {
  const forward = (x: X): Y => vectorIn('lsmr', 'the product', apply(x), codomain)
  const back = (y: unknown): X => vectorIn('lsmr', 'the product with the transpose', turned(y as Y), domain)
  return damp === 0
    ? { apply: (x) => [forward(x)], transpose: ([y]) => back(y) }
    : { apply: (x) => [forward(x), times(damp, x)], transpose: ([y, z]) => plus(back(y), times(damp, z as X)) }
}
