/** f32x4: the functions of the plain device, within 2 ulp of the correctly rounded result, special arguments included.
 *
 *  Most are computed in f64, on two halves, by the polynomials of wide.ts, and rounded once; exp and erf stay in f32 (narrow.ts).
 *  lgamma, erfinv, polygamma and sin, cos, tan of |x| > 2²⁰ go lane by lane through the host.
 *  A lane's result depends on this lane alone, whatever stands in the others.
 *
 *  Worst errors in ulp of the true value, against the plain device's f64 functions. Every f32 of the range in which a function is
 *  not trivial, 2⁻¹⁴ ≤ |x| < 2⁷ or less, and each 61st of the others; pow, atan2, mod and rem at 6 million pairs:
 *    0.501  log log1p sin cos tan asin acos atan atan2 cosh asinh acosh atanh sigmoid softplus cbrt
 *    0.505  expm1 sinh pow        0.533  erfc        0.911  exp        1.491  erf        1.499  tanh        1.49  rsqrt
 *    exact or correctly rounded: the rest
 *  But for the last four the bits are those of the plain result, rounded to f32, at all but one argument of some thousands. */

import type { BinaryFn, UnaryFn } from '../../program/op.js'
import { type Code, call, choose, type Func, f32x4, f64, f64x2, type Local, type ValType, v128 } from '../assembler.js'
import { hosted, inHalves, type Keep, memoised, perLaneF32, straight, vector } from './lanes.js'
import { erf, exp, tanh } from './narrow.js'
import * as w from './wide.js'
import { CIRCLE_BOUND } from './wide.js'

/** The instructions for it, or nothing; x may be written twice, so it should be the value of a local. */
export const inlineUnaryF32 = (fn: UnaryFn, x: Code): Code | undefined => {
  switch (fn) {
    case 'neg':
      return f32x4.neg(x)
    case 'abs':
      return f32x4.abs(x)
    case 'floor':
      return f32x4.floor(x)
    case 'ceil':
      return f32x4.ceil(x)
    case 'round':
      return f32x4.nearest(x)
    case 'trunc':
      return f32x4.trunc(x)
    case 'sqrt':
      return f32x4.sqrt(x)
    case 'rsqrt':
      return f32x4.div(f32x4.const(1), f32x4.sqrt(x))
    case 'square':
      return f32x4.mul(x, x)
    case 'relu':
      // x and not x ≤ 0: keeps NaN, and is two instructions where max is eight
      return v128.andnot(x, f32x4.le(x, f32x4.const(0)))
    default:
      return undefined
  }
}

export const inlineBinaryF32 = (fn: BinaryFn, x: Code, y: Code): Code | undefined => {
  switch (fn) {
    case 'add':
      return f32x4.add(x, y)
    case 'sub':
      return f32x4.sub(x, y)
    case 'mul':
      return f32x4.mul(x, y)
    case 'div':
      return f32x4.div(x, y)
    case 'max':
      return f32x4.max(x, y)
    case 'min':
      return f32x4.min(x, y)
    default:
      return undefined
  }
}

/** (f32x4) → f32x4 */
export const unaryF32: (fn: UnaryFn) => Func = memoised((fn) =>
  vector(`f32.${fn}`, 1, (keep, x) => writeUnary(fn, keep, x)),
)

/** (f32x4, f32x4) → f32x4 */
export const binaryF32: (fn: BinaryFn) => Func = memoised((fn) =>
  vector(`f32.${fn}`, 2, (keep, x, y) => writeBinary(fn, keep, x, y)),
)

/** The same as code in place, for the body of a loop: the engine then keeps the constants across the turns, which is up to a quarter
 *  faster than a call. x and y are read many times: values of locals. */
export const expandedUnaryF32 = (fn: UnaryFn, x: Code, local: (type: ValType) => Local): Code =>
  straight(local, (keep) => writeUnary(fn, keep, x))

/** (f32x4) → f32x4, the derivative of order n of digamma. */
export const polygammaF32 = (n: number): Func => polygamma(`${n}`)

const polygamma = memoised((n: `${number}`) =>
  vector(`f32.polygamma${n}`, 1, (_, x) =>
    perLaneF32(x, (lane) => call(hosted('2polygamma'), f64.const(Number(n)), lane(x))),
  ),
)

const writeUnary = (fn: UnaryFn, keep: Keep, x: Code): Code =>
  inlineUnaryF32(fn, x) ?? unaries[fn]?.(keep, x) ?? hostUnary(fn, x)
const writeBinary = (fn: BinaryFn, keep: Keep, x: Code, y: Code): Code =>
  inlineBinaryF32(fn, x, y) ?? binaries[fn]?.(keep, x, y) ?? hostBinary(fn, x, y)

const hostUnary = (fn: UnaryFn, x: Code): Code => perLaneF32(x, (lane) => call(hosted(`1${fn}`), lane(x)))
const hostBinary = (fn: BinaryFn, x: Code, y: Code): Code =>
  perLaneF32(x, (lane) => call(hosted(`2${fn}`), lane(x), lane(y)))

type Unary = (keep: Keep, x: Code) => Code
type Binary = (keep: Keep, x: Code, y: Code) => Code

