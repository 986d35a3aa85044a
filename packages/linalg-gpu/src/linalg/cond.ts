/** Condition numbers. */

import { fail, showType } from '../errors.js'
import { div, mul } from '../ops/arithmetic.js'
import { equal, isFinite as finite, logicalAnd, isNaN as unknown, where } from '../ops/comparison.js'
import { all } from '../ops/reductions.js'
import type { CustomKernel } from '../program/custom.js'
import { eager } from '../trace/eager.js'
import { type Tensor, type TensorLike, typeOfTensor } from '../trace/tensor.js'
import { composed } from './composed.js'
import { inverse } from './inv.js'
import { extreme, type MatrixNorm, normOf } from './matrixNorm.js'
import { inMatrices, run1, sizeOfMatrix, squares } from './operands.js'
import { svdvals } from './svd.js'

/** κ = ‖A‖ ‖A⁻¹‖: how much a small relative change of A or b may grow in the solution of A x = b.
 *  With ord 2, by default, s₁/sₖ of a matrix of any shape, with −2 its inverse; with the other norms, of square matrices.
 *  Shapes    […, m, n] → […]
 *  Cost      that of `svdvals` for ±2 and nuc; that of `inv` and two norms for others.
 *  Singular  Infinity, and no derivative: NaN or infinite; 0 for −2. Above 1/ε it is only known to be large. A matrix with NaN or
 *            infinity has NaN, alone.
 *  Laws      cond(c A) = cond(A); 1 for orthogonal A with ord 2, and never less for what are norms.
 *  @example cond(array([[2, 0], [0, 1]])) // => f32[] 2 */
export const cond = eager(
  (a: TensorLike, ord: MatrixNorm = 2): Tensor =>
    inMatrices('cond', a, (x) => {
      const [m, n] = sizeOfMatrix(x)
      if (m * n === 0) fail('cond', `${showType(typeOfTensor(x))} has no elements, so no condition number.`)
      return ord === 2 || ord === -2 ? ofValues(svdvals(x), ord) : byInverse(squares('cond', x), ord)
    }),
)

const ofValues = (s: Tensor, ord: 2 | -2): Tensor => {
  const [largest, least] = [extreme(s, 2), extreme(s, -2)]
  const none = equal(least, 0)
  return ord === 2 ? run1(limits.most, div(largest, least), none) : run1(limits.least, div(least, largest), none)
}

/** Where all elements are numbers, an inverse that is none is infinite. */
const byInverse = (a: Tensor, ord: MatrixNorm): Tensor => {
  const product = mul(normOf('cond', a, ord), normOf('cond', inverse(a), ord))
  return run1(limits.most, product, logicalAnd(unknown(product), all(finite(a), { axis: [-2, -1] })))
}

/** A value and where it is the limit instead. The derivative stays that of the value, which is no number there: 0, as of a choice, would say
 *  that a singular matrix is the best there is. */
const limited = (limit: number): CustomKernel =>
  composed(
    `cond ${limit}`,
    ([value]) => [value!],
    ([value, none]) => [where(none!, limit, value!)],
    { jvp: (_, [slope]) => [slope!] },
  )

const limits = { most: limited(Infinity), least: limited(0) }
