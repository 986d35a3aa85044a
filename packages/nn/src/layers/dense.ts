/** The affine map, of the last axis. */

import { add, matmul, slice, splitKey, type Tensor } from '@neumann/linalg-gpu'
import { eager } from '@neumann/linalg-gpu/program'
import { zeros } from '../initialisers/constant.js'
import type { Initialiser } from '../initialisers/initialiser.js'
import { lecunNormal } from '../initialisers/varianceScaling.js'
import type { Model } from '../model.js'
import { count } from './sizes.js'

export interface DenseParams {
  readonly weight: Tensor
  readonly bias: Tensor | null
}

export interface DenseOptions {
  /** `lecunNormal` by default. */
  readonly weight?: Initialiser
  /** zeros by default; null for a layer without bias. */
  readonly bias?: Initialiser | null
}

/** y = x W + b.
 *  Shapes   x […, inputs] → […, outputs] · weight [inputs, outputs] · bias [outputs]
 *  @example
 *  const { apply } = dense(2, 1)
 *  apply({ weight: array([[2], [3]]), bias: array([1]) }, array([[10, 100]])) // => f32[1,1] [[321]] */
export const dense = (
  inputs: number,
  outputs: number,
  { weight = lecunNormal, bias = zeros }: DenseOptions = {},
): Model<DenseParams> => {
  count('dense', 'the number of inputs', inputs)
  count('dense', 'the number of outputs', outputs)
  return {
    init: eager((key) => {
      const keys = splitKey(key)
      return {
        weight: weight(slice(keys, 0), [inputs, outputs]),
        bias: bias === null ? null : bias(slice(keys, 1), [outputs]),
      }
    }),
    apply: eager(({ weight, bias }, x) => {
      const y = matmul(x, weight)
      return bias === null ? y : add(y, bias)
    }),
  }
}
