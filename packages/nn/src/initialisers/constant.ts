/** Weights that all begin with one value: what biases, scales and shifts begin with. */

import { full } from '@neumann/linalg-gpu'
import type { Initialiser } from './initialiser.js'

/** The same value everywhere; the key is not used. Symbolic, until something uses it.
 *  @example constant(0.5)(key(0), [2]) // => f32[2] [0.5, 0.5] */
export const constant =
  (value: number): Initialiser =>
  (_, shape, { dtype = 'f32' } = {}) =>
    full(shape, value, { dtype })

/** @example zeros(key(0), [2]) // => f32[2] [0, 0] */
export const zeros: Initialiser = constant(0)
/** @example ones(key(0), [2]) // => f32[2] [1, 1] */
export const ones: Initialiser = constant(1)
