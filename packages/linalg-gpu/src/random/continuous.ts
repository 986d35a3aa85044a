/** Continuous distributions, each a function of uniform numbers: derivatives pass through to the parameters. */

import { fail } from '../errors.js'
import { abs, add, clip, div, mul, neg } from '../ops/arithmetic.js'
import { isInf, where } from '../ops/comparison.js'
import { erf, erfinv, log, log1p } from '../ops/transcendental.js'
import type { Shape } from '../shape.js'
import { emit1 } from '../trace/emit.js'
import type { Tensor, TensorLike } from '../trace/tensor.js'
import { uniformOf } from './uniform.js'
import { drawing, type FloatDType, parameter, shapeOf } from './words.js'

interface Options {
  readonly dtype?: FloatDType
}

// ulp: half the step from 1 up; tiny: the least normal number; step: the least that no device flushes to 0; most: the largest
const formats: {
  readonly [D in FloatDType]: {
    readonly ulp: number
    readonly tiny: number
    readonly step: number
    readonly most: number
  }
} = {
  f16: { ulp: 2 ** -11, tiny: 2 ** -14, step: 2 ** -24, most: 65504 },
  f32: { ulp: 2 ** -24, tiny: 2 ** -126, step: 2 ** -126, most: (2 - 2 ** -23) * 2 ** 127 },
  f64: { ulp: 2 ** -53, tiny: 2 ** -1022, step: 2 ** -1022, most: Number.MAX_VALUE },
}

/** Normal numbers with mean 0 and variance 1:  √2 · erf⁻¹(u), u uniform in (−1, 1).
 *  Laws     u is that of `jax.random.normal` bit for bit; JAX's erf⁻¹ differs from ours in the last digits.
 *  @example normal(key(42)) // => f32[] -0.0283046
 *  @example normal(key(42), [3]) // => f32[3] [-0.0283046, 0.467132, 0.295703] */
export const normal = drawing('normal', (key: Tensor, shape: Shape = [], { dtype = 'f32' }: Options = {}): Tensor => {
  // from the successor of −1, where erf⁻¹ is finite
  const u = uniformOf('normal', key, shape, -1 + formats[dtype].ulp, 1, dtype)
  return mul(erfinv(u), Math.SQRT2)
})

/** Normal numbers given that low < x < high:  √2 · erf⁻¹(u), u uniform between erf(low/√2) and erf(high/√2), then held in
 *  the open interval. low, high: numbers or tensors that broadcast to the shape, by default to one another's.
 *  Needs    bounds that are not both in one tail: beyond ±5 the values of erf are too few in f32 (±8 in f64).
 *  Laws     as `jax.random.truncated_normal`, up to the last digits of erf and erf⁻¹.
 *  @example truncatedNormal(key(0), -1, 1, [2]) // => f32[2] [0.861859, 0.941288] */
export const truncatedNormal = drawing(
  'truncatedNormal',
  (key: Tensor, low: TensorLike, high: TensorLike, shape?: Shape, { dtype = 'f32' }: Options = {}): Tensor => {
    if (typeof low === 'number' && typeof high === 'number' && !(low < high))
      fail('truncatedNormal', `the interval from ${low} to ${high} is empty.`)
    const [from, to] = [parameter('truncatedNormal', low, dtype), parameter('truncatedNormal', high, dtype)]
    const whole = shapeOf('truncatedNormal', shape, [from, to])
    const [a, b] = [erf(div(from, Math.SQRT2)), erf(div(to, Math.SQRT2))]
    const x = mul(erfinv(uniformOf('truncatedNormal', key, whole, a, b, dtype)), Math.SQRT2)
    return clip(x, successor(from, dtype), neg(successor(neg(to), dtype)))
  },
)

/** The least number above x (near 0 in f32 and f64: a normal number above x); for −∞ the least finite number. A constant to
 *  derivatives.
 *  x + (u·|x| + step) with u = ulp·(1 + 2·ulp) rounds to it: Rump, Zimmermann, Boldo, Melquiond 2009, algorithm 1. */
const successor = (x: Tensor, dtype: FloatDType): Tensor => {
  const { ulp, step, most } = formats[dtype]
  const held = emit1({ kind: 'mark', role: 'constant', name: '' }, x)
  const next = add(held, add(mul(abs(held), ulp * (1 + 2 * ulp)), step))
  return where(isInf(held), -most, next)
}

/** Exponential numbers with mean 1:  −ln(1 − u), u uniform in [0, 1). As `jax.random.exponential`.
 *  @example exponential(key(0), [2]) // => f32[2] [2.95013, 3.84342] */
export const exponential = drawing(
  'exponential',
  (key: Tensor, shape: Shape = [], { dtype = 'f32' }: Options = {}): Tensor =>
    neg(log1p(neg(uniformOf('exponential', key, shape, 0, 1, dtype)))),
)

/** Gumbel numbers:  −ln(−ln u), u uniform in [the least normal number, 1). As `jax.random.gumbel`.
 *  @example gumbel(key(0), [2]) // => f32[2] [2.92337, 3.83262] */
export const gumbel = drawing(
  'gumbel',
  (key: Tensor, shape: Shape = [], { dtype = 'f32' }: Options = {}): Tensor => gumbelOf('gumbel', key, shape, dtype),
)

export const gumbelOf = (name: string, key: Tensor, shape: Shape, dtype: FloatDType): Tensor =>
  neg(log(neg(log(uniformOf(name, key, shape, formats[dtype].tiny, 1, dtype)))))
