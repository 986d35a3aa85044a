/** Cross-entropy of yes and no, from a logit. */

import { add, mul, neg, softplus, sub, type Tensor } from '@neumann/linalg-gpu'
import { eager } from '@neumann/linalg-gpu/program'
import { type LossOptions, reduced } from './reduction.js'
import { sameShapes } from './shapes.js'

/** −t ln σ(z) − (1 − t) ln(1 − σ(z)) = t softplus(−z) + (1 − t) softplus(z), which keeps its digits at any z.
 *  targets  floats t in [0, 1], in the shape of the logits z.
 *  Shapes   […], […] → [], or […] without reduction; the mean is over all elements.
 *  @example binaryCrossEntropy(array([0, 100]), array([1, 1])) // => f32[] 0.346574 */
export const binaryCrossEntropy = eager((logits: Tensor, targets: Tensor, { reduction }: LossOptions = {}): Tensor => {
  sameShapes('binaryCrossEntropy', 'logits', logits, targets)
  const losses = add(mul(targets, softplus(neg(logits))), mul(sub(1, targets), softplus(logits)))
  return reduced('binaryCrossEntropy', losses, reduction)
})
