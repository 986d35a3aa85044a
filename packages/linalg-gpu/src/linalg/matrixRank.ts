/** Numerical rank: how many singular values count. */

import { fail, showValue } from '../errors.js'
import { mul } from '../ops/arithmetic.js'
import { equal, greater, where } from '../ops/comparison.js'
import { castTo } from '../ops/operands.js'
import { sum } from '../ops/reductions.js'
import { sliceAxis } from '../ops/shape.js'
import { eager } from '../trace/eager.js'
import type { Tensor, TensorLike } from '../trace/tensor.js'
import { held } from './composed.js'
import { asMatrices, checkOptions, sizeOfMatrix } from './operands.js'
import { svdvals } from './svd.js'

export interface RankOptions {
  /** Singular values σ ≤ rcond · σ₁ count as 0: by default ε · max(m, n). */
  readonly rcond?: number
}

export const rankOptions = { rcond: 'number' } as const

/** How many singular values are greater than rcond · σ₁; by default rcond = ε · max(m, n), as NumPy and JAX.
 *  Shapes    […, m, n] → i32 […].
 *  Cost      that of `svdvals`. Constant to every derivative.
 *  Singular  a zero matrix has rank 0; a matrix with NaN or infinity −1, alone.
 *  @example matrixRank(array([[1, 2], [2, 4]])) // => i32[] 1 */
export const matrixRank = eager((a: TensorLike, options: RankOptions = {}): Tensor => {
  checkOptions('matrixRank', options, rankOptions)
  const x = held(asMatrices('matrixRank', a))
  return counted('matrixRank', svdvals(x), x, options.rcond).rank
})

/** Which of the singular values of `a` count, and how many they are. */
export const counted = (
  name: string,
  values: Tensor,
  a: Tensor,
  rcond?: number,
): { readonly counts: Tensor; readonly rank: Tensor } => {
  const [m, n] = sizeOfMatrix(a)
  const least = rcond ?? Math.max(m, n) * (a.dtype === 'f64' ? 2 ** -52 : 2 ** -23)
  if (!(least >= 0)) fail(name, `rcond is a number from 0, got ${showValue(rcond)}.`)
  const largest = sliceAxis(values, values.shape.length - 1, 0, Math.min(m, n, 1))
  const counts = greater(values, mul(largest, least))
  const finite = equal(sum(mul(values, 0), { axis: -1 }), 0)
  return { counts, rank: where(finite, sum(castTo(counts, 'i32'), { axis: -1 }), -1) }
}
