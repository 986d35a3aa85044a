/** A random order of rows, by seed.
 *
 *      for i = count − 1 … 1:  swap(order[i], order[j]),   j = ⌊u (i + 1)⌋,   u of 53 bits = threefry(seed, [i, round])
 *
 *  Reproducible  the same on every host: Threefry's bits, and arithmetic that rounds alike everywhere. u ≤ 1 − 2⁻⁵³, so
 *                that u (i + 1) never rounds up to i + 1.
 *  Fairness      each order has its probability up to a relative error of count² · 2⁻⁵³.
 *  Cost          one call of Threefry a row.
 *  Source        Durstenfeld 1964, the shuffle of Fisher and Yates. */

import { checkWhole } from '../errors.js'
import { threefry, type Words } from './threefry.js'

/** The numbers 0 … count − 1 in an order that seed and round decide. A round is a further order from the same seed: of
 *  an epoch, say.
 *  @example
 *  permutation(1, 8) // => Int32Array(8) [ 6, 7, 0, 3, 1, 2, 4, 5 ] */
export const permutation = (seed: number, count: number, round = 0): Int32Array => {
  checkWhole('permutation', 'the seed', seed)
  checkWhole('permutation', 'the round', round)
  const order = inOrder('permutation', count)
  const key: Words = [seed >>> 0, Math.floor(seed / 2 ** 32)]
  for (let i = count - 1; i > 0; i--) {
    const [high, low] = threefry(key, [i, round])
    const j = Math.floor(((high * 2 ** 21 + (low >>> 11)) / 2 ** 53) * (i + 1))
    const other = order[j]!
    order[j] = order[i]!
    order[i] = other
  }
  return order
}

/** The numbers 0 … count − 1. */
export const inOrder = (caller: string, count: number): Int32Array => {
  checkWhole(caller, 'the number of rows', count)
  return Int32Array.from({ length: count }, (_, i) => i)
}
