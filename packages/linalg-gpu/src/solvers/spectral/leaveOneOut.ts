/** A sketch of an operator, and what it would be without each of its vectors.
 *
 *    Y = A Ω = Q R;  without column i the range of Y is that of Q (I − sᵢ sᵢᵀ),  with the unit sᵢ that is orthogonal to all columns of R but the i-th:
 *    column i of R⁻ᵀ, scaled
 *
 *  A diagonal element of R below an ulp of the largest is taken as that ulp: it moves R by its rounding, and sᵢ of a sketch whose columns are
 *  dependent is one of the many that will do.
 *  Source   Epperly, Tropp, Webber 2024, section 2.2 */

import { epsilonOf } from '../../dtype.js'
import { qr } from '../../linalg/qr.js'
import { solveTriangular } from '../../linalg/solveTriangular.js'
import { abs, div, mul } from '../../ops/arithmetic.js'
import { less, where } from '../../ops/comparison.js'
import { eye } from '../../ops/creation.js'
import { max, norm } from '../../ops/reductions.js'
import { diagonal, transpose } from '../../ops/shape.js'
import type { Tensor } from '../../trace/tensor.js'
import type { Operator } from '../operator.js'
import { divisor } from '../vectors.js'
import { type TestVectors, testVectors } from './probes.js'
import { productsOf, squareOf } from './rows.js'

/** All have the vectors as columns: Ω, Y and Q [n, k], R and S [k, k]. */
export interface Sketch {
  readonly omega: Tensor
  readonly y: Tensor
  readonly q: Tensor
  readonly r: Tensor
  readonly s: Tensor
}

export const sketchOf = <X>(name: string, operator: Operator<X>, kind: TestVectors, key: Tensor, k: number): Sketch => {
  const { n, dtype } = squareOf(name, operator)
  const rows = testVectors(kind, key, k, n, dtype)
  const y = transpose(productsOf(name, operator, rows))
  const { q, r } = qr(y)
  const sizes = abs(diagonal(r))
  const top = max(sizes)
  const least = mul(divisor(top), epsilonOf(dtype))
  const identity = eye(k, k, { dtype: 'bool' })
  const regular = where(identity, where(less(sizes, least), least, diagonal(r)), r)
  // with R near 1, so that its inverse is a number of the dtype
  const inverse = solveTriangular(div(regular, divisor(top)), eye(k, k, { dtype }), {
    lower: false,
    transposed: true,
  })
  return { omega: transpose(rows), y, q, r, s: div(inverse, norm(inverse, { axis: 0 })) }
}
