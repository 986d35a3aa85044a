/** A vector for each of a number of symbols. */

import { type Tensor, take } from '@neumann/linalg-gpu'
import { eager } from '@neumann/linalg-gpu/program'
import type { Initialiser } from '../initialisers/initialiser.js'
import { normal } from '../initialisers/random.js'
import type { Model } from '../model.js'
import { count } from './sizes.js'

export interface EmbeddingParams {
  readonly weight: Tensor
}

/** y[…, j] = W[x[…], j].
 *  weight   N(0, 1) by default.
 *  Shapes   x integers […] → […, size] · weight [symbols, size]
 *  Outside of 0 … symbols − 1 a negative number counts from the end, any other gives NaN.
 *  Tied     logits from a hidden h by the same weights: matmul(h, transpose(params.weight)).
 *  @example
 *  const { apply } = embedding(2, 3)
 *  apply({ weight: array([[1, 2, 3], [4, 5, 6]]) }, array([1, 0], { dtype: 'i32' })) // => f32[2,3] [[4, 5, 6], [1, 2, 3]] */
export const embedding = (
  symbols: number,
  size: number,
  { weight = normal() }: { readonly weight?: Initialiser } = {},
): Model<EmbeddingParams> => {
  count('embedding', 'the number of symbols', symbols)
  count('embedding', 'the size of a vector', size)
  return {
    init: eager((key) => ({ weight: weight(key, [symbols, size]) })),
    apply: eager(({ weight }, x) => take(weight, x, { axis: 0 })),
  }
}
