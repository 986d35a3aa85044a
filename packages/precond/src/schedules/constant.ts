/** The schedule that does not move. */

import type { TensorLike } from '@neumann/linalg-gpu'
import { tensorOf } from '@neumann/linalg-gpu/program'
import type { Schedule } from './schedule.js'

/** value, whatever the step.   As optax's `constant_schedule`
 *  @example constant(0.5)(10) // => f32[] 0.5 */
export const constant =
  (value: TensorLike): Schedule =>
  () =>
    tensorOf('constant', value)
