/** Roots. sqrt and inverseSqrt are as exact as the device makes them, 2.5 and 2 ulp at worst by the specification
 *  (0.5 and 1.48 on the software driver); cbrt has divisions of which only the first digits matter: 0.82. Subnormal arguments of sqrt and
 *  rsqrt may count as 0. */

import { decimal } from './literal.js'

export const roots = {
  // zeros, infinity and NaN by their bits: a device may have sqrt(x) = x / sqrt(x)
  sqrt_f32: `
fn sqrt_f32(x: f32) -> f32 {
  let bits = bitcast<u32>(x);
  let end = select(bits, 0x7fc00000u, bits > 0x80000000u);
  return or_bits(sqrt(x), end, bits - 1u >= 0x7f7fffffu);
}`,
  rsqrt_f32: `
fn rsqrt_f32(x: f32) -> f32 {
  let bits = bitcast<u32>(x);
  let zero = (bits & 0x7fffffffu) == 0u;
  let beyond = select(select(0x7fc00000u, 0u, bits == 0x7f800000u), bits | 0x7f800000u, zero);
  return or_bits(inverseSqrt(x), beyond, bits - 1u >= 0x7f7fffffu);
}`,
  // a third of the bits is a guess to 3 %; after two steps of Newton's it is cut to 12 bits, so that its square is exact for the last.
  // A subnormal is taken times 2^150
  cbrt_f32: `
fn cbrt_f32(x: f32) -> f32 {
  let own = magnitude(x);
  let small = own < 0x00800000u;
  let a = select(abs(x), f32(own) * 2.0f, small);
  var t = bitcast<f32>(bitcast<u32>(a) / 3u + 709958130u);
  t -= (t - a / (t * t)) * 0.33333334f;
  t -= (t - a / (t * t)) * 0.33333334f;
  t = head(t);
  let q = a / (t * t);
  t += t * ((q - t) / (2.0f * t + q));
  let y = t * select(1.0f, ${decimal(2 ** -50)}, small);
  return or_bits(with_sign(y, sign_of(x)), bitcast<u32>(x), own == 0u || own >= 0x7f800000u);
}`,
} as const
