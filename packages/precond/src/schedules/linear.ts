/** A straight line between two values. */

import { add, mul, sub, type TensorLike } from '@neumann/linalg-gpu'
import { eager } from '@neumann/linalg-gpu/program'
import { fraction, type Schedule, together } from './schedule.js'

export interface LinearOptions {
  /** The value at step 0. */
  readonly from: TensorLike
  /** The value at step `steps` and after. */
  readonly to: TensorLike
  readonly steps: TensorLike
}

/** from + (to − from) · t / steps, then `to`.   As optax's `linear_schedule` and PyTorch's `LinearLR`
 *  @example linear({ from: 1, to: 0.5, steps: 4 })(array([0, 1, 4, 9])) // => f32[4] [1, 0.875, 0.5, 0.5] */
export const linear = ({ from, to, steps }: LinearOptions): Schedule =>
  eager((step: TensorLike) => {
    const [t, a, b, n] = together('linear', step, [from, to, steps]) as [TensorLike, TensorLike, TensorLike, TensorLike]
    return add(a, mul(sub(b, a), fraction(t, n)))
  })
