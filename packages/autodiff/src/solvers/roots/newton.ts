/** Newton's method for roots: x ← x + λ d,  J d = −F(x),  with the whole Jacobian and a line search.
 *
 *  Needs    F differentiable, J invertible on the way. Quadratic near a simple root; the line search brings it there from further off.
 *  Equal    of optimistix.Newton and scipy.optimize.newton (of systems), with a line search.
 *  Cost     a step: n products with J, side by side, 2/3 n³ for the solve, a value of F for each step length tried. For large n: `newtonKrylov`.
 *  Fails    singular (J, to rounding, where no step along d helps) | breakdown (no step along d helps, though J d = −F: near a minimum of ‖F‖ that is
 *           no root, at a kink, or for rounding) | maxIterations | nonfinite
 *  Source   Dennis, Schnabel 1983 */

import { add, all, isFinite, lessEqual, logicalNot, matmul, mul, neg, type Tensor } from '@neumann/linalg-gpu'
import { solve } from '@neumann/linalg-gpu/linalg'
import { frame, running, statusCode, vectors } from '@neumann/linalg-gpu/solvers'
import { jacfwd } from '../../api/jacobian.js'
import { flattened } from '../flattened.js'
import type { Found, SearchOptions } from '../search.js'
import { backtrack } from './backtrack.js'
import { type RootSolver, searchedRoot } from './families.js'

const { firstOf, integer } = frame
const { length } = vectors

/** Roots by Newton's method.
 *  @example const root = newton()((x: Tensor) => sub(mul(x, x), array([4, 9])))(array([1, 1]))
 *  String(root.x) // => f32[2] [2, 3]
 *  statusOf(item(root.status)) // => converged */
export const newton =
  (options: SearchOptions = {}): RootSolver =>
  <X>(f: (x: X) => X) =>
    flattened<X, Found<Tensor>>('newton', ({ map }) => {
      const residualAt = map(f)
      const jacobianAt = jacfwd(residualAt)
      return searchedRoot<Tensor, null>(
        'newton',
        options,
        residualAt,
        () => ({ memory: null, evaluations: 0 }),
        (at) => {
          const jacobian = jacobianAt(at.x) as Tensor
          const d = neg(solve(jacobian, at.r))
          const next = backtrack(residualAt, at, d)
          // ‖F + J d‖ < ‖F‖ makes d a way down; rounding lets no better one through where J is singular
          const solved = lessEqual(length(add(at.r, matmul(jacobian, d))), mul(0.5, at.norm))
          return {
            ...next,
            memory: null,
            stop: firstOf(
              [
                [next.found, running],
                [logicalNot(all(isFinite(jacobian))), statusCode.nonfinite],
                [solved, statusCode.breakdown],
              ],
              statusCode.singular,
            ),
            evaluations: add(next.evaluations, integer(at.x.shape[0]!)),
          }
        },
      )
    })
