/** Inverses. */

import { eye } from '../ops/creation.js'
import { broadcastTo } from '../ops/shape.js'
import { eager } from '../trace/eager.js'
import type { Tensor, TensorLike } from '../trace/tensor.js'
import { inSquares } from './operands.js'
import { factorsOf, solveWith } from './solve.js'

/** A⁻¹. To apply it once, `solve(A, B)` is cheaper and closer.
 *  Shapes    […, n, n] → […, n, n].
 *  Cost      8n³/3 operations; a derivative adds products with A⁻¹ by the factors.
 *  Singular  a pivot that is 0, or an element that is not finite: NaN, for that matrix alone.
 *  Laws      A A⁻¹ = I to about n roundings in |A||A⁻¹|; d A⁻¹ = −A⁻¹ Ȧ A⁻¹.
 *  @example inv(array([[2, 0], [0, 4]])) // => f32[2,2] [[0.5, 0], [0, 0.25]] */
export const inv = eager((a: TensorLike): Tensor => inSquares('inv', a, inverse, 'pinv'))

/** A⁻¹ of what is known to be square and of f32 or f64. */
export const inverse = (a: Tensor): Tensor => {
  const n = a.shape.at(-1)!
  return solveWith(factorsOf(a), broadcastTo(eye(n, n, { dtype: a.dtype }), a.shape))
}
