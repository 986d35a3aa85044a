/** Richardson's iteration: one step along the residual after another.
 *
 *  x ← x + α M (b − A x)
 *
 *  Needs    |1 − α μ| < 1 for all eigenvalues μ of M A. For symmetric A > 0 and no M that is 0 < α < 2/λmax; α = 2/(λmin + λmax) is best.
 *  Equal    of gradient descent on ½ xᵀA x − bᵀx; after k steps from 0 of the Neumann series with k terms.
 *  Cost     an iteration: one product, one with M, 4 vectors of n. ‖r_k‖ ≤ max |1 − αμ|ᵏ ‖r_0‖ for symmetric A, so about κ/2 iterations a digit and
 *           more: `chebyshev` takes √κ, `cg` no more than that and no bounds. Its use is where products are noisy, or a step or two is all one wants.
 *  Fails    diverged (the step is too long, or has the wrong sign for some direction) | singular | maxIterations | nonfinite
 *  Source   Richardson 1911; Saad, Iterative Methods for Sparse Linear Systems, 4.2.1 */

import { fail, showShape } from '../errors.js'
import { eager } from '../trace/eager.js'
import { isTensor, type Tensor } from '../trace/tensor.js'
import type { Operator } from './operator.js'
import { endo } from './operators/spaces.js'
import { operandOf, preconditioned, refined } from './refine.js'
import { semiIteration } from './semiIteration.js'
import type { LinearOptions, LinearSolver, LinearSolverOn, Solution } from './solution.js'

export interface RichardsonOptions extends LinearOptions {
  /** α: a number, or a scalar tensor. */
  readonly step: Tensor | number
}

/** Richardson's iteration, of at most 1000 steps by default.
 *  @example const { x, status } = richardson({ step: 0.25, tolerance: 1e-7 })(matrix([[4, 1], [1, 3]]))(array([5, 4]))
 *  const end = [String(x), statusOf(item(status))] // => [ 'f32[2] [1, 1]', 'converged' ] */
export const richardson: {
  (options: RichardsonOptions): LinearSolver
  <X>(options: RichardsonOptions & { readonly preconditioner: Operator<X> }): LinearSolverOn<X>
} = <X>({
  step,
  preconditioner,
  maxIterations = 1000,
  tolerance,
}: RichardsonOptions & { readonly preconditioner?: Operator<X> }): LinearSolverOn<X> => {
  factor('richardson', 'step', step)
  const limits = { maxIterations, ...(tolerance !== undefined && { tolerance }) }
  return (operator) => {
    endo('richardson', operator)
    const precondition = preconditioned('richardson', operator, preconditioner)
    return eager((b: X, start?: X): Solution<X> => {
      const alpha = operandOf('richardson', operator, step)
      const schedule = { first: 0, next: (memory: Tensor) => ({ momentum: 0, step: alpha, memory }) }
      return refined('richardson', operator, limits, semiIteration('richardson', schedule, precondition))(b, start)
    })
  }
}

/** A number that is neither 0 nor infinite nor NaN, or a scalar tensor. */
export const factor = (name: string, what: string, value: Tensor | number): Tensor | number =>
  isTensor(value)
    ? value.shape.length === 0
      ? value
      : fail(name, `${what} is a number or a scalar, got a tensor of shape ${showShape(value.shape)}.`)
    : Number.isFinite(value) && value !== 0
      ? value
      : fail(name, `${what} is a finite number other than 0, got ${value}.`)
