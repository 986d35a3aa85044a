/** How values of each dtype lie in vectors, and how they come from memory and go back.
 *
 *  A vector has 4 lanes, or 2 in a kernel that has f64 anywhere; 32-bit values then lie in the two low words of it.
 *
 *    f32 f16     floats of 32 bits; those of f16 are rounded to f16
 *    f64         floats of 64 bits
 *    i32 u32     integers of 32 bits; u8 and i8 too, extended
 *    bool        masks of 32 bits, all ones for true
 *
 *  `raw` is what memory says, widened to the lane but not yet decoded: the bits of f16, 0 and 1 of bool. */

import { bytesOf, type DType } from '../../dtype.js'
import { fromHalf, toHalf } from '../../plain/half.js'
import { type Code, call, f32x4, i8x16, i16x8, i32, i32x4, i64x2, v128 } from '../assembler.js'
import { fromHalfBits, toHalfBits } from '../math/casts.js'

export type Lanes = 2 | 4

const extended = (dtype: DType, x: Code): Code => {
  if (bytesOf(dtype) === 2) return i32x4.extendLowU(x)
  return dtype === 'i8' ? i32x4.extendLowS(i16x8.extendLowS(x)) : i32x4.extendLowU(i16x8.extendLowU(x))
}

/** Neighbours in memory, a whole vector of them. */
export const loadVector = (dtype: DType, lanes: Lanes, p: Code, offset = 0): Code => {
  const size = bytesOf(dtype)
  const bytes = size * lanes
  const from =
    bytes === 16 ? v128.load : bytes === 8 ? v128.load64zero : bytes === 4 ? v128.load32zero : v128.load16splat
  return size < 4 ? extended(dtype, from(p, offset)) : from(p, offset)
}

/** One element in all lanes. */
export const loadSplat = (dtype: DType, p: Code, offset = 0): Code => {
  const size = bytesOf(dtype)
  if (size === 8) return v128.load64splat(p, offset)
  if (size === 4) return v128.load32splat(p, offset)
  return i32x4.splat(loadNarrow(dtype, p, offset))
}

const loadNarrow = (dtype: DType, p: Code, offset: number): Code =>
  (bytesOf(dtype) === 2 ? i32.load16u : dtype === 'i8' ? i32.load8s : i32.load8u)(p, offset)

/** One element into one lane. */
export const loadLane = (dtype: DType, lane: number, p: Code, x: Code, offset = 0): Code => {
  const size = bytesOf(dtype)
  if (size === 8) return v128.load64lane(lane, p, x, offset)
  if (size === 4) return v128.load32lane(lane, p, x, offset)
  return i32x4.replace(lane, x, loadNarrow(dtype, p, offset))
}

export const decoded = (dtype: DType, raw: Code): Code =>
  dtype === 'f16' ? call(fromHalfBits(), raw) : dtype === 'bool' ? i32x4.neg(raw) : raw

export const encoded = (dtype: DType, x: Code): Code =>
  dtype === 'f16' ? call(toHalfBits(), x) : dtype === 'bool' ? v128.and(x, i32x4.const(1)) : x

export const storeVector = (dtype: DType, lanes: Lanes, p: Code, raw: Code, offset = 0): Code => {
  const size = bytesOf(dtype)
  const bytes = size * lanes
  // what is narrower is in range: narrowing saturates nothing, and the lanes beyond are not stored
  const halves = size < 4 ? i16x8.narrowU(raw, i32x4.const(0)) : raw
  const signed = i16x8.narrowS(raw, i32x4.const(0))
  const x = size > 1 ? halves : (dtype === 'i8' ? i8x16.narrowS : i8x16.narrowU)(signed, i32x4.const(0))
  if (bytes === 16) return v128.store(p, x, offset)
  return (bytes === 8 ? v128.store64lane : bytes === 4 ? v128.store32lane : v128.store16lane)(0, p, x, offset)
}

export const storeLane = (dtype: DType, lane: number, p: Code, raw: Code, offset = 0): Code => {
  const size = bytesOf(dtype)
  if (size === 8) return v128.store64lane(lane, p, raw, offset)
  if (size === 4) return v128.store32lane(lane, p, raw, offset)
  return size === 2 ? v128.store16lane(2 * lane, p, raw, offset) : v128.store8lane(4 * lane, p, raw, offset)
}

/** Lane 0 in all lanes. */
export const splatted = (dtype: DType, x: Code): Code =>
  v128.shuffle(
    Array.from({ length: 16 }, (_, i) => i % (dtype === 'f64' ? 8 : 4)),
    x,
    x,
  )

/** Masks of 64 bits from masks of 32, and back. */
export const wideMask = (mask: Code): Code => i64x2.extendLowS(mask)
export const narrowMask = (mask: Code): Code =>
  v128.shuffle([0, 1, 2, 3, 8, 9, 10, 11, 0, 1, 2, 3, 8, 9, 10, 11], mask, mask)

const scratch = new DataView(new ArrayBuffer(8))

/** A constant in all lanes, by its one or two words. */
export const constantOf = (bits: readonly number[]): Code =>
  i32x4.const(bits[0]!, bits[1] ?? bits[0]!, bits[0]!, bits[1] ?? bits[0]!)

/** The words of a number in a lane: two of f64, one of the others. */
export const wordsOf = (dtype: DType, value: number): readonly number[] => {
  switch (dtype) {
    case 'f64':
      scratch.setFloat64(0, value, true)
      return [scratch.getInt32(0, true), scratch.getInt32(4, true)]
    case 'f32':
    case 'f16':
      scratch.setFloat32(0, dtype === 'f16' ? fromHalf(toHalf(value)) : value, true)
      return [scratch.getInt32(0, true)]
    case 'bool':
      return [-(value & 1)]
    case 'u8':
      return [value & 255]
    case 'i8':
      return [(value << 24) >> 24]
    default:
      return [value | 0]
  }
}

/** Its words in memory. */
export const memoryWordsOf = (dtype: DType, value: number): readonly number[] =>
  dtype === 'f16' ? [toHalf(value)] : dtype === 'bool' ? [value & 1] : wordsOf(dtype, value)

export const zero: Code = f32x4.const(0)
