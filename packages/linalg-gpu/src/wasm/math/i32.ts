/** Integers, four lanes of 32 bits: the plain device's functions, bit for bit.
 *
 *  u8 and bool lanes are zero-extended, i8 lanes sign-extended. Results wrap to 32 bits; what is smaller is wrapped by the caller.
 *  Quotients go through f64: for |x|, |y| < 2³² a quotient that is not whole is further from a whole number than its rounding,
 *  1/|y| against 2⁻⁵³ |x/y|. x = −2³¹, y = −1 gives 2³¹, which wraps. */

import type { DType } from '../../dtype.js'
import type { BinaryFn, UnaryFn } from '../../program/op.js'
import {
  type Code,
  type Func,
  f64x2,
  get,
  i32,
  i32x4,
  type Local,
  set,
  type ValType,
  v128,
  whileLoop,
} from '../assembler.js'
import { type Keep, memoised, vector } from './lanes.js'

export type IntegerDType = Exclude<DType, 'f16' | 'f32' | 'f64'>

const unsigned = (dtype: IntegerDType): boolean => dtype === 'u32'

/** The instructions for it, or nothing; x may be written twice, so it should be the value of a local. */
export const inlineUnaryI32 = (fn: UnaryFn, dtype: IntegerDType, x: Code): Code | undefined => {
  switch (fn) {
    case 'neg':
      return i32x4.neg(x)
    case 'abs':
      return unsigned(dtype) ? x : i32x4.abs(x)
    case 'sign':
      return unsigned(dtype)
        ? i32x4.minU(x, i32x4.const(1))
        : i32x4.minS(i32x4.maxS(x, i32x4.const(-1)), i32x4.const(1))
    case 'relu':
      return unsigned(dtype) ? x : i32x4.maxS(x, i32x4.const(0))
    case 'square':
      return i32x4.mul(x, x)
    case 'not':
      return dtype === 'bool'
        ? v128.xor(x, i32x4.const(1))
        : dtype === 'u8'
          ? v128.xor(x, i32x4.const(255))
          : v128.not(x)
    case 'floor':
    case 'ceil':
    case 'round':
    case 'trunc':
      return x
    default:
      return undefined
  }
}

export const inlineBinaryI32 = (fn: BinaryFn, dtype: IntegerDType, x: Code, y: Code): Code | undefined => {
  switch (fn) {
    case 'add':
      return i32x4.add(x, y)
    case 'sub':
      return i32x4.sub(x, y)
    case 'mul':
      return i32x4.mul(x, y)
    case 'max':
      return unsigned(dtype) ? i32x4.maxU(x, y) : i32x4.maxS(x, y)
    case 'min':
      return unsigned(dtype) ? i32x4.minU(x, y) : i32x4.minS(x, y)
    case 'and':
      return v128.and(x, y)
    case 'or':
      return v128.or(x, y)
    case 'xor':
      return v128.xor(x, y)
    default:
      return undefined
  }
}

/** (i32x4, i32x4) → i32x4, for what is not inline: pow quot mod rem shl shr; undefined for div and atan2, which integers have not. */
export const binaryI32 = (fn: BinaryFn, dtype: IntegerDType): Func | undefined =>
  fn in written ? made(`${unsigned(dtype) ? 'u' : 'i'}${fn as keyof typeof written}`) : undefined

type Write = (keep: Keep, x: Code, y: Code, isUnsigned: boolean, local: (type: ValType) => Local) => Code

const zero = i32x4.const(0)
const one = i32x4.const(1)

/** Low words of the two halves of f64x2 made whole: 2⁵² + 2⁵¹ puts a whole number into the low bits, modulo 2³². */
const quotient = (keep: Keep, x: Code, y: Code, isUnsigned: boolean, whole: (x: Code) => Code): Code => {
  const half = (low: boolean): Code => {
    const f64s = (v: Code): Code => {
      const part = low ? v : v128.shuffle([8, 9, 10, 11, 12, 13, 14, 15, 8, 9, 10, 11, 12, 13, 14, 15], v, v)
      return isUnsigned ? f64x2.fromI32LowU(part) : f64x2.fromI32Low(part)
    }
    return keep(f64x2.add(whole(f64x2.div(f64s(x), f64s(y))), f64x2.const(2 ** 52 + 2 ** 51)))
  }
  return v128.shuffle([0, 1, 2, 3, 8, 9, 10, 11, 16, 17, 18, 19, 24, 25, 26, 27], half(true), half(false))
}

const remainder =
  (whole: (x: Code) => Code): Write =>
  (keep, x, y, isUnsigned) =>
    v128.andnot(i32x4.sub(x, i32x4.mul(quotient(keep, x, y, isUnsigned, whole), y)), i32x4.eq(y, zero))

const written = {
  quot: (keep, x, y, isUnsigned) => v128.andnot(quotient(keep, x, y, isUnsigned, f64x2.floor), i32x4.eq(y, zero)),
  mod: remainder(f64x2.floor),
  rem: remainder(f64x2.trunc),
  // the distance by its bits: lanes have no shift of their own
  shl: (keep, x, y) => v128.and(shifted(keep, x, y, i32x4.shl), i32x4.ltU(y, i32x4.const(32))),
  shr: (keep, x, y, isUnsigned) =>
    isUnsigned
      ? v128.and(shifted(keep, x, y, i32x4.shrU), i32x4.ltU(y, i32x4.const(32)))
      : shifted(keep, x, keep(i32x4.minU(y, i32x4.const(31))), i32x4.shrS),
  // x² n times over the bits of y; below 0 only ±1 have a power that is not 0. In u32 nothing is below 0.
  pow: (keep, x, y, isUnsigned, local) => {
    const [result, base, n] = [local('v128'), local('v128'), local('v128')]
    const odd = (v: Code): Code => i32x4.ne(v128.and(v, one), zero)
    const powers: Code = [
      set(result, one),
      set(base, x),
      set(n, isUnsigned ? y : i32x4.maxS(y, zero)),
      whileLoop(v128.anyTrue(get(n)), [
        set(result, v128.select(odd(get(n)), i32x4.mul(get(result), get(base)), get(result))),
        set(base, i32x4.mul(get(base), get(base))),
        set(n, i32x4.shrU(get(n), i32.const(1))),
      ]),
      get(result),
    ]
    if (isUnsigned) return powers
    const whole = keep(powers)
    const unit = i32x4.eq(i32x4.abs(x), one)
    const inverse = v128.and(v128.select(odd(y), x, one), unit)
    return v128.select(i32x4.ltS(y, zero), inverse, whole)
  },
} satisfies Record<string, Write>

const shifted = (keep: Keep, x: Code, y: Code, shift: (x: Code, by: Code) => Code): Code =>
  [1, 2, 4, 8, 16].reduce((value, by) => {
    const has = i32x4.ne(v128.and(y, i32x4.const(by)), zero)
    return keep(v128.select(has, shift(value, i32.const(by)), value))
  }, x)

const made = memoised((key: `${'i' | 'u'}${keyof typeof written}`) =>
  vector(`${key[0]}32.${key.slice(1)}`, 2, (keep, x, y, local) =>
    written[key.slice(1) as keyof typeof written](keep, x, y, key[0] === 'u', local),
  ),
)
