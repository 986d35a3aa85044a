/** The error function, its complement and its inverse.
 *
 *  Worst errors in ulp, at a million arguments or more:   erf 1.37   erfc 1.58   erfinv 4.75 */

import { horner } from './horner.js'
import { decimal } from './literal.js'

// erf(x)/x − 1 in powers of x² for |x| ≤ 0.9: 1·10⁻⁸ of erf x
const erfSeries: readonly number[] = [
  0.12837915381427056, -0.37612523338560633, 0.11282141176441154, -0.026778915696614107, 0.00501196648500208, -0.0006090356101317414,
] // biome-ignore format: a table
// log(erfc x)/x for 0.9 ≤ x ≤ 4: 3·10⁻⁹ of erf x
const logErfcSeries: readonly number[] = [
  -1.128519935121079, -0.6356994349427584, -0.10528675673195373, 0.02290596138619754, -0.0032199513906069534, 0.0002145917884365627,
] // biome-ignore format: a table
// (1 + 2x) e^(x²) erfc x in powers of (x − 2.5)/(x + 2) for ½ ≤ x ≤ 10.1, nearly flat: 5·10⁻⁹
const flatErfc: readonly number[] = [
  1.2648381872138699, -0.11012114400914332, -0.09122228160665381, 0.09777088947462081, -0.03559412107433869, -0.0011306830372363466,
  0.004484213773033343, -3.338201156472435e-5, -0.0005832709166727429, -7.996435017590091e-5,
] // biome-ignore format: a table
// erfinv(x)/x with w = −log(1 − x²): in powers of w − 2.5 for w < 5, and of √w − 3 beyond: 9·10⁻⁸ and 3·10⁻⁷
const erfinvCentre: readonly number[] = [
  1.501409421521236, 0.2466407259622559, -0.0041777077824717845, -0.001253707272603798, 0.00021860232783743974,
  -4.396839932223548e-6, -3.528899600158428e-6, 3.437307289553486e-7, 2.8537938568696452e-8,
] // biome-ignore format: a table
const erfinvTail: readonly number[] = [
  2.8329774440744906, 1.0016784027812617, 0.009420052296836253, -0.0076827207543101765, 0.005855986237236162,
  -0.0034761710697751554, 0.0010893082798399405, -7.948388979146178e-5,
] // biome-ignore format: a table

const [FLAT_AT_ZERO, ...flatRest] = flatErfc as [number, ...number[]]

export const error = {
  erf_near: `
fn erf_near(x: f32) -> f32 {
  let z = x * x;
  // the product alone, where the second summand would be subnormal
  return select(x + x * ${horner('z', erfSeries)}, x * ${decimal(2 / Math.sqrt(Math.PI))}, z < 1e-30f);
}`,
  // 1 - e^(log erfc |x|), and a series where that would cancel; from 4 on it is 1
  erf_f32: `
fn erf_f32(x: f32) -> f32 {
  let a = min(abs(x), 4.0f);
  let p = power_of_e(a * ${horner('a', logErfcSeries)}, 0.0f);
  let y = select(1.0f - scaled(1.0f + p.excess, p.k), erf_near(a), a < 0.9f);
  return with_sign(or_bits(y, 0x7fc00000u, is_nan(x)), sign_of(x));
}`,
  // e^(-x^2) F / (1 + 2x): x^2, F, the divisor, the quotient and the power each in two parts
  erfc_right: `
fn erfc_right(x: f32) -> f32 {
  let t = (x - 2.5f) / (x + 2.0f);
  let slope = t * ${horner('t', flatRest)} + ${decimal(FLAT_AT_ZERO - Math.fround(FLAT_AT_ZERO))};
  let f = blunt(${decimal(FLAT_AT_ZERO)} + slope);
  let f_rest = slope - (f - ${decimal(FLAT_AT_ZERO)});
  let twice = 2.0f * x;
  let d = blunt(1.0f + twice);
  let d_rest = (max(twice, 1.0f) - d) + min(twice, 1.0f);
  let q = f / d;
  let back = times(q, d);
  let q_rest = (((f - back.x) - back.y) + (f_rest - q * d_rest)) / d;
  let p = power_of_e(-head(x) * head(x), -tail(x) * (x + head(x)));
  let e = blunt(1.0f + p.excess);
  let e_rest = p.excess - (e - 1.0f);
  return scaled(q * e + (q * e_rest + q_rest * e), p.k);
}`,
  erfc_f32: `
fn erfc_f32(x: f32) -> f32 {
  let far = erfc_right(clamp(abs(x), 0.5f, 10.1f));
  let y = select(select(far, 2.0f - far, x < 0.0f), 1.0f - erf_near(x), abs(x) < 0.5f);
  return or_bits(y, 0x7fc00000u, is_nan(x));
}`,
  erfinv_f32: `
fn erfinv_f32(x: f32) -> f32 {
  let a = abs(x);
  let w = -log_f32((1.0f - a) * (1.0f + a));
  let u = w - 2.5f;
  let v = sqrt(w) - 3.0f;
  let y = a * select(${horner('v', erfinvTail)}, ${horner('u', erfinvCentre)}, w < 5.0f);
  let bits = magnitude(x);
  return with_sign(or_bits(y, select(0x7fc00000u, 0x7f800000u, bits == 0x3f800000u), bits >= 0x3f800000u), sign_of(x));
}`,
} as const
