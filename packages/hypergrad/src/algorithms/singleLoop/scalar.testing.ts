/** The problem of section 9.8 of the specification, for tests.
 *
 *  Gᵢ = ½ aᵢ z² − cᵢ x z,  a = (1, 3), c = (1, 2);   Fⱼ = ½ (z − bⱼ)² + ½ rⱼ x²,  b = (1, 3), r = (.1, .3)
 *  z*(x) = .75 x,  ∇h = .7625 x − 1.5,  x* = 1.9672131148,  z* = 1.4754098361,  v* = .2622950820 */

import { add, array, expandDims, mean, mul, slice, square, stack, sub, type Tensor, take } from '@neumann/linalg-gpu'
import type { Losses } from './oracle.js'

/** Minibatches are rows (aᵢ, cᵢ) and (bⱼ, rⱼ): [count, 2]. */
export const scalarProblem = (dtype: 'f32' | 'f64' = 'f64') => {
  const put = (data: unknown): Tensor => array(data as never, { dtype })
  const column = (batch: Tensor, k: number): Tensor => take(batch, k, { axis: 1 })
  const problem: Losses<Tensor, Tensor, Tensor, Tensor> = {
    inner: (z, x, batch) => mean(sub(mul(mul(0.5, column(batch, 0)), square(z)), mul(column(batch, 1), mul(x, z)))),
    outer: (z, x, batch) =>
      mean(add(mul(0.5, square(sub(z, column(batch, 0)))), mul(mul(0.5, column(batch, 1)), square(x)))),
  }
  const rows = {
    inner: put([
      [1, 1],
      [3, 2],
    ]),
    outer: put([
      [1, 0.1],
      [3, 0.3],
    ]),
  }
  const one = (which: 'inner' | 'outer', i: number): Tensor => expandDims(slice(rows[which], i), 0)
  /** The same minibatch so many times, stacked. */
  const times = (count: number, batch: Tensor): Tensor => stack(Array.from({ length: count }, () => batch))
  return { problem, put, all: rows, one, times, zero: { weights: put(0), hyper: put(0) } }
}

/** Bits 16 of s ← (1103515245 s + 12345) mod 2³¹. */
export const bitsFrom = (seed: number, count: number): number[] => {
  let s = seed
  return Array.from({ length: count }, () => {
    s = (Math.imul(1103515245, s) + 12345) & 0x7fffffff
    return (s >> 16) & 1
  })
}
