/** Newton's method without the Jacobian: J d = −F(x) by an iterative solver, from products J v alone, as far as it is worth.
 *
 *  ‖F(x) + J d‖ ≤ η ‖F(x)‖,   η₊ = γ (‖F₊‖ / ‖F‖)²,  not below γ η² where that is above 0.1;   γ = 0.9
 *
 *  Needs    F differentiable; a `linearSolver` for J, which is not symmetric: `gmres` by default.
 *  Equal    of scipy.optimize.newton_krylov and NITSOL, with exact products in place of differences.
 *  Cost     a step: one linearisation of F, the solver's products, a value of F for each step length tried.
 *  Fails    singular | breakdown (no step length makes ‖F‖ fall) | maxIterations | nonfinite. A linear solve that does not reach η is no failure by
 *           itself: its d is tried, and its status is given where that does not help.
 *  Source   Eisenstat, Walker 1996, choice 2; Knoll, Keyes 2004 */

import { add, div, equal, less, maximum, minimum, mul, onesLike, square, type Tensor, where } from '@neumann/linalg-gpu'
import { frame, gmres, type LinearSolver, running, statusCode, vectorSpace, vectors } from '@neumann/linalg-gpu/solvers'
import { linearize } from '../../api/derivatives.js'
import type { SearchOptions } from '../search.js'
import { backtrack } from './backtrack.js'
import { type RootSolver, searchedRoot } from './families.js'

const { firstOf, integer } = frame
const { times } = vectors
const gamma = 0.9

export interface NewtonKrylovOptions extends SearchOptions {
  /** A linear solver that stops at a tolerance, by default gmres({ tolerance }). */
  readonly linearSolver?: (tolerance: Tensor) => LinearSolver
}

/** Roots by inexact Newton steps.
 *  @example const root = newtonKrylov()((x: Tensor) => sub(mul(x, x), array([4, 9])))(array([1, 1]))
 *  String(root.x) // => f32[2] [2, 3]
 *  statusOf(item(root.status)) // => converged */
export const newtonKrylov =
  ({ linearSolver = (tolerance) => gmres({ tolerance }), ...options }: NewtonKrylovOptions = {}): RootSolver =>
  <X>(f: (x: X) => X) =>
    searchedRoot<X, Tensor>(
      'newtonKrylov',
      options,
      f,
      // η of the first step
      (_, r) => ({ memory: mul(0.5, onesLike(vectors.length(r))), evaluations: 0 }),
      ({ x, r, norm, memory: eta }) => {
        const { push } = linearize(f, [x])
        const space = vectorSpace(x)
        const jacobian = { domain: space, codomain: space, apply: (v: X) => push(v as never) as X, facts: {} }
        const { x: d, products, status } = linearSolver(eta)(jacobian)(times(-1, r))
        const next = backtrack(f, { x, r, norm }, d)
        const wanted = mul(gamma, square(div(next.norm, norm)))
        const kept = mul(gamma, square(eta))
        return {
          ...next,
          memory: minimum(0.9, maximum(wanted, where(less(0.1, kept), kept, 0))),
          stop: firstOf(
            [
              [next.found, running],
              [equal(status, statusCode.nonfinite), statusCode.nonfinite],
              [equal(status, statusCode.singular), statusCode.singular],
            ],
            statusCode.breakdown,
          ),
          evaluations: add(next.evaluations, add(products, integer(1))),
        }
      },
    )
