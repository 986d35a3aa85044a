/** Generalised minimal residuals, restarted, for any square A.
 *
 *  min ‖b − A x‖ over x in M span {b, A M b, (A M)²b, …}: Arnoldi makes A M V = V₊ H, rotations make H triangular, x = M V R⁻¹ Qβ e₁
 *
 *  Needs    nothing of A; a preconditioner M ≈ A⁻¹, applied from the right, so that the residual that is minimised is the true one.
 *  Equal    of scipy.sparse.linalg.gmres with `restart`, jax.scipy.sparse.linalg.gmres, in exact arithmetic.
 *  Differs  from the paper: orthogonalised twice by classical Gram–Schmidt (two products of matrices instead of j dots that wait on one another);
 *           the rotations are kept as their product (`hessenberg.ts`). A space that A M maps into itself ends it: with the solution, or with `singular` where the last
 *           direction is mapped to nothing new. A cycle that does not shorten the residual ends it with `breakdown` instead of going on for ever.
 *  Cost     an iteration: one product, one with M, 4 products with the basis; (restart + 1) n numbers of memory; one more product a cycle.
 *  Fails    maxIterations | singular | breakdown (stagnation: a larger `restart` or a preconditioner helps) | nonfinite
 *  Source   Saad, Schultz 1986; twice is enough: Giraud, Langou, Rozložník 2005 */

import { whileLoop } from '../control/while.js'
import { epsilonOf } from '../dtype.js'
import { fail } from '../errors.js'
import { add, div, maximum, mul } from '../ops/arithmetic.js'
import { isFinite, less, lessEqual, logicalAnd, logicalNot, notEqual, where } from '../ops/comparison.js'
import { scalarOf } from '../ops/operands.js'
import { pad } from '../ops/shape.js'
import type { Tensor } from '../trace/tensor.js'
import { type Basis, basisOf, coefficients, combination, placed } from './basis.js'
import { type Hessenberg, leastOf, withColumn, withoutColumns } from './hessenberg.js'
import type { Operator } from './operator.js'
import {
  type Curvatures,
  firstOf,
  integer,
  type Method,
  noCurvatures,
  preconditioned,
  refined,
  unfinished,
  withCurvature,
} from './refine.js'
import { code, type LinearOptions, type LinearSolver, type LinearSolverOn, running } from './solution.js'
import { choose, dimensionOf, dtypeOf, inner, length, minus, over, plus, vectorSpace, zeroLike } from './vectors.js'

export interface GmresOptions extends LinearOptions {
  /** The directions that are kept before it starts again; by default the dimension, at most 30. */
  readonly restart?: number
}

/** What is counted through all cycles. */
interface Tally extends Curvatures {
  readonly stop: Tensor
  readonly iterations: Tensor
}

interface State<X> extends Tally {
  readonly d: X
  readonly r: X
  readonly norm: Tensor
  readonly cycles: Tensor
}

interface Cycle<X> extends Tally {
  readonly basis: Basis<X>
  /** The newest direction. */
  readonly v: X
  readonly h: Hessenberg
  /** ‖r‖ by the recurrence. */
  readonly norm: Tensor
  /** The longest column of H. */
  readonly top: Tensor
}

/** Generalised minimal residuals.
 *  @example const { x, status } = gmres()(matrix(array([[0, 1], [-2, 1]])))(array([1, 3]))
 *  String(x) // => f32[2] [-1, 1]
 *  statusOf(item(status)) // => converged */
export const gmres: {
  (options?: GmresOptions): LinearSolver
  <X>(options: GmresOptions & { readonly preconditioner: Operator<X> }): LinearSolverOn<X>
} = <X>({
  preconditioner,
  restart,
  ...limits
}: GmresOptions & { readonly preconditioner?: Operator<X> } = {}): LinearSolverOn<X> => {
  if (restart !== undefined && !(Number.isInteger(restart) && restart > 0))
    fail('gmres', `restart is an integer > 0, got ${restart}: how many directions to keep.`)
  return (operator) => {
    const n = dimensionOf(operator.domain)
    const precondition = preconditioned('gmres', operator, preconditioner)
    return refined('gmres', operator, limits, method(precondition, Math.max(1, Math.min(n, restart ?? 30))))
  }
}

