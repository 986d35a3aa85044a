/** For tests: conjugate gradients with mistakes that were published, and stayed for years. Each says that it converged, as its recurrence believes. */

import { add, div, fullLike, maximum, mul, neg, type Tensor } from '@neumann/linalg-gpu'
import {
  frame,
  type LinearSolver,
  type Operator,
  type Solution,
  statusCode,
  vectors,
} from '@neumann/linalg-gpu/solvers'

const { addScaled, inner, length, zeroLike } = vectors

export interface Mistakes {
  readonly iterations: number
  /** p ← r + β p with the residual from before the step. */
  readonly staleResidual?: boolean
  /** α = rᵀr / (pᵀA p + ε): damping that A itself does not have. */
  readonly dampedDenominator?: number
  /** α = rᵀr / max(pᵀA p, floor), and so for β. */
  readonly floor?: number
}

export const brokenCg =
  ({ iterations, staleResidual = false, dampedDenominator = 0, floor = 0 }: Mistakes): LinearSolver =>
  <X>(operator: Operator<X>) =>
  (b: X): Solution<X> => {
    const safe = (x: Tensor): Tensor => maximum(x, floor > 0 ? floor : 1e-300)
    let [x, r, p] = [zeroLike(b), b, b]
    for (let k = 0; k < iterations; k++) {
      const q = operator.apply(p)
      const rho = inner(r, r)
      const alpha = div(rho, safe(add(inner(p, q), dampedDenominator)))
      x = addScaled(x, alpha, p)
      const next = addScaled(r, neg(alpha), q)
      const beta = div(inner(next, next), safe(rho))
      p = addScaled(staleResidual ? r : next, beta, p)
      r = next
    }
    const unknown = fullLike(length(b), Number.NaN)
    return {
      x,
      status: frame.integer(statusCode.converged),
      residual: mul(0, length(b)),
      iterations: frame.integer(iterations),
      products: frame.integer(iterations),
      curvature: [unknown, unknown],
    }
  }
