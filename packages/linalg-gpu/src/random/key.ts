/** Keys of random numbers: a key stands for a stream, and is used once. Nothing here has state. */

import { isFloat } from '../dtype.js'
import { fail, showType, showValue } from '../errors.js'
import { bitcast, full } from '../ops/creation.js'
import { castTo, scalarOf } from '../ops/operands.js'
import { concatenate, stack } from '../ops/shape.js'
import type { Shape } from '../shape.js'
import { isTensor, type Tensor, type TensorLike, typeOfTensor, valueOf } from '../trace/tensor.js'
import { symbolic } from '../trace/trace.js'
import { drawing, threefry, words, zero } from './words.js'

/** The key of a seed: its high and its low 32 bits, u32[2]. A constant: it has no device until it is used.
 *  Laws     the same bits as `jax.random.key(seed)`; different seeds give different streams.
 *  @example key(42) // => u32[2] [0, 42] */
export const key = (seed: number): Tensor => {
  if (isTensor(seed))
    fail('key', 'a seed is a JavaScript number: for a stream by a traced number use foldIn(key(0), n).')
  if (!Number.isSafeInteger(seed) || seed < 0)
    fail('key', `a seed is a whole number in 0 … 2⁵³ − 1, got ${showValue(seed)}.`)
  const word = (value: number): Tensor => full([1], value, { dtype: 'u32' })
  return symbolic('key', () => concatenate([word(Math.floor(seed / 2 ** 32)), word(seed % 2 ** 32)]))
}

/** New keys from one: n of them, or a shape of them, along leading axes. Use the new ones only, no longer the old one.
 *  Shapes   u32[2] → u32[n, 2]
 *  Laws     key i does not depend on n; no two are equal. The same bits as `jax.random.split`.
 *  @example splitKey(key(0)) // => u32[2,2] [[1797259609, 2579123966], [928981903, 3453687069]]
 *  @example splitKey(key(0), [3, 2]).shape // => [ 3, 2, 2 ] */
export const splitKey = drawing(
  'splitKey',
  (key: Tensor, n: number | Shape = 2): Tensor => stack(words('splitKey', key, typeof n === 'number' ? [n] : n), -1),
)

/** The key of the stream `data` under a key: for step numbers, layers, workers.
 *  data: a whole number below 2³², or a scalar i32 or u32.
 *  Laws     foldIn(k, i) = splitKey(k, n)[i] for i < n. The same bits as `jax.random.fold_in`.
 *  @example foldIn(key(0), 1) // => u32[2] [928981903, 3453687069] */
export const foldIn = drawing('foldIn', (key: Tensor, data: TensorLike): Tensor => {
  const count = isTensor(data) ? asCount(data) : scalarOf('foldIn', data, 'u32')
  return stack(threefry('foldIn', key, zero('foldIn'), count))
})

const asCount = (data: Tensor): Tensor => {
  const { type } = valueOf('foldIn', data)
  if (type.shape.length !== 0 || isFloat(type.dtype))
    fail(
      'foldIn',
      type.weak
        ? `data is a number argument of jit, which is a float: pass array(n, { dtype: 'i32' }).`
        : `data is a whole number or a scalar of integers, got ${showType(type)}.`,
    )
  return typeOfTensor(data).dtype === 'i32' ? bitcast(data, 'u32') : castTo(data, 'u32')
}