const method =
  <X>(precondition: (r: X) => X, m: number): Method<X> =>
  (apply, r, limit) => {
    const dtype = dtypeOf('gmres', r)
    const slack = 4 * epsilonOf(dtype)
    // as the rank of a matrix is told: m ulps of its norm
    const dependent = Math.max(4, m) * epsilonOf(dtype)
    const scalar = (value: number): Tensor => scalarOf('gmres', value, dtype)
    const space = vectorSpace(r)
    const zero = zeroLike(r)

    const begun = ({ r, norm, stop, iterations, least, greatest }: State<X>): Cycle<X> => {
      const v = over(r, norm)
      return {
        basis: placed(basisOf(m + 1, space), integer(0), v),
        v,
        h: withoutColumns(m, norm),
        norm,
        top: scalar(0),
        stop,
        iterations,
        least,
        greatest,
      }
    }

    const arnoldi = (s: Cycle<X>): Cycle<X> => {
      const z = precondition(s.v)
      const w = apply(z)
      const whole = length(w)
      const once = coefficients(s.basis, w)
      const rest = minus(w, combination(s.basis, once))
      const twice = coefficients(s.basis, rest)
      const left = minus(rest, combination(s.basis, twice))
      const long = length(left)
      // what is left of rounding size is nothing: A M maps the space into itself
      const ended = lessEqual(long, mul(slack, whole))
      const { next, corner, left: norm } = withColumn(s.h, add(once, twice), where(ended, 0, long))
      const top = maximum(s.top, whole)
      const flat = lessEqual(corner, mul(dependent, top))
      const valid = logicalAnd(isFinite(corner), logicalNot(flat))
      const v = choose(valid, over(left, where(ended, 1, long)), zero)
      const along = div(div(inner(z, w), length(z)), length(z))
      return {
        basis: placed(s.basis, next.count, v),
        v,
        h: choose(valid, next, s.h),
        norm: where(valid, norm, s.norm),
        top,
        stop: firstOf(
          [
            [logicalNot(isFinite(corner)), code.nonfinite],
            [flat, code.singular],
          ],
          s.stop,
        ),
        iterations: add(s.iterations, integer(1)),
        ...withCurvature(s, along),
      }
    }

    const goesOn = (s: Tally & { readonly norm: Tensor }): Tensor => unfinished(s, limit)
    const cycle = (s: State<X>): State<X> => {
      const end = whileLoop((c: Cycle<X>) => logicalAnd(goesOn(c), less(c.h.count, m)), arnoldi, begun(s))
      const step = precondition(combination(end.basis, pad(leastOf(end.h), [[0, 1]])))
      const r = minus(s.r, apply(step))
      const norm = length(r)
      const better = less(norm, s.norm)
      return {
        d: choose(better, plus(s.d, step), s.d),
        r: choose(better, r, s.r),
        norm: where(better, norm, s.norm),
        stop: firstOf(
          [
            [notEqual(end.stop, running), end.stop],
            [logicalNot(better), code.breakdown],
          ],
          running,
        ),
        iterations: end.iterations,
        cycles: add(s.cycles, integer(1)),
        least: end.least,
        greatest: end.greatest,
      }
    }
    const { d, norm, stop, iterations, cycles, least, greatest } = whileLoop(goesOn, cycle, {
      d: zero,
      r,
      norm: length(r),
      cycles: integer(0),
      stop: integer(running),
      iterations: integer(0),
      ...noCurvatures(dtype),
    } satisfies State<X>)
    return { d, norm, stop, iterations, products: add(iterations, cycles), least, greatest }
  }
