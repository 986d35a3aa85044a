/** Systems of equations with factors that are at hand. */

import { fail, showType, showValue } from '../errors.js'
import { tensorOf } from '../ops/operands.js'
import { broadcastTo } from '../ops/shape.js'
import { eager } from '../trace/eager.js'
import { type Tensor, type TensorLike, typeOfTensor } from '../trace/tensor.js'
import { held } from './composed.js'
import type { LU } from './lu.js'
import { batchOf, checkOptions, squares, systems } from './operands.js'
import { rowsOfRegular, substituted } from './solve.js'

/** X with A X = B, or Aᵀ X = B where `transposed`, of the factors `lu(A)`.
 *  Shapes    factors of A […, n, n] · B […, n, k] → […, n, k], or B [n] → […, n]; batch axes broadcast.
 *  Cost      2n² k operations. Differentiable in the factors and in B; by way of `lu` in A, at more cost than `solve`.
 *  Singular  a pivot that is 0 or not finite: all of X is NaN, for that matrix alone.
 *  Laws      luSolve(lu(A), B) = solve(A, B).
 *  @example luSolve(lu(array([[2, 1], [1, 3]])), array([5, 10])) // => f32[2] [1, 3] */
export const luSolve = eager((factors: LU, b: TensorLike, options: { readonly transposed?: boolean } = {}): Tensor => {
  checkOptions('luSolve', options, { transposed: 'boolean' })
  if (typeof factors !== 'object' || factors === null)
    fail('luSolve', `needs the factors { lu, permutation }, got ${showValue(factors)}: pass what lu returned.`)
  const packed = squares('luSolve', tensorOf('luSolve', factors.lu))
  const order = tensorOf('luSolve', factors.permutation)
  const wanted = [...batchOf(packed), packed.shape.at(-1)!]
  if (order.dtype !== 'i32' || order.shape.length !== wanted.length || order.shape.some((n, i) => n !== wanted[i]))
    fail(
      'luSolve',
      `the permutation of factors ${showType(typeOfTensor(packed))} is i32[${wanted}], got ${showType(typeOfTensor(order))}: pass what lu returned.`,
    )
  const own = systems('luSolve', packed, b)
  const rows = broadcastTo(rowsOfRegular(held(packed), order), [...batchOf(own.a), wanted.at(-1)!])
  return own.back(substituted(own.a, rows, own.b, options.transposed ?? false))
})
