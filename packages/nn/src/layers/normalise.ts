/** What the three normalisations have in common. */

import { add, mean, mul, rsqrt, square, sub, type Tensor } from '@neumann/linalg-gpu'
import { fail, showValue } from '@neumann/linalg-gpu/program'

export interface NormParams {
  readonly scale: Tensor
  readonly shift: Tensor
}
export interface Moments {
  readonly mean: Tensor
  /** Of the elements themselves: Σ (x − mean)² / n. */
  readonly variance: Tensor
}

/** Mean and variance along axes, which keep a size of 1. In two passes: the difference of mean square and square of the mean would
 *  lose all digits where the mean is large beside the spread. */
export const momentsOf = (x: Tensor, axis: readonly number[]): Moments => {
  const centre = mean(x, { axis, keepDims: true })
  return { mean: centre, variance: mean(square(sub(x, centre)), { axis, keepDims: true }) }
}

/** γ (x − μ) / √(σ² + ε) + β, all shaped to broadcast against x. */
export const normalised = (
  x: Tensor,
  { mean, variance }: Moments,
  epsilon: number,
  { scale, shift }: NormParams,
): Tensor => add(mul(mul(sub(x, mean), rsqrt(add(variance, epsilon))), scale), shift)

export const checkEpsilon = (name: string, epsilon: number): void => {
  if (!(epsilon >= 0 && epsilon < Infinity)) fail(name, `epsilon is a number ≥ 0, got ${showValue(epsilon)}.`)
}
