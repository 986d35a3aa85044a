/** Conversions between dtypes: floats to integers truncate and saturate with NaN as 0, integers wrap, bool is "not zero". */

import type { DType } from '../../dtype.js'
import { type Code, call, f32x4, f64x2, i32x4, v128 } from '../assembler.js'
import { f32ToI8, f32ToU8, roundToHalf, roundToHalfF64, wrapI8, wrapU8 } from '../math/casts.js'
import { narrowMask, wideMask, zero } from './lanes.js'

/** x of one dtype as another; x may be written twice. */
export const castLanes = (from: DType, to: DType, x: Code): Code => {
  if (from === to) return x
  switch (to) {
    case 'f32':
      return toF32(from, x)
    case 'f16':
      if (from === 'bool' || from === 'u8' || from === 'i8') return toF32(from, x)
      // straight from the f64: by way of an f32 it would be rounded twice
      return from === 'f64' ? f32x4.fromF64Zero(call(roundToHalfF64(), x)) : call(roundToHalf(), toF32(from, x))
    case 'f64':
      return toF64(from, x)
    case 'bool':
      if (from === 'f64') return narrowMask(f64x2.ne(x, zero))
      return from === 'f32' || from === 'f16' ? f32x4.ne(x, zero) : i32x4.ne(x, zero)
    default:
      return toInteger(from, to, x)
  }
}

/** 32 bits as an integer dtype. */
export const wrapped = (to: DType, x: Code): Code => (to === 'u8' ? wrapU8(x) : to === 'i8' ? wrapI8(x) : x)

const toF32 = (from: DType, x: Code): Code => {
  switch (from) {
    case 'f64':
      return f32x4.fromF64Zero(x)
    case 'bool':
      return v128.and(x, f32x4.const(1))
    case 'f32':
    case 'f16':
      return x
    default:
      return from === 'u32' ? f32x4.fromI32U(x) : f32x4.fromI32(x)
  }
}

const toF64 = (from: DType, x: Code): Code => {
  switch (from) {
    case 'bool':
      return v128.and(wideMask(x), f64x2.const(1))
    case 'f32':
    case 'f16':
      return f64x2.fromF32Low(x)
    default:
      return from === 'u32' ? f64x2.fromI32LowU(x) : f64x2.fromI32Low(x)
  }
}

const toInteger = (from: DType, to: DType, x: Code): Code => {
  switch (from) {
    case 'f64':
      if (to === 'u32') return i32x4.fromF64UZero(x)
      // no f64 that an f32 rounds changes what is saturated to 8 bits, but its fraction could be rounded up: by way of i32
      return to === 'i32' ? i32x4.fromF64Zero(x) : saturated(to, i32x4.fromF64Zero(x))
    case 'f32':
    case 'f16':
      if (to === 'u32') return i32x4.fromF32U(x)
      return to === 'i32' ? i32x4.fromF32(x) : (to === 'i8' ? f32ToI8 : f32ToU8)(x)
    case 'bool':
      return v128.and(x, i32x4.const(1))
    default:
      return wrapped(to, x)
  }
}

const saturated = (to: DType, x: Code): Code => {
  const [least, most] = to === 'i8' ? [-128, 127] : [0, 255]
  return i32x4.minS(i32x4.maxS(x, i32x4.const(least)), i32x4.const(most))
}
