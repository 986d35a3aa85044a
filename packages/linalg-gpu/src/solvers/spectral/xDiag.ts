/** The diagonal of an operator from exchangeable test vectors: each vector in turn estimates what the sketch of all others leaves.
 *
 *    Pᵢ = projection on the range of A Ω without column i,   ω of ±1
 *    diag A ≈ 1/k Σ [ diag(Pᵢ A) + ωᵢ ∘ (I − Pᵢ) A ωᵢ ]
 *
 *  Law      exact, to rounding, where rank A < k, and, from one probe, where A is diagonal; unbiased for any A.
 *  Needs    any square A with a transpose, or symmetric.
 *  Cost     a product with A and one with Aᵀ for each of the k probes (at most n are of use), 12 n k² operations, 8 k vectors of n.
 *  Error    of each element: that of k samples as if they were independent.
 *  Source   Epperly, Tropp, Webber 2024, section 4.2; Bekas, Kokiopoulou, Saad 2007 (one probe) */

import { add, mul, sub } from '../../ops/arithmetic.js'
import { matmul } from '../../ops/contraction.js'
import { sum } from '../../ops/reductions.js'
import { reshape, transpose } from '../../ops/shape.js'
import { eager } from '../../trace/eager.js'
import type { Tensor } from '../../trace/tensor.js'
import type { Operator } from '../operator.js'
import { unraveled } from '../ravel.js'
import { integer } from '../refine.js'
import { sketchOf } from './leaveOneOut.js'
import { adjointOf, countOf, productsOf, squareOf } from './rows.js'
import { averaged, type Estimate } from './samples.js'

/** XDiag: a vector of the operator's space, and its error.
 *  @example // rank 1
 *  const { value } = xDiag({ probes: 2 })(matrix([[1, 2], [2, 4]], { symmetric: true }))(key(0))
 *  Array.from(readSync(value), (x) => Math.round(1e4 * x)) // => [ 10000, 40000 ] */
export const xDiag =
  ({ probes }: { readonly probes: number }) =>
  <X>(operator: Operator<X>): ((key: Tensor) => Estimate<X>) => {
    const name = 'xDiag'
    const { n } = squareOf(name, operator)
    const k = Math.min(n, countOf(name, 'probes', probes))
    const adjoint = adjointOf(name, operator)
    return eager((key: Tensor): Estimate<X> => {
      const { omega, q, r, s } = sketchOf(name, operator, 'rademacher', key, k)
      const z = transpose(productsOf(name, adjoint, transpose(q)))
      const [qs, zs] = [matmul(q, s), matmul(z, s)]
      const caught = sub(reshape(sum(mul(q, z), { axis: 1 }), [n, 1]), mul(qs, zs))
      // (I − Pᵢ) A ωᵢ = Q sᵢ sᵢᵀ rᵢ
      const left = mul(omega, mul(qs, sum(mul(s, r), { axis: 0 })))
      const { value, error } = averaged(transpose(add(caught, left)))
      return {
        value: unraveled(operator.domain, value),
        error: unraveled(operator.domain, error),
        products: integer(2 * k),
      }
    })
  }
