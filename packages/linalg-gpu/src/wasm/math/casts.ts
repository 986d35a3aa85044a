/** Conversions of lanes.
 *
 *  f16 has 11 significant bits. A float x in [2ᵉ, 2ᵉ⁺¹) is rounded to them, a tie to the even, by (|x| + m) − m with
 *  m = 2ᵉ⁺¹³ in f32 and 2ᵉ⁺⁴² in f64: the sum's last place is 2ᵉ⁻¹⁰. Below 2⁻¹⁴ the last place stays 2⁻²⁴: e is never less than −14.
 *  Either way x is rounded once. */

import { type Code, type Func, f32x4, f64x2, i32, i32x4, i64x2, v128 } from '../assembler.js'
import { memoised, vector } from './lanes.js'

/** f32x4 → f32x4 of values of f16; from 65520 on ±∞. */
export const roundToHalf = (): Func => made('half.round')
/** f64x2 → f64x2 of values of f16, which f32 holds as they are. */
export const roundToHalfF64 = (): Func => made('half.round64')
/** f32x4 → the bits of f16 in the low 16 of each lane, NaN as 0x7e00; rounds. */
export const toHalfBits = (): Func => made('half.to')
/** The bits of f16 in the low 16 of each lane, the rest 0 → f32x4. */
export const fromHalfBits = (): Func => made('half.from')

/** f32x4 → i32x4: towards 0, saturating, NaN to 0. */
export const f32ToI32 = (x: Code): Code => i32x4.fromF32(x)
export const f32ToU32 = (x: Code): Code => i32x4.fromF32U(x)
export const f32ToI8 = (x: Code): Code => i32x4.minS(i32x4.maxS(i32x4.fromF32(x), i32x4.const(-128)), i32x4.const(127))
export const f32ToU8 = (x: Code): Code => i32x4.minS(i32x4.maxS(i32x4.fromF32(x), i32x4.const(0)), i32x4.const(255))
/** i32x4 → i32x4: the low 8 bits, sign-extended; those of a u8 with zeros. */
export const wrapI8 = (x: Code): Code => i32x4.shrS(i32x4.shl(x, i32.const(24)), i32.const(24))
export const wrapU8 = (x: Code): Code => v128.and(x, i32x4.const(255))
/** Floats to bool lanes, 0 or 1: not zero, NaN is not. */
export const f32ToBool = (x: Code): Code => v128.and(f32x4.ne(x, f32x4.const(0)), i32x4.const(1))
export const i32ToBool = (x: Code): Code => v128.and(i32x4.ne(x, i32x4.const(0)), i32x4.const(1))

const made = memoised((name: 'half.round' | 'half.round64' | 'half.to' | 'half.from') =>
  vector(name, 1, (keep, x) => {
    const bits = (value: number): Code => i32x4.const(value)
    const sign = (v: Code): Code => v128.and(v, bits(0x80000000))
    if (name === 'half.from') {
      // the fields of f16, 13 places up, are those of f32 but for the bias: 2¹¹² puts it right, subnormals too
      const magnitude = keep(i32x4.shl(v128.and(x, bits(0x7fff)), i32.const(13)))
      const special = v128.and(i32x4.geS(magnitude, bits(0x0f800000)), bits(0x7f800000))
      const value = v128.or(f32x4.mul(magnitude, f32x4.const(2 ** 112)), special)
      return v128.or(value, sign(i32x4.shl(x, i32.const(16))))
    }
    if (name === 'half.round64') {
      const a = keep(f64x2.pmin(f64x2.abs(x), f64x2.const(65536)))
      // ∞ masks the exponent; 2^(42 − 1023) is 42 in the exponent field
      const power = v128.and(f64x2.pmax(a, f64x2.const(2 ** -14)), f64x2.const(Infinity))
      const m = keep(i64x2.add(power, f64x2.const(2 ** (42 - 1023))))
      const r = keep(f64x2.sub(f64x2.add(a, m), m))
      const held = v128.select(f64x2.gt(r, f64x2.const(65504)), f64x2.const(Infinity), r)
      return v128.or(held, v128.and(x, f64x2.const(-0)))
    }
    const a = keep(f32x4.pmin(f32x4.abs(x), f32x4.const(65536)))
    const power = v128.and(f32x4.pmax(a, f32x4.const(2 ** -14)), f32x4.const(Infinity))
    const m = keep(i32x4.add(power, bits(13 << 23)))
    const r = keep(f32x4.sub(f32x4.add(a, m), m))
    if (name === 'half.round') {
      const held = v128.select(f32x4.gt(r, f32x4.const(65504)), f32x4.const(Infinity), r)
      return v128.or(held, sign(x))
    }
    // r · 2⁻¹¹² has f16's exponent in f32's field; 65536 becomes 31, that of ∞
    const half = v128.or(
      i32x4.shrU(f32x4.mul(r, f32x4.const(2 ** -112)), i32.const(13)),
      i32x4.shrU(sign(x), i32.const(16)),
    )
    return v128.select(f32x4.eq(x, x), half, bits(0x7e00))
  }),
)
