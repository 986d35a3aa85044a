/** Powers with a whole exponent. */

import { fail, showValue } from '../errors.js'
import { matmul } from '../ops/contraction.js'
import { eye } from '../ops/creation.js'
import { broadcastTo } from '../ops/shape.js'
import { eager } from '../trace/eager.js'
import type { Tensor, TensorLike } from '../trace/tensor.js'
import { inverse } from './inv.js'
import { inSquares } from './operands.js'

/** Aⁿ by squarings; of A⁻¹ where n < 0, and I where n = 0.
 *  Shapes    […, m, m] → […, m, m]; integers become f32.
 *  Cost      at most 2 log₂ |n| products, and an inverse where n < 0.
 *  Singular  with n < 0: NaN, as `inv`. A⁰ is I whatever A.
 *  Laws      Aⁿ⁺ᵐ = Aⁿ Aᵐ up to rounding.
 *  @example matrixPower(array([[1, 1], [1, 0]]), 10) // => f32[2,2] [[89, 55], [55, 34]] */
export const matrixPower = eager((a: TensorLike, n: number): Tensor => {
  if (!Number.isSafeInteger(n))
    fail('matrixPower', `the exponent is an integer, got ${showValue(n)}: there is expm for exponentials.`)
  return inSquares('matrixPower', a, (x) => power(n < 0 ? inverse(x) : x, Math.abs(n)))
})

const power = (x: Tensor, n: number): Tensor => {
  const m = x.shape.at(-1)!
  if (n === 0) return broadcastTo(eye(m, m, { dtype: x.dtype }), x.shape)
  let [result, square, rest] = [undefined as Tensor | undefined, x, n]
  for (;;) {
    if (rest % 2 === 1) result = result === undefined ? square : matmul(result, square)
    rest = Math.floor(rest / 2)
    if (rest === 0) return result!
    square = matmul(square, square)
  }
}
