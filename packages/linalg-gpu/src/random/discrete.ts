/** Discrete distributions. */

import { promoted } from '../dtype.js'
import { fail, showShape, showType, showValue } from '../errors.js'
import { add, mul, remainder, sub } from '../ops/arithmetic.js'
import { greater, less, where } from '../ops/comparison.js'
import { arange, bitcast } from '../ops/creation.js'
import { take } from '../ops/indexing.js'
import { asFloat, castTo, scalarOf, tensorOf } from '../ops/operands.js'
import { argmax } from '../ops/reductions.js'
import { slice } from '../ops/shape.js'
import { argsort } from '../ops/sorting.js'
import { broadcastShapes, checkAxis, checkShape, type Shape, sameShape } from '../shape.js'
import { isTensor, type Tensor, type TensorLike, typeOfTensor } from '../trace/tensor.js'
import { gumbelOf } from './continuous.js'
import { splitKey } from './key.js'
import { bitsOf, uniformOf } from './uniform.js'
import { drawing, type FloatDType, shapeOf } from './words.js'

/** true with probability p:  u < p. p: a number or a tensor that broadcasts to the shape, by default its own.
 *  Laws     as `jax.random.bernoulli`; p = 0 gives no true, p = 1 no false.
 *  @example bernoulli(key(0), 0.25, [6]) // => bool[6] [false, false, false, false, false, true] */
export const bernoulli = drawing('bernoulli', (key: Tensor, p: TensorLike = 0.5, shape?: Shape): Tensor => {
  if (typeof p === 'number' && !(p >= 0 && p <= 1)) fail('bernoulli', `p is a probability, got ${p}.`)
  const value = strong(asFloat('bernoulli', p))
  const u = uniformOf('bernoulli', key, shapeOf('bernoulli', shape, [value]), 0, 1, value.dtype as FloatDType)
  return less(u, value)
})

/** Positions along an axis with probabilities softmax(logits), i32:  argmax(logits + Gumbel numbers).
 *  shape: that of the result, to which the shape of the logits without the axis broadcasts; by default that.
 *  Laws     as `jax.random.categorical`. A logit of −∞ is never drawn; one constant more in all changes nothing.
 *  @example categorical(key(0), array([0, 50, 0])) // => i32[] 1
 *  @example categorical(key(0), array([[50, 0], [0, 50]]), { shape: [2, 2] }) // => i32[2,2] [[0, 1], [0, 1]] */
export const categorical = drawing(
  'categorical',
  (
    key: Tensor,
    logits: TensorLike,
    { axis = -1, shape }: { readonly axis?: number; readonly shape?: Shape } = {},
  ): Tensor => {
    const value = strong(asFloat('categorical', logits))
    const at = checkAxis('categorical', axis, value.shape.length)
    const batch = value.shape.filter((_, i) => i !== at)
    const whole = shape === undefined ? batch : checkShape('categorical', shape)
    const joint = broadcastShapes(batch, whole)
    if (joint === undefined || !sameShape(joint, whole))
      fail(
        'categorical',
        `the logits without axis ${at} have shape ${showShape(batch)}, which does not broadcast to ${showShape(whole)}.`,
      )
    const lead = whole.length - batch.length
    const noise = [...whole.slice(0, lead + at), value.shape[at]!, ...whole.slice(lead + at)]
    return argmax(add(gumbelOf('categorical', key, noise, value.dtype as FloatDType), value), { axis: lead + at })
  },
)

/** 0 … n − 1 in random order, or the entries of an axis of x.
 *  Cost     one stable sort by random words up to n = 1625, two up to 2.6 million, then three: equal words do not matter.
 *  Laws     as `jax.random.permutation`.
 *  @example permutation(key(0), 5) // => i32[5] [0, 1, 4, 3, 2]
 *  @example permutation(key(2), array([[1, 2, 3], [4, 5, 6]]), { axis: 1 }) // => f32[2,3] [[3, 2, 1], [6, 5, 4]] */
export const permutation = drawing(
  'permutation',
  (key: Tensor, x: number | Tensor, { axis = 0 }: { readonly axis?: number } = {}): Tensor => {
    if (typeof x === 'number') return order(key, checkShape('permutation', [x])[0]!)
    const value = tensorOf('permutation', x)
    const at = checkAxis('permutation', axis, value.shape.length)
    return take(value, order(key, value.shape[at]!), { axis: at })
  },
)