const { abs, eq, gt, le, lt, ne } = f32x4
const num = f32x4.const
const { and, or, xor, select } = v128
const signOf = (x: Code): Code => and(x, num(-0))
/** NaN where the mask is, which is 1 in all bits. */
const notWhere = (mask: Code, x: Code): Code => or(x, mask)
const unordered = (x: Code): Code => ne(x, x)

const wide =
  (f: (keep: Keep, x: Code) => Code): Unary =>
  (keep, x) =>
    inHalves(keep, x, (half) => f(keep, half))

/** With the sign of x, that of −0 too: odd functions and the like. */
const signed =
  (f: Unary): Unary =>
  (keep, x) =>
    or(f(keep, x), signOf(x))

/** x itself where it is ∞ or NaN. */
const below =
  (f: Unary): Unary =>
  (keep, x) =>
    select(lt(x, num(Infinity)), f(keep, x), x)

const orNaN =
  (mask: (x: Code) => Code, f: Unary): Unary =>
  (keep, x) =>
    notWhere(mask(x), f(keep, x))

/** −∞ at `from`, NaN before. */
const logarithm = (from: number, f: Unary): Unary =>
  orNaN(
    (x) => lt(x, num(from)),
    (keep, x) => select(eq(x, num(from)), num(-Infinity), below(f)(keep, x)),
  )

const outside = (x: Code): Code => v128.not(le(abs(x), num(1)))

/** Large arguments go to the host, each for itself. */
const circular =
  (fn: 'sin' | 'cos' | 'tan', f: Unary): Unary =>
  (keep, x) => {
    const small = keep(f(keep, x))
    const large = keep(gt(abs(x), num(CIRCLE_BOUND)))
    return choose('v128', v128.anyTrue(large), select(large, hostUnary(fn, x), small), small)
  }

const unaries: { readonly [F in UnaryFn]?: Unary } = {
  sign: (_, x) => select(ne(x, num(0)), notWhere(unordered(x), or(num(1), signOf(x))), x),
  exp,
  expm1: signed(wide(w.expm1)),
  log: logarithm(0, wide(w.log)),
  log1p: signed(logarithm(-1, wide(w.log1p))),
  sinh: wide(w.sinh),
  cosh: wide(w.cosh),
  tanh: signed(tanh),
  sigmoid: wide(w.sigmoid),
  softplus: wide(w.softplus),
  asinh: (keep, x) => or(below(wide(w.asinh))(keep, keep(abs(x))), signOf(x)),
  acosh: orNaN((x) => lt(x, num(1)), below(wide(w.acosh))),
  atanh: (keep, x) => {
    const a = keep(abs(x))
    const inside = select(eq(a, num(1)), num(Infinity), wide(w.atanh)(keep, x))
    return notWhere(outside(x), or(inside, signOf(x)))
  },
  cbrt: orNaN(unordered, wide(w.cbrt)),
  sin: circular('sin', wide(w.sin)),
  cos: circular('cos', wide(w.cos)),
  tan: circular('tan', wide(w.tan)),
  asin: orNaN(outside, wide(w.asin)),
  acos: orNaN(outside, wide(w.acos)),
  atan: orNaN(unordered, wide(w.atan)),
  erf,
  erfc: wide(w.erfc),
}

/** x − q y, q = ⌊x/y⌋ or the like, in f64: below 2²⁸ the quotient of two f32 is rounded to a whole number only when it is one, and
 *  q y and the difference are exact. Larger quotients and y = ±∞ are the host's. */
const remainder =
  (fn: 'mod' | 'rem', whole: (x: Code) => Code, sign: 'x' | 'y'): Binary =>
  (keep, x, y) => {
    const near = keep(inHalves(keep, x, (a, b) => f64x2.sub(a, f64x2.mul(whole(f64x2.div(a, b)), b)), y))
    const signed = or(near, and(signOf(sign === 'x' ? x : y), eq(near, num(0))))
    const easy = and(lt(abs(f32x4.div(x, y)), num(2 ** 28)), lt(abs(y), num(Infinity)))
    const hard = keep(v128.not(easy))
    const result = keep(signed)
    return choose('v128', v128.anyTrue(hard), select(hard, hostBinary(fn, x, y), result), result)
  }

const binaries: { readonly [F in BinaryFn]?: Binary } = {
  atan2: (keep, y, x) =>
    notWhere(
      or(unordered(x), unordered(y)),
      inHalves(keep, y, (a, b) => w.atan2(keep, a, b), x),
    ),
  pow: (keep, x, y) => {
    const magnitude = inHalves(keep, x, (a, b) => w.pow(keep, a, b), y)
    const whole = keep(eq(f32x4.nearest(y), y))
    const halved = keep(f32x4.mul(y, num(0.5)))
    const odd = and(whole, ne(f32x4.nearest(halved), halved))
    // a root of what is below 0, but 0 and ∞ have theirs
    const none = v128.andnot(and(lt(x, num(0)), gt(x, num(-Infinity))), whole)
    const power = notWhere(or(none, unordered(x)), xor(magnitude, and(signOf(x), odd)))
    const infinite = and(eq(abs(x), num(1)), eq(abs(y), num(Infinity)))
    return select(or(or(eq(y, num(0)), eq(x, num(1))), infinite), num(1), power)
  },
  rem: remainder('rem', f64x2.trunc, 'x'),
  mod: remainder('mod', f64x2.floor, 'y'),
}
