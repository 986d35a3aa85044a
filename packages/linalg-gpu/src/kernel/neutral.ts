/** Where reductions begin. */

import { bytesOf, type DType, isFloat } from '../dtype.js'
import type { ReduceFn } from '../program/op.js'

/** What a reduction over nothing gives: for a maximum the least value, for a minimum the greatest.
 *  @example
 *  [neutral('sum', 'f32'), neutral('max', 'f32'), neutral('min', 'u8'), neutral('max', 'i8')] // => [ 0, -Infinity, 255, -128 ] */
export const neutral = (fn: ReduceFn, dtype: DType): number => {
  if (fn !== 'max' && fn !== 'min') return fn === 'and' ? 1 : 0
  const least = fn === 'max'
  if (isFloat(dtype)) return least ? -Infinity : Infinity
  if (dtype === 'bool') return least ? 0 : 1
  const values = 2 ** (8 * bytesOf(dtype))
  const first = dtype === 'u32' || dtype === 'u8' ? 0 : -values / 2
  return least ? first : first + values - 1
}
