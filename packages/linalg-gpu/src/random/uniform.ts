/** Uniform bits and numbers. */

import { fail } from '../errors.js'
import { add, maximum, mul, sub } from '../ops/arithmetic.js'
import { bitwiseAnd, bitwiseOr, bitwiseXor, rightShift } from '../ops/comparison.js'
import { bitcast } from '../ops/creation.js'
import { castTo } from '../ops/operands.js'
import type { Shape } from '../shape.js'
import type { Tensor, TensorLike } from '../trace/tensor.js'
import { drawing, type FloatDType, parameter, shapeOf, words } from './words.js'

/** Uniform 32-bit words. The same bits as `jax.random.bits`.
 *  @example bits(key(0), [2]) // => u32[2] [4070199207, 4202968722] */
export const bits = drawing('bits', (key: Tensor, shape: Shape = []): Tensor => bitsOf('bits', key, shape))

export const bitsOf = (name: string, key: Tensor, shape: Shape): Tensor => bitwiseXor(...words(name, key, shape))

/** Uniform numbers, low ≤ x < high: low + (high − low)·j·2⁻ᵐ with a whole j; m = 23 for f32, 52 for f64, 10 for f16.
 *  low, high: numbers or tensors that broadcast to the shape.
 *  Needs    high − low representable. Where rounding of low + … reaches `high`, x may equal it, as in JAX.
 *  Laws     the same bits as `jax.random.uniform`, in each dtype (where the device rounds each product and sum).
 *  @example uniform(key(0), [2]) // => f32[2] [0.947667, 0.97858]
 *  @example uniform(key(0), [2], { low: -1, high: 1 }) // => f32[2] [0.895334, 0.95716] */
export const uniform = drawing(
  'uniform',
  (
    key: Tensor,
    shape: Shape = [],
    {
      low = 0,
      high = 1,
      dtype = 'f32',
    }: { readonly low?: TensorLike; readonly high?: TensorLike; readonly dtype?: FloatDType } = {},
  ): Tensor => {
    if (typeof low === 'number' && typeof high === 'number' && !(low <= high && high - low < Infinity))
      fail('uniform', `the interval from ${low} to ${high} is empty or infinite.`)
    return uniformOf('uniform', key, shape, low, high, dtype)
  },
)

/** `uniform` for the other distributions, under their names. */
export const uniformOf = (
  name: string,
  key: Tensor,
  shape: Shape,
  low: TensorLike,
  high: TensorLike,
  dtype: FloatDType,
): Tensor => {
  if (low === 0 && high === 1) return fractions[dtype](name, key, shape)
  const [from, to] = [parameter(name, low, dtype), parameter(name, high, dtype)]
  shapeOf(name, shape, [from, to])
  // the maximum: rounding of (high − low)·x + low may fall below low
  return maximum(from, add(mul(fractions[dtype](name, key, shape), sub(to, from)), from))
}

/** Uniform in [0, 1): the leading bits of a word over their power of two, exactly. */
const fractions: { readonly [D in FloatDType]: (name: string, key: Tensor, shape: Shape) => Tensor } = {
  // 23 bits as the fraction of a number in [1, 2)
  f32: (name, key, shape) => sub(bitcast(bitwiseOr(rightShift(bitsOf(name, key, shape), 9), 0x3f800000), 'f32'), 1),
  // 52 bits of the 64; no device need have 64-bit integers
  f64: (name, key, shape) => {
    const [high, low] = words(name, key, shape)
    return mul(add(mul(castTo(high, 'f64'), 2 ** 20), castTo(rightShift(low, 12), 'f64')), 2 ** -52)
  },
  // the upper 10 bits of the lower 16
  f16: (name, key, shape) =>
    castTo(mul(castTo(rightShift(bitwiseAnd(bitsOf(name, key, shape), 0xffff), 6), 'f32'), 2 ** -10), 'f16'),
}
