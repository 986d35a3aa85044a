/** Cross-entropy of classes, from logits. */

import {
  add,
  expandDims,
  logSoftmax,
  mean,
  mul,
  neg,
  squeeze,
  sum,
  type Tensor,
  takeAlongAxis,
} from '@neumann/linalg-gpu'
import { eager, fail, isFloat, sameShape, showType, showValue } from '@neumann/linalg-gpu/program'
import { type LossOptions, reduced } from './reduction.js'

export interface CrossEntropyOptions extends LossOptions {
  /** ε: what part of each label is spread evenly over the classes, 0 by default. */
  readonly smoothing?: number
}

/** −Σ q log softmax(logits) over the last axis, q = (1 − ε) · label + ε / classes.
 *  labels   integers, one for each row of logits; or floats in the shape of the logits, the probabilities of the classes.
 *  Shapes   logits […, classes] · labels […] or […, classes] → [], or […] without reduction; the mean is over […].
 *  An integer outside of 0 … classes − 1 counts from the end where it is negative, else its loss is NaN.
 *  @example crossEntropy(array([[0, 0], [1, 3]]), array([0, 1], { dtype: 'i32' })) // => f32[] 0.410038
 *  @example crossEntropy(array([[0, 0]]), array([[0.2, 0.8]]), { reduction: 'sum' }) // => f32[] 0.693147 */
export const crossEntropy = eager(
  (logits: Tensor, labels: Tensor, { smoothing = 0, reduction }: CrossEntropyOptions = {}): Tensor => {
    if (!(smoothing >= 0 && smoothing <= 1)) fail('crossEntropy', `smoothing is in 0 … 1, got ${showValue(smoothing)}.`)
    const logs = logSoftmax(logits)
    const own = ofLabels(logits, logs, labels)
    if (smoothing === 0) return reduced('crossEntropy', neg(own), reduction)
    // Σ q log p = (1 − ε) Σ label log p + ε mean log p
    const spread = mean(logs, { axis: -1 })
    return reduced('crossEntropy', neg(add(mul(1 - smoothing, own), mul(smoothing, spread))), reduction)
  },
)

/** Σ label · log p of each row. */
const ofLabels = (logits: Tensor, logs: Tensor, labels: Tensor): Tensor => {
  if (isFloat(labels.dtype)) {
    if (sameShape(labels.shape, logits.shape)) return sum(mul(labels, logs), { axis: -1 })
    return fail(
      'crossEntropy',
      `labels ${showType(labels)} are floats, so probabilities, and not of the shape of logits ${showType(logits)}. Classes are integers: cast(labels, 'i32').`,
    )
  }
  if (!sameShape(labels.shape, logits.shape.slice(0, -1)))
    return fail(
      'crossEntropy',
      `one label for each row of logits ${showType(logits)} expected, got ${showType(labels)}.`,
    )
  return squeeze(takeAlongAxis(logs, expandDims(labels, -1)), -1)
}
