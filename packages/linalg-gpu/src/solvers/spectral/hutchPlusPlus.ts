/** The trace of an operator: what a random sketch catches exactly, the rest by Hutchinson.
 *
 *    Q = orth(A Ω),   tr A ≈ tr(QᵀA Q) + 1/m Σ gᵢᵀ(I − Q Qᵀ) A (I − Q Qᵀ) gᵢ
 *
 *  Law      exact, to rounding, where rank A ≤ m, and for m ≥ n; unbiased for any A.
 *  Needs    any square A; its advantage over `hutchinson` is for singular values that decay. For a positive semidefinite A the error is O(1/m), not O(1/√m).
 *  Cost     3 products for each of the m probes (at most n are of use), 6 n m² operations, 4 m vectors of n.
 *  Source   Meyer, Musco, Musco, Woodruff 2021, algorithm 1 */

import { qr } from '../../linalg/qr.js'
import { add, mul, sub } from '../../ops/arithmetic.js'
import { matmul } from '../../ops/contraction.js'
import { sum } from '../../ops/reductions.js'
import { slice, transpose } from '../../ops/shape.js'
import { splitKey } from '../../random/key.js'
import { eager } from '../../trace/eager.js'
import type { Tensor } from '../../trace/tensor.js'
import type { Operator } from '../operator.js'
import { integer } from '../refine.js'
import type { TraceOptions } from './hutchinson.js'
import { testVectors as drawn } from './probes.js'
import { countOf, productsOf, squareOf } from './rows.js'
import { averaged, type Estimate } from './samples.js'

/** Hutch++; rademacher vectors by default.
 *  @example // rank 1
 *  const { value } = hutchPlusPlus({ probes: 1 })(matrix([[1, 2], [2, 4]]))(key(0))
 *  Math.round(1e5 * item(value)) // => 500000 */
export const hutchPlusPlus =
  ({ probes, testVectors = 'rademacher' }: TraceOptions) =>
  <X>(operator: Operator<X>): ((key: Tensor) => Estimate) => {
    const name = 'hutchPlusPlus'
    const { n, dtype } = squareOf(name, operator)
    const m = Math.min(n, countOf(name, 'probes', probes))
    return eager((key: Tensor): Estimate => {
      const keys = splitKey(key, 2)
      const vectors = (i: number): Tensor => drawn(testVectors, slice(keys, i), m, n, dtype)
      const products = (rows: Tensor): Tensor => productsOf(name, operator, rows)
      const { q } = qr(transpose(products(vectors(0))))
      const basis = transpose(q)
      const caught = sum(mul(basis, products(basis)))
      const g = vectors(1)
      const rest = sub(g, matmul(matmul(g, q), basis))
      const { value, error } = averaged(sum(mul(rest, products(rest)), { axis: 1 }))
      return { value: add(caught, value), error, products: integer(3 * m) }
    })
  }
