/** Mean squared error. */

import { square, sub, type Tensor } from '@neumann/linalg-gpu'
import { eager } from '@neumann/linalg-gpu/program'
import { type LossOptions, reduced } from './reduction.js'
import { sameShapes } from './shapes.js'

/** (y − t)², the mean over all elements: no factor ½.
 *  Shapes   […], […] → [], or […] without reduction. Shapes that merely broadcast, [n, 1] and [n], are refused: the mean over n × n
 *           differences is a known trap.
 *  @example meanSquaredError(array([1, 2]), array([0, 4])) // => f32[] 2.5 */
export const meanSquaredError = eager(
  (predictions: Tensor, targets: Tensor, { reduction }: LossOptions = {}): Tensor => {
    sameShapes('meanSquaredError', 'predictions', predictions, targets)
    return reduced('meanSquaredError', square(sub(predictions, targets)), reduction)
  },
)
