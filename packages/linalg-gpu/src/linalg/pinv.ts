/** Pseudo-inverses. */

import { eye } from '../ops/creation.js'
import { broadcastTo } from '../ops/shape.js'
import { eager } from '../trace/eager.js'
import type { Tensor, TensorLike } from '../trace/tensor.js'
import { pseudoFactorsOf, pseudoSolve } from './lstsq.js'
import { type RankOptions, rankOptions } from './matrixRank.js'
import { batchOf, checkOptions, inMatrices, sizeOfMatrix } from './operands.js'

/** The pseudo-inverse A⁺ of Moore and Penrose: V diag(1/s) Uᵀ over the singular values that count. To apply it once, use `lstsq`.
 *  Shapes    […, m, n] → […, n, m].
 *  rcond     singular values σ ≤ rcond · σ₁ count as 0; by default ε · max(m, n), as NumPy and JAX.
 *  Cost      one singular value decomposition; a derivative of any order adds products with its factors, and is
 *            right where singular values are equal.
 *  Singular  any rank is served. Derivatives are those at constant rank: where a small change of A changes the rank, A⁺ has none.
 *            A matrix with NaN or infinity gives NaN, alone.
 *  Laws      A A⁺ A = A; A⁺ A A⁺ = A⁺; A A⁺ and A⁺ A are symmetric.
 *  Source    Golub, Pereyra 1973 (derivative).
 *  @example pinv(array([[2, 0], [0, 0], [0, 0]])) // => f32[2,3] [[0.5, 0, 0], [0, 0, 0]] */
export const pinv = eager((a: TensorLike, options: RankOptions = {}): Tensor => {
  checkOptions('pinv', options, rankOptions)
  return inMatrices('pinv', a, (x) => {
    const [m] = sizeOfMatrix(x)
    const unit = broadcastTo(eye(m, m, { dtype: x.dtype }), [...batchOf(x), m, m])
    return pseudoSolve(pseudoFactorsOf('pinv', x, options.rcond), unit)
  })
})
