/** Chebyshev's semi-iteration: the best polynomial for a spectrum in a known interval.
 *
 *  θ = (b + a)/2,  δ = (b − a)/2;   p = M r / θ,  ρ = δ/θ  at first, then  s = 1/(2θ − δρ),  ρ₊ = δ s,  p ← ρ₊ ρ p + 2 s M r;   x ← x + p,  r ← r − A p
 *
 *  Needs    the eigenvalues of M A within [a, b] = [least, greatest], which leaves 0 out; M A symmetric, or nearly.
 *  Equal    of PETSc's KSPCHEBYSHEV with these bounds; for a = b of `richardson` with step 1/a.
 *  Cost     an iteration: one product, one with M, 4 vectors of n, no dot product that anything waits for but the norm that ends it.
 *           ‖r_k‖ ≤ ‖r_0‖ / T_k(θ/δ) ≤ 2 ((√κ − 1)/(√κ + 1))ᵏ ‖r_0‖ with κ = b/a.
 *  Fails    diverged (an eigenvalue lies beyond the interval: above `greatest`, or on the other side of 0) | singular | maxIterations (an eigenvalue between 0 and
 *           `least` is only slow) | nonfinite
 *  Source   Golub, Varga 1961; Saad, Iterative Methods for Sparse Linear Systems, algorithm 12.1 */

import { fail } from '../errors.js'
import { add, div, mul, sub } from '../ops/arithmetic.js'
import { equal, where } from '../ops/comparison.js'
import { eager } from '../trace/eager.js'
import { isTensor, type Tensor } from '../trace/tensor.js'
import type { Operator } from './operator.js'
import { endo } from './operators/spaces.js'
import { operandOf, preconditioned, refined } from './refine.js'
import { factor } from './richardson.js'
import { type Schedule, semiIteration } from './semiIteration.js'
import type { LinearOptions, LinearSolver, LinearSolverOn, Solution } from './solution.js'

export interface ChebyshevOptions extends LinearOptions {
  /** Bounds of the spectrum, both of one sign: numbers or scalar tensors. */
  readonly least: Tensor | number
  readonly greatest: Tensor | number
}

/** Chebyshev's semi-iteration, of at most 1000 steps by default.
 *  @example const { x, status } = chebyshev({ least: 2, greatest: 5 })(matrix([[4, 1], [1, 3]]))(array([5, 4]))
 *  const end = [String(x), statusOf(item(status))] // => [ 'f32[2] [1, 1]', 'converged' ] */
export const chebyshev: {
  (options: ChebyshevOptions): LinearSolver
  <X>(options: ChebyshevOptions & { readonly preconditioner: Operator<X> }): LinearSolverOn<X>
} = <X>({
  least,
  greatest,
  preconditioner,
  maxIterations = 1000,
  tolerance,
}: ChebyshevOptions & { readonly preconditioner?: Operator<X> }): LinearSolverOn<X> => {
  factor('chebyshev', 'least', least)
  factor('chebyshev', 'greatest', greatest)
  if (!isTensor(least) && !isTensor(greatest) && !(least <= greatest && least * greatest > 0))
    fail(
      'chebyshev',
      `the interval [${least}, ${greatest}] goes from a number to a greater one of the same sign. For a spectrum on both sides of 0 use minres.`,
    )
  const limits = { maxIterations, ...(tolerance !== undefined && { tolerance }) }
  return (operator) => {
    endo('chebyshev', operator)
    const precondition = preconditioned('chebyshev', operator, preconditioner)
    return eager((b: X, start?: X): Solution<X> => {
      // numbers are rounded once, to the dtype of the vectors
      const [sum, radius]: readonly [Tensor | number, Tensor | number] =
        isTensor(least) || isTensor(greatest)
          ? [add(greatest, least), mul(0.5, sub(greatest, least))]
          : [greatest + least, 0.5 * (greatest - least)]
      const schedule = scheduleOf(operandOf('chebyshev', operator, sum), operandOf('chebyshev', operator, radius))
      return refined('chebyshev', operator, limits, semiIteration('chebyshev', schedule, precondition))(b, start)
    })
  }
}

/** With b + a and (b − a)/2. */
const scheduleOf = (sum: Tensor, radius: Tensor): Schedule => ({
  first: 0,
  next: (rho) => {
    const s = div(1, sub(sum, mul(radius, rho)))
    // ρ is 0 before the first step, whose s is half of what the recurrence goes on with
    const later = mul(radius, s)
    const after = where(equal(rho, 0), mul(2, later), later)
    return { momentum: mul(after, rho), step: mul(2, s), memory: after }
  },
})
