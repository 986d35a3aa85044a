/** Linear solvers with the derivative of the solution, which is believed only as far as the solves behind it went. */

import { logicalAnd } from '@neumann/linalg-gpu'
import {
  frame,
  type LinearSolver,
  type LinearSolverOn,
  type Solution,
  type Status,
  transposed,
} from '@neumann/linalg-gpu/solvers'
import { customLinearSolve } from '../api/implicit.js'
import { eager, isTracing } from '../language.js'
import { acceptance, exactly, orNaN, recorded } from './evidence.js'

export interface DifferentiableOptions<X> {
  /** How a solve may end for its derivative to be believed: elsewhere that is NaN. Only 'converged' by default; with 'maxIterations' a truncated
   *  solve is a derivative too, with `statuses` every one is. */
  readonly accept?: readonly Status[]
  /** Solves with the transposed operator; by default the solver itself. For one whose preconditioner has to be transposed too. */
  readonly transposeSolver?: LinearSolverOn<X>
}

/** The same solver, whose x has the derivative of the exact solution, in b and in all that the operator closes over, in both modes, to any order.
 *  A dx = db − dA x;   b̄ = A⁻ᵀ x̄,   Ā = −b̄ xᵀ
 *  Needs    A square. Where it is not `symmetric`, derivatives in reverse need its transpose, the operator's own or that of its program. Where it is, it
 *           must stay so: derivatives of order 2 along a dA that is not symmetric mean nothing.
 *  Shapes   as the solver
 *  Cost     a solve from 0 for each push or pull, none more for the value; the iterations are never differentiated.
 *  Status, residual and the other evidence are that of the value and have no derivative; neither has `start`, nor what a preconditioner closes over.
 *  Fails    the derivative is NaN where the solve of the value, or that of the derivative itself, ended otherwise than `accept` says.
 *  Laws     equals differentiating `exact`
 *  Source   the implicit function theorem
 *  @example const solve = (a: Tensor) => differentiable(cg())(matrix(a, { symmetric: true, definite: 'positive' }))(array([2, 6]))
 *  grad((a: Tensor) => sum(solve(a).x))(array([[2, 0], [0, 4]])) // => f32[2,2] [[-0.5, -0.75], [-0.25, -0.375]] */
export const differentiable: {
  (solver: LinearSolver, options?: { readonly accept?: readonly Status[] }): LinearSolver
  <X>(solver: LinearSolverOn<X>, options?: DifferentiableOptions<X>): LinearSolverOn<X>
} = <X>(
  solver: LinearSolverOn<X>,
  { accept = ['converged'], transposeSolver = solver }: DifferentiableOptions<X> = {},
): LinearSolverOn<X> => {
  const accepted = acceptance(name, accept)
  return (operator) => {
    frame.endo(name, operator, ' Solve Aᵀ A x = Aᵀ b for least squares.')
    const solve = solver(operator)
    return eager((b: X, start?: X): Solution<X> => {
      // nothing differentiates what runs outside traces
      if (!isTracing()) return exactly(name, solve(b, start))
      const given: [b: X, start?: X] = start === undefined ? [b] : [b, start]
      const value = recorded(name, solve, given)
      const found = exactly(name, value.still(...given))
      const trusted = accepted(found.status)
      const guarded =
        (solve: (b: X) => Solution<X>) =>
        (right: X): X => {
          const { x, status } = exactly(name, solve(right))
          return orNaN(logicalAnd(trusted, accepted(status)), x)
        }
      const x = customLinearSolve<X>(operator.apply, b, () => found.x, {
        tangentSolve: (_, right) => guarded(start === undefined ? value.again : solve)(right),
        transposeSolve: (apply, right) =>
          guarded(transposeSolver(transposed({ transpose: apply, ...operator })))(right),
        symmetric: operator.facts.symmetric === true || operator.facts.diagonal === true,
      })
      return { ...found, x }
    })
  }
}

const name = 'differentiable'
