/** Weights that keep lengths: what a recurrent layer multiplies by at each step should neither grow nor shrink. */

import { cast, diagonal, less, mul, neg, normal, reshape, transpose, where } from '@neumann/linalg-gpu'
import { qr } from '@neumann/linalg-gpu/linalg'
import { eager, fail, showShape, showValue } from '@neumann/linalg-gpu/program'
import type { Initialiser } from './initialiser.js'

/** gain · Q, Q uniform among the matrices with orthonormal columns, or rows where there are fewer of these.
 *  From A = QR of a normal A, column j of Q with the sign of Rⱼⱼ: without that the signs would not be uniform.
 *  Shapes   the first axis against all others together: a filter of a convolution is a row, as in PyTorch.
 *  Cost     a QR factorisation of the larger side by the smaller.
 *  Source   Saxe, McClelland, Ganguli 2014; Mezzadri 2007 for the signs
 *  @example const q = orthogonal()(key(0), [3, 2]); item(max(abs(sub(matmul(transpose(q), q), eye(2))))) < 1e-6 // => true */
export const orthogonal = ({ gain = 1 }: { readonly gain?: number } = {}): Initialiser => {
  if (!Number.isFinite(gain)) fail('orthogonal', `gain is a finite number, got ${showValue(gain)}.`)
  return eager((key, shape, options = {}) => {
    const [rows, ...rest] = shape
    if (rows === undefined || rest.length === 0)
      return fail('orthogonal', `a weight ${showShape(shape)} is no matrix: two axes or more, or another initialiser.`)
    const columns = rest.reduce((product, n) => product * n, 1)
    const [long, short] = [Math.max(rows, columns), Math.min(rows, columns)]
    const { q, r } = qr(normal(key, [long, short], options))
    const signed = mul(where(less(diagonal(r), 0), neg(q), q), gain)
    return cast(reshape(rows < columns ? transpose(signed) : signed, shape), options.dtype ?? 'f32')
  })
}
