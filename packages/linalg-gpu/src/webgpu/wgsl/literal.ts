/** Numbers as WGSL writes them, exactly: the shortest decimal that reads back as the same f32.
 *
 *  Infinities, NaN, subnormals and the largest numbers go by their bits through a function, since a constant expression must not give
 *  the first two and may flush the third. A negative number stands in parentheses, so that no sign meets another.
 *
 *  WGSL evaluates an expression of literals alone when it compiles, and refuses what overflows there: an operand of `applied`
 *  should be a `let`, not a literal, unless another operand is none. */

import type { DType } from '../../dtype.js'
import { fail } from '../../errors.js'
import { rounded } from '../../kernel/point.js'
import type { Uses } from './library.js'

/** The value, rounded or wrapped to the dtype, as an expression of the dtype's WGSL type.
 *
 *  @example
 *  const uses = new Set<string>()
 *  literal(0.1, 'f32', uses) // => 0.1f
 *  literal(-3, 'i32', uses) // => (-3i)
 *  literal(-1, 'u8', uses) // => 255u
 *  literal(Infinity, 'f32', uses) // => float_of(0x7f800000u) */
export const literal = (value: number, dtype: DType, uses: Uses): string => {
  const x = rounded(dtype, value)
  switch (dtype) {
    case 'f64':
      return fail('literal', 'WGSL has no f64. Give the program f32, or run it on wasm.')
    case 'bool':
      return x === 0 ? 'false' : 'true'
    case 'u32':
    case 'u8':
      return `${x}u`
    case 'i32':
    case 'i8':
      // the digits of the least i32 are no i32 before their sign is read
      return x === -(2 ** 31) ? 'i32(-2147483648)' : x < 0 ? `(${x}i)` : `${x}i`
    default:
      return float(x, uses)
  }
}

// the decimals of what is larger are beyond the largest f32, which WGSL refuses though they would be rounded to it
const LARGEST_DECIMAL = 3.4028234e38

/** An f32 that needs no bits, and no negative zero: what functions of the library are written with.
 *
 *  @example
 *  decimal(-0.1) // => (-0.1f) */
export const decimal = (x: number): string => {
  const value = Math.fround(x)
  const digits = Array.from({ length: 9 }, (_, i) => i + 1).find(
    (n) => Math.fround(Number(value.toPrecision(n))) === value,
  )
  const text = String(Number(value.toPrecision(digits)))
  const written = /[.e]/.test(text) ? `${text}f` : `${text}.0f`
  return value < 0 ? `(${written})` : written
}

const float = (x: number, uses: Uses): string => {
  const a = Math.abs(x)
  // the sign of a literal zero is lost in compilers, as WGSL allows
  if (Object.is(x, 0) || (a >= 2 ** -126 && a < LARGEST_DECIMAL)) return decimal(x)
  uses.add('float_of')
  const [bits] = new Uint32Array(Float32Array.of(x).buffer)
  return `float_of(0x${bits!.toString(16).padStart(8, '0')}u)`
}
