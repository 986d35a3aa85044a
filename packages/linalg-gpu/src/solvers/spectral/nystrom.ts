/** The largest eigenvalues of a positive semidefinite operator from one sketch, and a preconditioner from them.
 *
 *    Ω = orth(random [n, l]),   Y = (A + νI) Ω,   Â = Y (ΩᵀY)⁻¹ Yᵀ − νI ≈ U Λ Uᵀ,   ν: the rounding of Y
 *
 *  ΩᵀY is inverted by its eigenvalues, those that are below ν/2 left out: a rank below l does no harm.
 *  Law      exact, to ν ‖(UᵀΩ)⁺‖², where rank A ≤ l: some ν where l has a few to spare; Λ never above the eigenvalues of A but for rounding;
 *           E‖A − Â‖ ≤ (1 + k/(l−k−1)) λ_{k+1} + e²l/((l−k)² − 1) Σ_{j>k} λⱼ for every k ≤ l − 2.
 *  Needs    A symmetric and positive semidefinite: else `indefinite` where the sketch shows it.
 *  Cost     l products, 10 n l² operations, 4 l vectors of n; one application of the preconditioner 4 n l.
 *  Fails    indefinite | nonfinite
 *  Source   Frangella, Tropp, Udell 2021, algorithm 2.1 and section 5; Tropp, Yurtsever, Udell, Cevher 2017 */

import { epsilonOf } from '../../dtype.js'
import { fail } from '../../errors.js'
import { eigh } from '../../linalg/eigh.js'
import { qr } from '../../linalg/qr.js'
import { svd } from '../../linalg/svd.js'
import { add, div, maximum, mul, square, sub } from '../../ops/arithmetic.js'
import { greater, isFinite, less, logicalNot, where } from '../../ops/comparison.js'
import { matmul } from '../../ops/contraction.js'
import { max, min } from '../../ops/reductions.js'
import { transpose } from '../../ops/shape.js'
import { rsqrt } from '../../ops/transcendental.js'
import { withShape } from '../../program/type.js'
import { eager } from '../../trace/eager.js'
import { isTensor, type Tensor, typeOfTensor } from '../../trace/tensor.js'
import { tensorsOf } from '../../trace/treeTrace.js'
import { type Basis, coefficients, combination } from '../basis.js'
import type { Operator } from '../operator.js'
import { unraveled } from '../ravel.js'
import { firstOf, integer } from '../refine.js'
import { code } from '../solution.js'
import { length, plus, type Space } from '../vectors.js'
import { testVectors } from './probes.js'
import { countOf, productsOf, squareOf } from './rows.js'

/** A ≈ U Λ Uᵀ */
export interface EigenApproximation<X> {
  /** The columns of U, orthonormal, along leading axes of size l. */
  readonly vectors: Basis<X>
  /** Λ, descending: [l] */
  readonly values: Tensor
}

export interface Nystrom<X> extends EigenApproximation<X> {
  /** i32: see `statuses`; converged, indefinite or nonfinite. */
  readonly status: Tensor
  readonly products: Tensor
}

/** Nyström's approximation of a rank, at most n.
 *  @example const { values } = nystrom({ rank: 2 })(matrix([[2, 1], [1, 2]], { symmetric: true }))(key(0))
 *  Array.from(readSync(values), (x) => Math.round(1e4 * x)) // => [ 30000, 10000 ] */
export const nystrom =
  ({ rank }: { readonly rank: number }) =>
  <X>(operator: Operator<X>): ((key: Tensor) => Nystrom<X>) => {
    const name = 'nystrom'
    const { n, dtype } = squareOf(name, operator)
    const l = Math.min(n, countOf(name, 'rank', rank))
    return eager((key: Tensor): Nystrom<X> => {
      const omega = qr(transpose(testVectors('gaussian', key, l, n, dtype))).q
      const image = transpose(productsOf(name, operator, transpose(omega)))
      const size = length(image)
      const shift = mul(Math.sqrt(n) * epsilonOf(dtype), size)
      const y = add(image, mul(shift, omega))
      const core = eigh(matmul(transpose(omega), y))
      const holds = greater(core.values, mul(0.5, shift))
      const root = where(holds, rsqrt(where(holds, core.values, 1)), 0)
      const { u, s } = svd(mul(matmul(y, core.vectors), root))
      return {
        vectors: unraveled(operator.domain, transpose(u)),
        values: maximum(sub(square(s), shift), 0),
        status: firstOf(
          [
            [logicalNot(isFinite(size)), code.nonfinite],
            [less(min(core.values), mul(-1, shift)), code.indefinite],
          ],
          code.converged,
        ),
        products: integer(l),
      }
    })
  }

/** P⁻¹ = (λ + μ) U (Λ + μI)⁻¹ Uᵀ + (I − U Uᵀ) with the least λ of Λ: a preconditioner for A + μI, whose condition number comes down to about
 *  (λ + μ)/μ where Λ is that of A. Directions in which Λ + μ is zero are left as they are.
 *  damping   μ ≥ 0
 *  @example const u = nystrom({ rank: 1 })(matrix([[8, 0], [0, 0]], { symmetric: true }))(key(0))
 *  const { x, iterations } = cg({ preconditioner: nystromPreconditioner(u, 1) })(matrix([[9, 0], [0, 1]], { symmetric: true }))(array([9, 1]))
 *  const spent = item(iterations) // => 2 */
export const nystromPreconditioner = <X>(
  { vectors, values }: EigenApproximation<X>,
  damping: Tensor | number,
): Operator<X> => {
  if (!isTensor(damping) && !(damping >= 0)) fail('nystromPreconditioner', `damping is a number ≥ 0, got ${damping}.`)
  const { leaves, structure } = tensorsOf('nystromPreconditioner', vectors)
  const types = leaves.map((leaf) => withShape(typeOfTensor(leaf), leaf.shape.slice(1)))
  const domain: Space<X> = { structure, types }
  return {
    domain,
    codomain: domain,
    apply: eager((x: X): X => {
      const damped = add(values, damping)
      const held = greater(damped, 0)
      const least = min(where(held, damped, max(damped)))
      const gain = where(held, sub(div(least, where(held, damped, 1)), 1), 0)
      return plus(x, combination(vectors, mul(gain, coefficients(vectors, x))))
    }),
    facts: { symmetric: true, definite: 'positive' },
  }
}
