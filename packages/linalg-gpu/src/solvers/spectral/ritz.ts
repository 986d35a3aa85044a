/** Eigenvalues of a symmetric operator from Lanczos' tridiagonal matrix.
 *
 *    T s = θ s,   ‖A Q s − θ Q s‖ = βₖ |sₖ|,   weight = s₁²
 *
 *  values      θ, ascending: the interval θ ± residual holds an eigenvalue of A. residual: βₖ |sₖ|, and 4 √k ulps of ‖T‖ for what rounds
 *  weights     qᵀf(A) q = Σ weight f(θ) for the start q and polynomials f of degree < 2k: Gauss' quadrature; they sum to 1
 *  Where Lanczos ended after fewer steps, the last value is repeated with weight 0 and the residual of the last.
 *
 *  Shapes   [k] each · vectors [k, k]: column i is s of value i, the coordinates of a Ritz vector in the basis; zero where a value is repeated
 *  Cost     an `eigh` of k × k.
 *  Fails    NaN where no step of Lanczos holds.
 *  Source   Golub, Welsch 1969; Parlett 1998, 13.2. */

import { epsilonOf } from '../../dtype.js'
import { eigh } from '../../linalg/eigh.js'
import { abs, add, div, maximum, mul, square, sub } from '../../ops/arithmetic.js'
import { greater, less, where } from '../../ops/comparison.js'
import { iota } from '../../ops/creation.js'
import { take } from '../../ops/indexing.js'
import { max, sum } from '../../ops/reductions.js'
import { diag, pad, slice, transpose } from '../../ops/shape.js'
import { eager } from '../../trace/eager.js'
import type { Tensor } from '../../trace/tensor.js'
import { divisor, dtypeOf } from '../vectors.js'
import type { Tridiagonal } from './lanczos.js'

export interface Ritz {
  readonly values: Tensor
  readonly residuals: Tensor
  readonly weights: Tensor
  readonly vectors: Tensor
}

/** Ritz values and what is known of them.
 *  @example const { values, weights } = ritz(lanczos({ steps: 2 })(matrix([[0, 1], [1, 0]], { symmetric: true }))(array([1, 0])))
 *  const seen = [String(values), String(weights)] // => [ 'f32[2] [-1, 1]', 'f32[2] [0.5, 0.5]' ] */
export const ritz = eager(({ alpha, beta, steps }: Tridiagonal): Ritz => {
  const k = alpha.shape[0]!
  const place = iota([k])
  const held = less(place, steps)
  const last = maximum(sub(steps, 1), 0)
  // a row that was not reached gets a value beyond all others: it is sorted last, and its vector has no part in the rest
  const size = max(add(abs(alpha), beta))
  const beyond = mul(4, divisor(size))
  const inside = where(less(place, last), beta, 0)
  const above = pad(diag(slice(inside, [0, k - 1])), [
    [0, 1],
    [1, 0],
  ])
  const own = eigh(add(diag(where(held, alpha, beyond)), add(above, transpose(above))))
  const vectors = where(held, own.vectors, 0)
  const rounding = mul(4 * Math.sqrt(k) * epsilonOf(dtypeOf('ritz', alpha)), size)
  const tails = add(mul(take(beta, last), abs(take(vectors, last, { axis: 0 }))), rounding)
  const firsts = square(slice(vectors, 0))
  const repeated = (x: Tensor): Tensor => where(held, x, take(x, last))
  return {
    values: where(greater(steps, 0), repeated(own.values), NaN),
    residuals: where(greater(steps, 0), repeated(tails), NaN),
    weights: div(firsts, sum(firsts)),
    vectors,
  }
})
