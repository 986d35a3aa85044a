/** Direct solution by factors of the operator's matrix.
 *
 *  Chosen   by facts: diagonal → one product and a division; triangular → substitution; symmetric and definite → Cholesky's factors; else LU with row
 *           interchanges. Then rounds of iterative refinement, as far as the tolerance asks for them.
 *  Needs    a square operator whose facts are true: only the triangle that is claimed is read, and of a symmetric matrix (A + Aᵀ)/2. Where a claim is
 *           false the residual, which comes from the operator itself, does not fall, or falls slowly: no wrong x is `converged`.
 *  Cost     n products for a matrix that is not at hand, n² numbers, n³/3 operations (Cholesky) or 2n³/3 (LU), for each call; a round 2n² and one product.
 *  Fails    singular (a pivot is 0, or ‖A‖‖x‖ ε ≥ ‖b‖: the right side itself shows a condition number beyond 1/ε) | indefinite (claimed positive or
 *           negative, and is not) | breakdown (rounding: ask for less, or f64) | nonfinite
 *  Source   Golub, Van Loan, Matrix Computations, 3.5 (refinement) and 4.2 */

import { epsilonOf } from '../dtype.js'
import { cholesky } from '../linalg/cholesky.js'
import { lu } from '../linalg/lu.js'
import { luSolve } from '../linalg/luSolve.js'
import { solveTriangular } from '../linalg/solveTriangular.js'
import { add, div, mul, neg } from '../ops/arithmetic.js'
import { equal, greaterEqual, isFinite, logicalNot, logicalOr, where } from '../ops/comparison.js'
import { ones } from '../ops/creation.js'
import { all, any } from '../ops/reductions.js'
import { eager } from '../trace/eager.js'
import type { Tensor } from '../trace/tensor.js'
import { materialise } from './materialise.js'
import type { Operator } from './operator.js'
import { endo } from './operators/spaces.js'
import { raveled, unraveled } from './ravel.js'
import { firstOf, integer, type Method, noCurvatures, refined } from './refine.js'
import { code, type LinearOptions, type LinearSolver, running, type Solution } from './solution.js'
import { dimensionOf, dtypeOf, length } from './vectors.js'

/** What solves A x = b for flat b, what was factored, and what it means where that cannot be. */
interface Factored {
  readonly entries: Tensor
  readonly solve: (b: Tensor) => Tensor
  readonly failure: 'singular' | 'indefinite'
  /** Whether a pivot is known to be 0; some x is found all the same where b allows it. */
  readonly flat?: Tensor
  /** Products with the operator that were spent. */
  readonly products: number
}

/** Direct solution; `maxIterations` is the number of solves with the factors, 4 by default.
 *  @example const { x, status } = exact()(matrix([[0, 2], [1, 1]]))(array([2, 3]))
 *  const end = [String(x), statusOf(item(status))] // => [ 'f32[2] [2, 1]', 'converged' ] */
export const exact =
  ({ maxIterations = 4, tolerance }: LinearOptions = {}): LinearSolver =>
  <X>(operator: Operator<X>) => {
    endo('exact', operator)
    const limits = { maxIterations, ...(tolerance !== undefined && { tolerance }) }
    return eager((b: X, start?: X): Solution<X> => {
      const factors = factored(operator)
      const solution = refined('exact', operator, limits, method(operator, factors))(b, start)
      return { ...solution, products: add(solution.products, integer(factors.products)) }
    })
  }

const factored = <X>(operator: Operator<X>): Factored => {
  const { facts, domain } = operator
  const n = dimensionOf(domain)
  if (facts.diagonal) {
    const d = raveled(operator.apply(unraveled(domain, ones([n], { dtype: domain.types[0]?.dtype ?? 'f32' }))))
    const none = equal(d, 0)
    const solve = (b: Tensor): Tensor => where(none, 0, div(b, d))
    return { entries: d, solve, failure: 'singular', flat: any(none), products: 1 }
  }
  const a = materialise(operator)
  const known = { entries: a, failure: 'singular', products: operator.dense === undefined ? n : 0 } as const
  if (facts.triangular !== undefined) {
    const lower = facts.triangular === 'lower'
    return { ...known, solve: (b) => solveTriangular(a, b, { lower }) }
  }
  if (facts.symmetric && (facts.definite === 'positive' || facts.definite === 'negative')) {
    const turn = (x: Tensor): Tensor => (facts.definite === 'negative' ? neg(x) : x)
    const factor = cholesky(turn(a))
    return {
      ...known,
      solve: (b) => turn(solveTriangular(factor, solveTriangular(factor, b), { transposed: true })),
      failure: 'indefinite',
    }
  }
  const factors = lu(a)
  return { ...known, solve: (b) => luSolve(factors, b) }
}

const method =
  <X>({ domain }: Operator<X>, { entries, solve, failure, flat }: Factored): Method<X> =>
  (_, r) => {
    const dtype = dtypeOf('exact', r)
    const right = raveled(r)
    const d = solve(right)
    const held = all(isFinite(d))
    const usable = where(held, d, mul(0, right))
    // the length of A is that of all its entries: not below ‖A‖
    const spread = mul(mul(length(entries), epsilonOf(dtype)), length(usable))
    const worn = greaterEqual(spread, length(right))
    return {
      d: unraveled(domain, usable),
      stop: firstOf(
        [
          [logicalNot(all(isFinite(entries))), code.nonfinite],
          [logicalNot(held), code[failure]],
          [flat === undefined ? worn : logicalOr(flat, worn), code.singular],
        ],
        running,
      ),
      iterations: integer(1),
      products: integer(0),
      ...noCurvatures(dtype),
    }
  }
