/** Keys: unsigned numbers in the order of the elements, so that one comparison of integers serves every dtype.
 *
 *  A float is its bits, all flipped where it is negative and else the sign alone; −0 is 0, as they are equal, and NaN is the
 *  greatest key, in descending order too, where all other keys are flipped once more. Narrow dtypes stand in the upper bytes. */

import { bytesOf, type DType, isFloat } from '../../dtype.js'
import { type Code, either, get, i32, i64, type Local, set } from '../assembler.js'

export const keyType = (dtype: DType): 'i32' | 'i64' => (dtype === 'f64' ? 'i64' : 'i32')

/** x > y of keys. */
export const after = (dtype: DType, x: Code, y: Code): Code => (dtype === 'f64' ? [x, y, 0x56] : i32.gtU(x, y))

/** The key of the element at an address; `bits` is a local of the key's type that it may use. */
export const keyAt = (dtype: DType, descending: boolean, address: Code, bits: Local): Code => {
  const flip = descending ? -1 : 0
  if (!isFloat(dtype)) {
    const raw = bytesOf(dtype) === 4 ? i32.load(address) : i32.shl(i32.load8u(address), i32.const(24))
    return i32.xor(raw, i32.const((dtype === 'i32' || dtype === 'i8' ? 1 << 31 : 0) ^ flip))
  }
  const b = get(bits)
  if (dtype === 'f64') {
    const magnitude = i64.and(b, i64.const(2n ** 63n - 1n))
    const nan: Code = [magnitude, i64.const(0x7ff0n << 48n), 0x55]
    const ordered = i64.xor(b, i64.or(i64.shrS(b, i64.const(63n)), i64.const(-(2n ** 63n))))
    return [
      set(bits, i64.load(address)),
      set(bits, either(i64.eqz(magnitude), i64.const(0n), b)),
      either(nan, i64.const(-1n), i64.xor(ordered, i64.const(BigInt(flip)))),
    ]
  }
  const magnitude = i32.and(b, i32.const(2 ** 31 - 1))
  const infinity = dtype === 'f32' ? 0x7f800000 : 0x7c000000
  const ordered = i32.xor(b, i32.or(i32.shrS(b, i32.const(31)), i32.const(1 << 31)))
  return [
    set(bits, dtype === 'f32' ? i32.load(address) : i32.shl(i32.load16u(address), i32.const(16))),
    set(bits, either(magnitude, b, i32.const(0))),
    either(i32.gtS(magnitude, i32.const(infinity)), i32.const(-1), i32.xor(ordered, i32.const(flip))),
  ]
}
