/** A value for each stretch of steps. */

import { greaterEqual, type TensorLike, where } from '@neumann/linalg-gpu'
import { eager, tensorOf } from '@neumann/linalg-gpu/program'
import { checkBoundaries, type Schedule, together } from './schedule.js'

export interface PiecewiseOptions {
  readonly values: readonly TensorLike[]
  /** The steps at which the next value begins. */
  readonly boundaries: readonly number[]
}

/** values[i] for boundaries[i − 1] ≤ t < boundaries[i].
 *  Differs  optax's `piecewise_constant_schedule` and PyTorch's `MultiStepLR` are given factors; the boundaries count the same
 *  @example piecewise({ values: [1, 0.1, 0.01], boundaries: [2, 4] })(array([0, 1, 2, 3, 4])) // => f32[5] [1, 1, 0.1, 0.1, 0.01] */
export const piecewise = ({ values, boundaries }: PiecewiseOptions): Schedule => {
  checkBoundaries('piecewise', boundaries, values.length)
  return eager((step: TensorLike) => {
    const [t, first, ...others] = together('piecewise', step, values) as [TensorLike, ...TensorLike[]]
    return tensorOf(
      'piecewise',
      others.reduce((value, next, i) => where(greaterEqual(t, boundaries[i]!), next, value), first as TensorLike),
    )
  })
}
