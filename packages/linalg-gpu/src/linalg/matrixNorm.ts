/** Norms of matrices. */

import { fail, showType, showValue } from '../errors.js'
import { abs } from '../ops/arithmetic.js'
import { max, min, norm, sum } from '../ops/reductions.js'
import { sliceAxis, squeeze } from '../ops/shape.js'
import { eager } from '../trace/eager.js'
import { type Tensor, type TensorLike, typeOfTensor } from '../trace/tensor.js'
import { inMatrices, sizeOfMatrix } from './operands.js'
import { svdvals } from './svd.js'

/** √Σ|aᵢⱼ|² | Σ s | the largest and smallest sum of |a| over a column (±1), singular value (±2), sum of |a| over a row (±∞). */
export type MatrixNorm = 'fro' | 'nuc' | number

const names: readonly unknown[] = ['fro', 'nuc', 1, -1, 2, -2, Infinity, -Infinity]

/** The norm of each matrix of a stack; `norm` is that of vectors.
 *
 *    fro  √Σ|aᵢⱼ|²    nuc  Σ s    1  max over columns of Σ|a|    Infinity  max over rows of Σ|a|    2  the largest singular value
 *
 *  With −1, −2 and −Infinity the smallest instead of the largest: no norms, but what condition numbers are made of.
 *  Shapes    […, m, n] → […]. Without elements 0; what is smallest of none is an error.
 *  Cost      one pass; that of `svdvals` for nuc, 2 and −2.
 *  Singular  is nothing special: no square overflows or vanishes. Slopes at corners are one of those there are: 0 for fro at A = 0,
 *            shared among equal sums, those of the vectors found where singular values are equal or 0,
 *            where second derivatives of nuc, 2 and −2 are NaN or infinite.
 *            A matrix with NaN has norm NaN; one with infinity has norm infinity, but NaN where singular values are needed.
 *  @example matrixNorm(array([[3, 0], [4, 0]])) // => f32[] 5
 *  @example matrixNorm(array([[1, -2], [3, 4]]), 1) // => f32[] 6 */
export const matrixNorm = eager(
  (a: TensorLike, ord: MatrixNorm = 'fro'): Tensor => inMatrices('matrixNorm', a, (x) => normOf('matrixNorm', x, ord)),
)

/** Of what is known to be matrices of f32 or f64. */
export const normOf = (name: string, a: Tensor, ord: MatrixNorm): Tensor => {
  if (!names.includes(ord))
    fail(name, `ord is 'fro', 'nuc', 1, -1, 2, -2, Infinity or -Infinity, got ${showValue(ord)}.`)
  if (ord === 'fro') return norm(a, { axis: [-2, -1] })
  if (ord === 'nuc') return sum(svdvals(a), { axis: -1 })
  const [m, n] = sizeOfMatrix(a)
  if (m * n === 0) {
    if (ord < 0) fail(name, `ord ${ord} is the smallest of none, of ${showType(typeOfTensor(a))}.`)
    return sum(a, { axis: [-2, -1] })
  }
  if (ord === 2 || ord === -2) return extreme(svdvals(a), ord)
  const sums = sum(abs(a), { axis: Math.abs(ord) === 1 ? -2 : -1 })
  return ord > 0 ? max(sums, { axis: -1 }) : min(sums, { axis: -1 })
}

/** The first of the descending values, or the last. */
export const extreme = (values: Tensor, ord: 2 | -2): Tensor => {
  const k = values.shape.at(-1)!
  const at = ord === 2 ? 0 : k - 1
  return squeeze(sliceAxis(values, values.shape.length - 1, at, at + 1), -1)
}
