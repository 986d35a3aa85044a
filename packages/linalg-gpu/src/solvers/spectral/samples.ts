/** Means of random samples, and how far off they may be. */

import { div, sub } from '../../ops/arithmetic.js'
import { fullLike } from '../../ops/creation.js'
import { mean, norm } from '../../ops/reductions.js'
import type { Tensor } from '../../trace/tensor.js'

/** A random estimate of a trace, or of the like. */
export interface Estimate<X = Tensor> {
  readonly value: X
  /** About one standard deviation of the value, as its samples show it; ∞ where there is one sample. */
  readonly error: X
  /** i32: products with A and Aᵀ that were spent. */
  readonly products: Tensor
}

/** The mean of samples along the first axis, and its standard error √(Σ (xᵢ − mean)² / (m (m − 1))). */
export const averaged = (samples: Tensor): Omit<Estimate, 'products'> => {
  const m = samples.shape[0]!
  const value = mean(samples, { axis: 0 })
  return {
    value,
    error: m === 1 ? fullLike(value, Infinity) : div(norm(sub(samples, value), { axis: 0 }), Math.sqrt(m * (m - 1))),
  }
}
