/** How well classes are told, by the logits of a batch. */

import { argmax, cast, equal, mean, type Tensor } from '@neumann/linalg-gpu'
import { crossEntropy } from '@neumann/nn'
import type { Batch, Job } from './task.js'

/** The cross-entropy, and the share of answers that are right. */
export const classified = (logits: Tensor, labels: Tensor) => ({
  loss: crossEntropy(logits, labels),
  accuracy: mean(cast(equal(argmax(logits, { axis: 1 }), cast(labels, 'i32')), 'f32')),
})

export const showClassified: Job<unknown, unknown, Batch>['show'] = ({ loss, accuracy }) => ({
  loss: loss!.toFixed(4),
  accuracy: `${(100 * accuracy!).toFixed(2)} %`,
})