const order = (key: Tensor, n: number): Tensor => {
  const rounds = Math.ceil((3 * Math.log(Math.max(1, n))) / Math.log(2 ** 32 - 1))
  let [next, index] = [key, arange(n)]
  for (let round = 0; round < rounds; round++) {
    const keys = splitKey(next)
    next = slice(keys, 0)
    const sorted = argsort(bitsOf('permutation', slice(keys, 1), [n]))
    index = round === 0 ? sorted : take(index, sorted)
  }
  return index
}

/** Whole numbers, low ≤ x < high: two words, 2³²·a + b, modulo high − low. i32, or u32.
 *  low, high: whole numbers (high up to one more than the dtype holds), or integer tensors that broadcast to the shape;
 *  where a tensor's high is not above low, low.
 *  Laws     the same bits as `jax.random.randint`. Exact where the span is a power of two; else biased, by at most span/2⁶⁴
 *           for spans up to 2¹⁶ and span/2³² above.
 *  @example randint(key(0), [8], 0, 20) // => i32[8] [9, 0, 12, …, 7, 12, 3] */
export const randint = drawing(
  'randint',
  (
    key: Tensor,
    shape: Shape,
    low: TensorLike,
    high: TensorLike,
    { dtype = 'i32' }: { readonly dtype?: 'i32' | 'u32' } = {},
  ): Tensor => {
    const { from, span } = interval(low, high, dtype)
    shapeOf('randint', shape, [from, span])
    const keys = splitKey(key)
    const [first, second] = [0, 1].map((i) => bitsOf('randint', slice(keys, i), shape)) as [Tensor, Tensor]
    return add(
      from,
      bitcast(typeof high === 'number' && low === high - 2 ** 32 ? second : reduced(first, second, span), dtype),
    )
  },
)

/** (2³²·a + b) mod span, in 32 bits: 2³² = 2¹⁶·2¹⁶, and above a span of 2¹⁶ the square wraps to 0, as in JAX. */
const reduced = (a: Tensor, b: Tensor, span: Tensor): Tensor => {
  const half = remainder(scalarOf('randint', 2 ** 16, 'u32'), span)
  const power = remainder(mul(half, half), span)
  return remainder(add(mul(remainder(a, span), power), remainder(b, span)), span)
}

const interval = (
  low: TensorLike,
  high: TensorLike,
  dtype: 'i32' | 'u32',
): { readonly from: Tensor; readonly span: Tensor } => {
  const least = dtype === 'i32' ? -(2 ** 31) : 0
  const inside = (x: TensorLike): boolean =>
    typeof x !== 'number' || (Number.isInteger(x) && x >= least && x <= least + 2 ** 32)
  if (!inside(low) || !inside(high))
    fail(
      'randint',
      `bounds are whole numbers in ${least} … ${least + 2 ** 32}, got ${showValue(low)} and ${showValue(high)}.`,
    )
  if (typeof low === 'number' && typeof high === 'number') {
    if (low >= high) fail('randint', `there is no whole number x with ${low} ≤ x < ${high}.`)
    const span = scalarOf('randint', Math.min(high - low, 2 ** 32 - 1), 'u32')
    return { from: scalarOf('randint', low, dtype), span }
  }
  const [from, to] = [bound(low, dtype), bound(high, dtype)]
  return { from, span: where(greater(to, from), bitcast(sub(to, from), 'u32'), 1) }
}

const bound = (x: TensorLike, dtype: 'i32' | 'u32'): Tensor => {
  if (!isTensor(x)) return scalarOf('randint', x, dtype)
  const type = typeOfTensor(x)
  if (promoted(type.dtype, dtype) !== dtype)
    fail(
      'randint',
      `a bound is ${showType(type)}${type.weak ? ', a number argument of jit' : ''}, the draw ${dtype}: cast the bound.`,
    )
  return castTo(x, dtype)
}

/** A number argument of jit has no dtype of its own: f32. */
const strong = (x: Tensor): Tensor => (typeOfTensor(x).weak ? castTo(x, 'f32') : x)
