/** Step sizes: numbers, tensors (traced, one for each member of a batch), or functions of the step. */

import { add, cast, isTensor, mul, neg, pow, type Tensor } from '@neumann/linalg-gpu'
import { eager, fail, scalarOf } from '@neumann/linalg-gpu/program'
import { vectors } from '@neumann/linalg-gpu/solvers'
import type { Schedule } from '@neumann/precond'

/** A step size; of a schedule the first step is 0. */
export type Rate = number | Tensor | Schedule

/** from / (step + 1)^power, as the theory of stochastic approximation wants it.
 *  @example decaying({ from: 0.3, power: 0.5 })(3) // => f32[] 0.15 */
export const decaying = ({ from, power }: { readonly from: number | Tensor; readonly power: number }): Schedule =>
  eager((step) => {
    const share = pow(add(step, 1), -power)
    return mul(from, isTensor(from) ? cast(share, from.dtype) : share)
  })

/** The step size at a step, in the dtype of these vectors. */
export const rateAt = (rate: Rate, step: Tensor, like: unknown): Tensor => {
  const dtype = vectors.dtypeOf('rate', like)
  const value = typeof rate === 'function' ? rate(cast(step, dtype)) : rate
  return isTensor(value) ? cast(value, dtype) : scalarOf('rate', value, dtype)
}

/** Refuses step sizes that are no positive numbers, by their names. */
export const checkRates = (name: string, rates: { readonly [key: string]: Rate | undefined }): void => {
  for (const [key, rate] of Object.entries(rates))
    if (typeof rate === 'number' && !(rate >= 0 && rate < Infinity))
      fail(name, `${key} is a step size, finite and ≥ 0, got ${rate}.`)
}

/** −ρ */
export const negated = (rate: number | Tensor): number | Tensor => (typeof rate === 'number' ? -rate : neg(rate))
