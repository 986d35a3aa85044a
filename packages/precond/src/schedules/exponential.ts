/** A value that shrinks, or grows, by one factor in equal times. */

import { div, mul, pow, type TensorLike } from '@neumann/linalg-gpu'
import { eager } from '@neumann/linalg-gpu/program'
import { type Schedule, together } from './schedule.js'

export interface ExponentialOptions {
  /** The value at step 0. */
  readonly from: TensorLike
  /** The factor. */
  readonly rate: TensorLike
  /** In how many steps: 1. */
  readonly steps?: TensorLike
}

/** from · rate^(t / steps).   As optax's `exponential_decay` without stairs; with steps = 1 as PyTorch's `ExponentialLR`
 *  @example exponential({ from: 8, rate: 0.5, steps: 2 })(array([0, 2, 4])) // => f32[3] [8, 4, 2] */
export const exponential = ({ from, rate, steps = 1 }: ExponentialOptions): Schedule =>
  eager((step: TensorLike) => {
    const [t, a, r, n] = together('exponential', step, [from, rate, steps]) as [
      TensorLike,
      TensorLike,
      TensorLike,
      TensorLike,
    ]
    return mul(a, pow(r, div(t, n)))
  })
