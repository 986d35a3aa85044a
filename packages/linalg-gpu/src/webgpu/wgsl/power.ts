/** x^y = e^(y log |x|), the logarithm in two f32 of some 35 bits: y log |x| may be 104 and its error counts in full.
 *
 *  log(1 + f) = 2s + ⅔ s³ + s⁵ P(s²), s = f/(2 + f); the first two terms are summed of parts with 12 bits, whose products are exact.
 *  As C's pow: 1 to any power and anything to the power 0 is 1, NaN included, and so is −1 to an infinite one.
 *
 *  Worst error 0.92 ulp, at 200,000 pairs. */

import { LN2_LOW } from './exponential.js'
import { horner } from './horner.js'
import { decimal } from './literal.js'

// (2 artanh s − 2s − ⅔ s³)/s⁵ in powers of s² for |s| ≤ (√2 − 1)/(√2 + 1): 8·10⁻¹² of the logarithm
const artanhSeries: readonly number[] = [0.40000151916335136, 0.28547157401313394, 0.2341805970670119]

const TWO_THIRDS_LOW = 2 / 3 - Math.fround(2 / 3)

export const power = {
  // log x for 0 < x < infinity: the first part has 12 bits
  log_in_two: `
fn log_in_two(x: f32) -> vec2<f32> {
  let scale = scale_of(x);
  let f = scale.f;
  let s = head(f / (2.0f + f));
  let s_rest = (((f - 2.0f * s) - s * head(f)) - s * tail(f)) / (2.0f + f);
  let z = s * s;
  let cube = s * head(z);
  let t = s + s_rest;
  let tt = t * t;
  let cube_rest = s * tail(z) + 3.0f * s * t * s_rest;
  let third = times(${decimal(2 / 3)}, cube);
  let third_rest = third.y + (${decimal(2 / 3)} * cube_rest + ${decimal(TWO_THIRDS_LOW)} * cube);
  let k = f32(scale.k * 355) * ${decimal(1 / 512)};
  let rest = (f32(scale.k) * ${decimal(LN2_LOW)} + 2.0f * s_rest) + (third_rest + tt * tt * t * ${horner('tt', artanhSeries)});
  let first = head(k + (2.0f * s + (third.x + rest)));
  return vec2<f32>(first, (((k - first) + 2.0f * s) + third.x) + rest);
}`,
  pow_f32: `
fn pow_f32(x: f32, y: f32) -> f32 {
  let a = abs(x);
  let l = log_in_two(a);
  let far = abs(y * l.x) >= 110.0f;
  let bound = select(110.0f, -110.0f, (y < 0.0f) != (l.x < 0.0f));
  let high = select(l.x * head(y), bound, far);
  let low = select(l.x * tail(y) + l.y * y, 0.0f, far);
  let p = power_of_e(high, low);
  let inside = scaled(1.0f + p.excess, p.k);

  let x_bits = magnitude(x);
  let y_bits = magnitude(y);
  let end = select(0x7f800000u, 0u, (x_bits == 0u) == (bitcast<u32>(y) < 0x80000000u));
  let whole = y_bits >= 0x4b800000u || floor(y) == y;
  let odd = whole && y_bits < 0x4b800000u && (i32(y) & 1) == 1;
  let sign = select(0u, sign_of(x), odd);
  let size = bitcast<u32>(or_bits(inside, end, x_bits == 0u || x_bits == 0x7f800000u));
  let none = !ordered(x, y) || (!whole && sign_of(x) != 0u && x_bits != 0u && x_bits != 0x7f800000u);
  let one = y_bits == 0u || bitcast<u32>(x) == 0x3f800000u || (x_bits == 0x3f800000u && y_bits == 0x7f800000u);
  return bitcast<f32>(select(select(size | sign, 0x7fc00000u, none), 0x3f800000u, one));
}`,
} as const
