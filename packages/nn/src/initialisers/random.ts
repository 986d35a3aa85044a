/** Weights of a given spread, whatever their shape. */

import {
  normal as drawNormal,
  truncatedNormal as drawTruncated,
  uniform as drawUniform,
  mul,
} from '@neumann/linalg-gpu'
import { eager, fail, showValue } from '@neumann/linalg-gpu/program'
import type { Initialiser } from './initialiser.js'

const spread = (name: string, what: string, value: number): number =>
  value >= 0 && value < Infinity ? value : fail(name, `${what} is a number ≥ 0, got ${showValue(value)}.`)

/** Normal numbers of mean 0 and this standard deviation.
 *  @example normal(0.02)(key(42), [3]) // => f32[3] [-0.000566092, 0.00934264, 0.00591406] */
export const normal = (std = 1): Initialiser => {
  spread('normal', 'the standard deviation', std)
  return eager((key, shape, options = {}) => mul(drawNormal(key, shape, options), std))
}

/** Normal numbers of mean 0, drawn again while they lie `cut` or more of `std` from it: the standard deviation of what is left
 *  is smaller, 0.8796 · std for the cut of 2.
 *  Laws     as `jax.nn.initializers.truncated_normal(std)`.
 *  @example truncatedNormal(0.02)(key(0), [2]) // => f32[2] [0.0291192, 0.034295] */
export const truncatedNormal = (std = 1, cut = 2): Initialiser => {
  spread('truncatedNormal', 'the standard deviation', std)
  if (!(cut > 0)) fail('truncatedNormal', `cut is a number > 0, got ${showValue(cut)}.`)
  return eager((key, shape, options = {}) => mul(drawTruncated(key, -cut, cut, shape, options), std))
}

/** Uniform numbers in [−bound, bound).
 *  @example uniform(0.1)(key(0), [2]) // => f32[2] [0.0895334, 0.095716] */
export const uniform = (bound: number): Initialiser => {
  spread('uniform', 'the bound', bound)
  return (key, shape, options = {}) => drawUniform(key, shape, { ...options, low: -bound, high: bound })
}
