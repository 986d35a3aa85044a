/** One schedule after the other: a warm-up, then whatever. */

import { clip, greaterEqual, sub, type Tensor, type TensorLike, where } from '@neumann/linalg-gpu'
import { eager } from '@neumann/linalg-gpu/program'
import { checkBoundaries, type Schedule } from './schedule.js'

/** The i-th schedule at t − boundaries[i − 1], where boundaries[i − 1] ≤ t < boundaries[i]: each counts its own steps from 0.
 *  A schedule is never asked beyond its stretch, where it might overflow and put NaN into derivatives.
 *  As optax's `join_schedules` and PyTorch's `SequentialLR`
 *  @example const warmUp = join([linear({ from: 0, to: 1, steps: 4 }), cosine({ from: 1, steps: 4 })], [4])
 *  warmUp(array([0, 2, 4, 6, 8])) // => f32[5] [0, 0.5, 1, 0.5, 0] */
export const join = (schedules: readonly Schedule[], boundaries: readonly number[]): Schedule => {
  checkBoundaries('join', boundaries, schedules.length)
  return eager((step: TensorLike) => {
    const own = (i: number): Tensor => {
      const begin = boundaries[i - 1] ?? 0
      return schedules[i]!(sub(clip(step, begin, boundaries[i] ?? 2 ** 30), begin))
    }
    return boundaries.reduce((value, b, i) => where(greaterEqual(step, b), own(i + 1), value), own(0))
  })
}
