/** The trace of an operator from random test vectors.
 *
 *    tr A = E[ωᵀA ω] ≈ 1/m Σ ωᵢᵀA ωᵢ,   E[ω ωᵀ] = I
 *
 *  Variance  a sample's is 2 Σ_{i≠j} Bᵢⱼ² for rademacher, 2 ‖B‖² for gaussian, with B = (A + Aᵀ)/2: rademacher is exact for a diagonal A.
 *  Needs     any square A.
 *  Cost      a product and a vector for each probe, one after the other.
 *  Source    Girard 1987; Hutchinson 1990 */

import { map } from '../../control/scan.js'
import { splitKey } from '../../random/key.js'
import { eager } from '../../trace/eager.js'
import type { Tensor } from '../../trace/tensor.js'
import type { Operator } from '../operator.js'
import { unraveled } from '../ravel.js'
import { integer } from '../refine.js'
import { inner, vectorIn } from '../vectors.js'
import { type TestVectors, testVector } from './probes.js'
import { countOf, squareOf } from './rows.js'
import { averaged, type Estimate } from './samples.js'

export interface TraceOptions {
  /** Test vectors, m. */
  readonly probes: number
  readonly testVectors?: TestVectors
}

/** Hutchinson's estimate; rademacher vectors by default.
 *  @example const { value } = hutchinson({ probes: 2 })(diagonalOperator(array([1, 2])))(key(3))
 *  value // => f32[] 3 */
export const hutchinson =
  ({ probes, testVectors = 'rademacher' }: TraceOptions) =>
  <X>(operator: Operator<X>): ((key: Tensor) => Estimate) => {
    const name = 'hutchinson'
    const count = countOf(name, 'probes', probes)
    const { n, dtype } = squareOf(name, operator)
    return eager((key: Tensor): Estimate => {
      const sample = (own: Tensor): Tensor => {
        const w = unraveled(operator.domain, testVector(testVectors, own, n, dtype))
        return inner(w, vectorIn(name, 'the product', operator.apply(w), operator.domain))
      }
      return { ...averaged(map(sample, splitKey(key, count))), products: integer(count) }
    })
  }
