/** Half a wave from one value down to another. */

import { add, cos, mul, sub, type TensorLike } from '@neumann/linalg-gpu'
import { eager } from '@neumann/linalg-gpu/program'
import { fraction, type Schedule, together } from './schedule.js'

export interface CosineOptions {
  /** The value at step 0. */
  readonly from: TensorLike
  /** The value at step `steps` and after: 0. */
  readonly to?: TensorLike
  readonly steps: TensorLike
}

/** to + (from − to) · ½ (1 + cos(π t / steps)), then `to`.
 *  Differs  as optax's `cosine_decay_schedule`, whose `alpha` is to / from; PyTorch's `CosineAnnealingLR` rises again after `steps`
 *  Source   Loshchilov, Hutter 2017, eq. 5, without restarts
 *  @example cosine({ from: 1, steps: 4 })(array([0, 2, 4, 9])) // => f32[4] [1, 0.5, 0, 0] */
export const cosine = ({ from, to = 0, steps }: CosineOptions): Schedule =>
  eager((step: TensorLike) => {
    const [t, a, b, n] = together('cosine', step, [from, to, steps]) as [TensorLike, TensorLike, TensorLike, TensorLike]
    return add(b, mul(sub(a, b), mul(0.5, add(1, cos(mul(Math.PI, fraction(t, n)))))))
  })
