/** The frame of searches for roots, fixed points and minima: what is measured, when it ends, what is returned.
 *
 *  A method goes from an iterate and its residual to the next one, where it has evaluated the function itself: so the residual of every iterate is a
 *  true one, and the best of them is what is returned. Once ended, nothing moves, so a batch of searches is each its own. */

import {
  add,
  equal,
  greater,
  isFinite,
  less,
  lessEqual,
  logicalAnd,
  logicalNot,
  logicalOr,
  mul,
  type Tensor,
  where,
  whileLoop,
} from '@neumann/linalg-gpu'
import { frame, running, statusCode, vectors } from '@neumann/linalg-gpu/solvers'
import { eager } from '../language.js'

const { dtypeOf, length, choose, dimensionOf, vectorIn, vectorSpace } = vectors
const { firstOf, integer, iterationsOf, toleranceOf } = frame

export interface SearchOptions {
  /** A search has converged where its residual is at most `absolute` + `tolerance` · (the residual at the start; for fixed points: ‖x‖).
   *  By default 1e-5 in f32, 1e-10 in f64; a scalar tensor where a program decides. */
  readonly tolerance?: number | Tensor
  /** As `tolerance` by default. With 0 the result does not depend on the unit in which the residual is measured. */
  readonly absolute?: number | Tensor
  /** 100 by default. */
  readonly maxIterations?: number
}

/** What a search found, and the evidence. */
export interface Found<X> {
  readonly x: X
  /** i32: see `statuses` of '@neumann/linalg-gpu/solvers'.
   *
   *    converged      the residual, at this x, is within tolerance
   *    maxIterations  it was on its way: allow more iterations, or accept the residual that is reported
   *    breakdown      no step makes it better: a local minimum of the residual, a kink, or rounding. Start elsewhere, ask for less, use f64
   *    nonfinite      NaN or infinity at the start, or in the next iterate
   *    diverged       the residual is larger than at the start, when the iterations are spent or it is so by far; of a minimum: the function falls
   *                   as far as one can see
   *    singular       the Jacobian is singular here, and no step along what solves with it helps */
  readonly status: Tensor
  /** ‖F(x)‖₂ at this x; of fixed points ‖f(x) − x‖₂, of minima ‖∇f(x)‖₂. */
  readonly residual: Tensor
  /** i32: the steps that were taken. */
  readonly iterations: Tensor
  /** i32: values of the function (of minima, with the gradient) and products with its Jacobian that were spent. */
  readonly evaluations: Tensor
}

/** An iterate: r is the residual at x, of length `norm`; of two iterates the one of less `merit` is better. */
export interface Iterate<X, M> {
  readonly x: X
  readonly r: X
  readonly norm: Tensor
  readonly merit: Tensor
  /** What a method remembers between steps. */
  readonly memory: M
}

export interface Begun<X, M> extends Iterate<X, M> {
  readonly evaluations: Tensor
}

export interface Step<X, M> extends Begun<X, M> {
  /** `running`, or why the method cannot go on; the iterate is then of no account. */
  readonly stop: Tensor
}

export interface Method<X, M> {
  readonly begin: (x: X) => Begun<X, M>
  readonly step: (at: Iterate<X, M>) => Step<X, M>
}

interface State<X, M> extends Begun<X, M> {
  readonly best: { readonly x: X; readonly norm: Tensor; readonly merit: Tensor }
  readonly status: Tensor
  readonly iterations: Tensor
}

/** A residual so many times that of the start has gone astray. Not less: a start close to a fixed point that repels may lead to one that attracts. */
const astray = 1e8

/** As `Found`, with the merit of x. */
export type Best<X> = Found<X> & { readonly merit: Tensor }

export const searched = <X, M>(
  name: string,
  relativeTo: 'start' | 'point',
  { tolerance, absolute, maxIterations = 100 }: SearchOptions,
  { begin, step }: Method<X, M>,
): ((start: X) => Best<X>) =>
  eager((start: X): Best<X> => {
    const space = vectorSpace(start)
    const dtype = dtypeOf(name, start)
    const relative = toleranceOf<number | Tensor>(name, tolerance, dtype)
    const least = toleranceOf<number | Tensor>(name, absolute ?? relative, dtype)
    const n = dimensionOf(space)
    const most = iterationsOf(name, maxIterations, n)
    const first = begin(vectorIn(name, 'the start', start, space))
    vectorIn(name, 'the result of the function', first.r, space)
    const unitAt = (x: X): Tensor => (relativeTo === 'start' ? first.norm : length(x))
    const converges = ({ x, norm }: { readonly x: X; readonly norm: Tensor }): Tensor => {
      const bound = add(least, mul(relative, unitAt(x)))
      // ∞ ≤ ∞ says nothing
      return logicalAnd(isFinite(bound), lessEqual(norm, bound))
    }
    // a minimiser's residual may grow on the way down
    const grownBy = (factor: number, { norm, merit }: Step<X, M>): Tensor =>
      logicalAnd(greater(norm, mul(factor, first.norm)), greater(merit, first.merit))
    const init: State<X, M> = {
      ...first,
      best: { x: first.x, norm: first.norm, merit: first.merit },
      status: firstOf(
        [
          [logicalNot(logicalAnd(isFinite(first.norm), isFinite(first.merit))), statusCode.nonfinite],
          [converges(first), statusCode.converged],
        ],
        most === 0 ? statusCode.maxIterations : running,
      ),
      iterations: integer(0),
    }
    const body = (s: State<X, M>): State<X, M> => {
      const next = step(s)
      const iterations = add(s.iterations, integer(1))
      const goesOn = equal(next.stop, running)
      const valid = logicalAnd(goesOn, logicalAnd(isFinite(next.norm), isFinite(next.merit)))
      const converged = logicalAnd(valid, converges(next))
      const status = firstOf(
        [
          [converged, statusCode.converged],
          [logicalNot(goesOn), next.stop],
          // only a minimiser's
          [equal(next.merit, -Infinity), statusCode.diverged],
          [logicalNot(valid), statusCode.nonfinite],
          [grownBy(astray, next), statusCode.diverged],
          [lessEqual(most, iterations), where(grownBy(1, next), statusCode.diverged, statusCode.maxIterations)],
        ],
        running,
      )
      const keep = logicalOr(converged, logicalAnd(valid, less(next.merit, s.best.merit)))
      return {
        x: choose(valid, next.x, s.x),
        r: choose(valid, next.r, s.r),
        norm: where(valid, next.norm, s.norm),
        merit: where(valid, next.merit, s.merit),
        memory: next.memory,
        best: choose(keep, { x: next.x, norm: next.norm, merit: next.merit }, s.best),
        status,
        iterations,
        evaluations: add(s.evaluations, next.evaluations),
      }
    }
    // no method need think of vectors without elements
    const end = n === 0 ? init : whileLoop((s: State<X, M>) => equal(s.status, running), body, init)
    return {
      x: end.best.x,
      status: end.status,
      residual: end.best.norm,
      merit: end.best.merit,
      iterations: end.iterations,
      evaluations: end.evaluations,
    }
  })
