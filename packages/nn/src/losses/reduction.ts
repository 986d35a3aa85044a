/** How the losses of elements become one: their mean, their sum, or not at all. */

import { mean, sum, type Tensor } from '@neumann/linalg-gpu'
import { fail, showValue } from '@neumann/linalg-gpu/program'

/** `none` leaves the loss of each element, to be weighted, say. */
export type Reduction = 'mean' | 'sum' | 'none'

export interface LossOptions {
  /** `mean` by default. */
  readonly reduction?: Reduction
}

const reductions: Readonly<Record<Reduction, (losses: Tensor) => Tensor>> = {
  mean: (losses) => mean(losses),
  sum: (losses) => sum(losses),
  none: (losses) => losses,
}

export const reduced = (name: string, losses: Tensor, reduction: Reduction = 'mean'): Tensor =>
  Object.hasOwn(reductions, reduction)
    ? reductions[reduction](losses)
    : fail(name, `reduction is 'mean', 'sum' or 'none', got ${showValue(reduction)}.`)
