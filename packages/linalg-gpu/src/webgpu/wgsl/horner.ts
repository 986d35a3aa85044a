/** Polynomials as WGSL expressions. */

import { decimal } from './literal.js'

/** Σ cₖ xᵏ by Horner's rule; x is a name.
 *
 *  @example
 *  horner('x', [1, 0.5, 0.25]) // => (1.0f + x * (0.5f + x * 0.25f)) */
export const horner = (x: string, [c, ...rest]: readonly number[]): string =>
  rest.length === 0 ? decimal(c!) : `(${decimal(c!)} + ${x} * ${horner(x, rest)})`
