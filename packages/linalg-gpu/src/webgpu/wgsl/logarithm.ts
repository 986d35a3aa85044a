/** log x and what is made of it.
 *
 *  x = 2ᵏ (1 + f), ½√2 ≤ 1 + f < √2, and log x = k log 2 + f − ½ f² + f³ P(f). Subnormals are made normal by integers, so that they count
 *  on a device that flushes them too.
 *
 *  Worst errors in ulp, at a million arguments or more:   log 0.82   log1p 0.81   softplus 1.52   asinh 1.28   acosh 1.44   atanh 1.02
 *  The last three have a division, asinh and acosh a root that is put right. */

import { LN2_LOW } from './exponential.js'
import { horner } from './horner.js'
import { decimal } from './literal.js'

// (log(1 + f) − f + ½ f²)/f³ for ½√2 ≤ 1 + f ≤ √2: 8·10⁻¹⁰ of the logarithm
const logSeries: readonly number[] = [
  0.33333312604886634, -0.2500000958911048, 0.20002118586263068, -0.1666799604701765, 0.1421955401725052, -0.1240558983863777,
  0.11888153171824041, -0.11675631588125611, 0.06746625544215296,
] // biome-ignore format: a table
// (asinh t − t)/t³ and (atanh t − t)/t³ in powers of t² for t ≤ ½: 6·10⁻¹¹ and 1·10⁻⁹ of the function
const asinhSeries: readonly number[] = [
  -0.16666665278427453, 0.0749988928166535, -0.04461325024967764, 0.03001295183303431, -0.019979982406425192, 0.009167710030819173,
] // biome-ignore format: a table
const atanhSeries: readonly number[] = [
  0.3333330007216998, 0.20002518243566228, 0.14222762690485666, 0.11823726344245565, 0.051358341138554094, 0.17669108715005633,
] // biome-ignore format: a table
// (acosh(1 + t)/√(2t) − 1)/t for t ≤ ½: 5·10⁻¹¹
const acoshSeries: readonly number[] = [
  -0.08333332648431567, 0.018749725813453286, -0.005576680312610178, 0.0018759061135073657, -0.0006245508041147631,
  0.00014336519891727244,
] // biome-ignore format: a table

export const logarithm = {
  Scale: `
struct Scale {
  k: i32,
  f: f32,
}`,
  // of a positive number, and of nonsense some numbers
  scale_of: `
fn scale_of(x: f32) -> Scale {
  let own = bitcast<u32>(x);
  let small = own < 0x00800000u;
  let bits = select(own, bitcast<u32>(f32(own)), small) + (0x3f800000u - 0x3f3504f3u);
  let k = i32(bits >> 23u) - select(127, 276, small);
  return Scale(k, bitcast<f32>((bits & 0x007fffffu) + 0x3f3504f3u) - 1.0f);
}`,
  // k log 2 + log(1 + f) + rest
  log_of_scale: `
fn log_of_scale(k: i32, f: f32, rest: f32) -> f32 {
  let z = f * f;
  let y = f * z * ${horner('f', logSeries)} + (rest + f32(k) * ${decimal(LN2_LOW)});
  return f32(k * 355) * ${decimal(1 / 512)} + (f + (y - 0.5f * z));
}`,
  // -infinity at 0, NaN before; infinity and NaN are themselves
  log_ends: `
fn log_ends(y: f32, x: f32) -> f32 {
  let bits = bitcast<u32>(x);
  let end = select(select(0x7fc00000u, 0xff800000u, (bits & 0x7fffffffu) == 0u), bits, bits >= 0x7f800000u && bits < 0x80000000u);
  return or_bits(y, end, bits - 1u >= 0x7f7fffffu);
}`,
  log_f32: `
fn log_f32(x: f32) -> f32 {
  let s = scale_of(x);
  return log_ends(log_of_scale(s.k, s.f, 0.0f), x);
}`,
  // of u = 1 + x; where k = 0, x itself is f, which u has lost digits of
  log1p_inside: `
fn log1p_inside(x: f32) -> f32 {
  let u = blunt(1.0f + x);
  let s = scale_of(u);
  let lost = select(x - (u - 1.0f), 1.0f - (u - x), x > 1.0f) / u;
  let near = s.k == 0;
  return log_of_scale(s.k, select(s.f, x, near), select(lost, 0.0f, near));
}`,
  log1p_f32: `
fn log1p_f32(x: f32) -> f32 {
  let y = with_sign(log1p_inside(x), sign_of(x));
  return select(log_ends(y, 1.0f + x), y, is_finite(x) && x > -1.0f);
}`,
  // max(x, 0) + log(1 + e^-|x|)
  softplus_f32: `
fn softplus_f32(x: f32) -> f32 {
  let p = power_of_e(max(-abs(x), -105.0f), 0.0f);
  let y = log1p_inside(scaled(1.0f + p.excess, p.k));
  return or_bits(max(x, 0.0f) + y, bitcast<u32>(x), bitcast<u32>(x) - 0x7f800000u <= 0x007fffffu || is_nan(x));
}`,
  // log(a + s), s = sqrt(a^2 + unit): the root is corrected by what its square leaves; from 2^12 on it is a
  log_with_root: `
fn log_with_root(a: f32, unit: f32) -> f32 {
  let far = a >= 4096.0f;
  let b = min(a, 4096.0f);
  let s = sqrt(b * b + unit);
  let b_square = times(b, b);
  let s_square = times(s, s);
  let s_rest = (((b_square.x - s_square.x) + unit) + (b_square.y - s_square.y)) / (2.0f * s);
  let u = blunt(b + s);
  let u_rest = (max(b, s) - u) + min(b, s) + s_rest;
  let scale = scale_of(select(u, a, far));
  return log_of_scale(scale.k + select(0, 1, far), scale.f, select(u_rest / u, 0.0f, far));
}`,
  asinh_f32: `
fn asinh_f32(x: f32) -> f32 {
  let a = abs(x);
  let z = a * a;
  let y = select(log_with_root(a, 1.0f), a + a * (z * ${horner('z', asinhSeries)}), a <= 0.5f);
  return or_bits(with_sign(y, sign_of(x)), bitcast<u32>(x), !is_finite(x));
}`,
  acosh_f32: `
fn acosh_f32(x: f32) -> f32 {
  let t = x - 1.0f;
  let s = sqrt(2.0f * t);
  let y = select(log_with_root(x, -1.0f), s + s * (t * ${horner('t', acoshSeries)}), x <= 1.5f);
  return or_bits(or_bits(y, 0x7fc00000u, !(x >= 1.0f) || is_nan(x)), 0x7f800000u, bitcast<u32>(x) == 0x7f800000u);
}`,
  // beyond 1/2 as half of log(1 + 2a / (1 - a))
  atanh_f32: `
fn atanh_f32(x: f32) -> f32 {
  let a = abs(x);
  let z = a * a;
  let far = 0.5f * log1p_inside(2.0f * a / (1.0f - a));
  let y = select(far, a + a * (z * ${horner('z', atanhSeries)}), a <= 0.5f);
  let bits = magnitude(x);
  return with_sign(or_bits(y, select(0x7fc00000u, 0x7f800000u, bits == 0x3f800000u), bits >= 0x3f800000u), sign_of(x));
}`,
} as const
