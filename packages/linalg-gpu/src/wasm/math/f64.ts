/** f64x2: the functions of the plain device, bit for bit. What is no instruction goes lane by lane through the host. */

import type { BinaryFn, UnaryFn } from '../../program/op.js'
import { type Code, call, type Func, f64, f64x2, v128 } from '../assembler.js'
import { hosted, memoised, perLaneF64, vector } from './lanes.js'

/** The instructions for it, or nothing; x may be written twice, so it should be the value of a local. */
export const inlineUnaryF64 = (fn: UnaryFn, x: Code): Code | undefined => {
  switch (fn) {
    case 'neg':
      return f64x2.neg(x)
    case 'abs':
      return f64x2.abs(x)
    case 'floor':
      return f64x2.floor(x)
    case 'ceil':
      return f64x2.ceil(x)
    case 'round':
      return f64x2.nearest(x)
    case 'trunc':
      return f64x2.trunc(x)
    case 'sqrt':
      return f64x2.sqrt(x)
    case 'rsqrt':
      return f64x2.div(f64x2.const(1), f64x2.sqrt(x))
    case 'square':
      return f64x2.mul(x, x)
    case 'relu':
      return v128.andnot(x, f64x2.le(x, f64x2.const(0)))
    default:
      return undefined
  }
}

export const inlineBinaryF64 = (fn: BinaryFn, x: Code, y: Code): Code | undefined => {
  switch (fn) {
    case 'add':
      return f64x2.add(x, y)
    case 'sub':
      return f64x2.sub(x, y)
    case 'mul':
      return f64x2.mul(x, y)
    case 'div':
      return f64x2.div(x, y)
    case 'max':
      return f64x2.max(x, y)
    case 'min':
      return f64x2.min(x, y)
    case 'quot':
      return f64x2.floor(f64x2.div(x, y))
    default:
      return undefined
  }
}

/** (f64x2) → f64x2 */
export const unaryF64: (fn: UnaryFn) => Func = memoised((fn) =>
  vector(`f64.${fn}`, 1, (_, x) => {
    if (fn === 'sign') return sign(x)
    return inlineUnaryF64(fn, x) ?? perLaneF64(x, (lane) => call(hosted(`1${fn}`), lane(x)))
  }),
)

/** (f64x2, f64x2) → f64x2 */
export const binaryF64: (fn: BinaryFn) => Func = memoised((fn) =>
  vector(
    `f64.${fn}`,
    2,
    (_, x, y) => inlineBinaryF64(fn, x, y) ?? perLaneF64(x, (lane) => call(hosted(`2${fn}`), lane(x), lane(y))),
  ),
)

/** (f64x2) → f64x2, the derivative of order n of digamma. */
export const polygammaF64 = (n: number): Func => polygamma(`${n}`)

const polygamma = memoised((n: `${number}`) =>
  vector(`f64.polygamma${n}`, 1, (_, x) =>
    perLaneF64(x, (lane) => call(hosted('2polygamma'), f64.const(Number(n)), lane(x))),
  ),
)

// ±1 where x < 0 or x > 0, else x itself: a zero keeps its sign and NaN stays
const sign = (x: Code): Code =>
  v128.select(
    v128.or(f64x2.lt(x, f64x2.const(0)), f64x2.gt(x, f64x2.const(0))),
    v128.or(v128.and(x, f64x2.const(-0)), f64x2.const(1)),
    x,
  )
