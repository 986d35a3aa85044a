/** e^x and what is made of it.
 *
 *  x = k log 2 + r, |r| ≤ ½ log 2, and e^x = 2ᵏ (1 + excess). log 2 is taken in two parts, the first being 355/512: k times it is made of
 *  the integer 355 k, so that no compiler may join the two parts again.
 *
 *  Worst errors in ulp, at a million arguments or more:   exp 0.95   expm1 1.45   sinh 1.61   cosh 1.36   tanh 1.48   sigmoid 1.56
 *  The last four have one division. */

import { horner } from './horner.js'
import { decimal } from './literal.js'

// (eʳ − 1 − r)/r² for |r| ≤ ½ log 2: 3·10⁻¹⁰ of eʳ − 1
const expSeries: readonly number[] = [
  0.5000000056355619, 0.16666666917391065, 0.04166631303960778, 0.008333215304731184, 0.0013944313523190754,
  0.00019964648658008104,
] // biome-ignore format: a table
// (sinh t − t)/t³ in powers of t² for t ≤ 1: 5·10⁻¹¹ of sinh t
const sinhSeries: readonly number[] = [
  0.16666666497553942, 0.0083333500589106, 0.000198361596288961, 2.8169520566978023e-6,
]
// (tanh(x)/x − 1)/x² in powers of x² for x ≤ 0.37: 3·10⁻⁹ of tanh x
const tanhSeries: readonly number[] = [
  -0.3333333115172549, 0.13332822504303676, -0.05377993644701913, 0.01961642758288393,
]

/** log 2 less its first part. */
export const LN2_LOW = Math.LN2 - 355 / 512

export const exponential = {
  two_to: `
fn two_to(k: i32) -> f32 {
  return bitcast<f32>((k + 127) << 23u);
}`,
  // x 2^k for x > 0 that is no subnormal, by the exponent; what is below it by a product, which a device may flush
  scaled: `
fn scaled(x: f32, k: i32) -> f32 {
  let exponent = i32(bitcast<u32>(x) >> 23u) + k;
  let normal = bitcast<u32>(x) + (u32(k) << 23u);
  let small = bitcast<u32>(bitcast<f32>(normal + (64u << 23u)) * ${decimal(2 ** -64)});
  let inside = select(normal, small, exponent <= 0);
  return bitcast<f32>(select(inside, 0x7f800000u, exponent >= 255));
}`,
  Power: `
struct Power {
  k: i32,
  excess: f32,
}`,
  // e^(high + low) = 2^k (1 + excess), |high| <= 110; |low| may be a tenth of 1. A conversion cuts off, and costs less than round
  power_of_e: `
fn power_of_e(high: f32, low: f32) -> Power {
  let k = i32((high + low) * ${decimal(Math.LOG2E)} + 256.5f) - 256;
  let near = high - f32(k * 355) * ${decimal(1 / 512)};
  let far = low - f32(k) * ${decimal(LN2_LOW)};
  let r = near + far;
  return Power(k, r + r * r * ${horner('r', expSeries)});
}`,
  // e^x - 1 = (2^k - 1) + 2^k excess
  less_one: `
fn less_one(p: Power) -> f32 {
  let scale = two_to(clamp(p.k, -30, 30));
  let near = (scale - 1.0f) + scale * p.excess;
  return select(near, scaled(1.0f + p.excess, p.k), p.k > 30);
}`,
  exp_f32: `
fn exp_f32(x: f32) -> f32 {
  let p = power_of_e(clamp(x, -105.0f, 90.0f), 0.0f);
  return or_bits(scaled(1.0f + p.excess, p.k), 0x7fc00000u, is_nan(x));
}`,
  expm1_f32: `
fn expm1_f32(x: f32) -> f32 {
  let y = less_one(power_of_e(clamp(x, -25.0f, 90.0f), 0.0f));
  return with_sign(or_bits(y, 0x7fc00000u, is_nan(x)), sign_of(x));
}`,
  // half of e^|x|
  half_power: `
fn half_power(x: f32) -> f32 {
  let p = power_of_e(min(abs(x), 91.0f), 0.0f);
  return scaled(1.0f + p.excess, p.k - 1);
}`,
  sinh_f32: `
fn sinh_f32(x: f32) -> f32 {
  let a = abs(x);
  let z = a * a;
  let h = half_power(x);
  let y = select(h - 0.25f / h, a + a * (z * ${horner('z', sinhSeries)}), a <= 1.0f);
  return with_sign(or_bits(y, 0x7fc00000u, is_nan(x)), sign_of(x));
}`,
  cosh_f32: `
fn cosh_f32(x: f32) -> f32 {
  let h = half_power(x);
  return or_bits(h + 0.25f / h, 0x7fc00000u, is_nan(x));
}`,
  // d / (d + 2), d = e^2|x| - 1, and a series where the quotient of rounded numbers is off by more; 1 from 9.02 on
  tanh_f32: `
fn tanh_f32(x: f32) -> f32 {
  let a = min(abs(x), 10.0f);
  let z = a * a;
  let d = less_one(power_of_e(2.0f * a, 0.0f));
  let y = select(d / (d + 2.0f), a + a * (z * ${horner('z', tanhSeries)}), a < 0.35f);
  return with_sign(or_bits(y, 0x7fc00000u, is_nan(x)), sign_of(x));
}`,
  // e = e^-|x|: 1 / (1 + e) right of 0, e / (1 + e) left of it, with what e and the sum lose in rounding put back
  sigmoid_f32: `
fn sigmoid_f32(x: f32) -> f32 {
  let p = power_of_e(max(-abs(x), -105.0f), 0.0f);
  let one = blunt(1.0f + p.excess);
  let e = scaled(one, p.k);
  let e_rest = (p.excess - (one - 1.0f)) * two_to(max(p.k, -126));
  let d = blunt(1.0f + e);
  let d_rest = (e - (d - 1.0f)) + e_rest;
  let left = x < 0.0f;
  let q = select(1.0f, e, left) / d;
  let y = q + (select(0.0f, e_rest, left) - q * d_rest) * select(q, 1.0f - q, left);
  return or_bits(y, 0x7fc00000u, is_nan(x));
}`,
} as const
