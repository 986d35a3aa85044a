/** sin, cos and tan of any f32.
 *
 *  |x| = k π/2 + r, |r| ≤ π/4, r being an f32 and a rest. Up to 1608 π/2 is taken in four parts, of which k times the first three are exact
 *  and made of integers, so that no compiler may join them (Cody and Waite). Beyond, the fraction of |x| · 2/π is taken from the 96 bits
 *  of 2/π that matter for this exponent of x, in integers (Payne and Hanek 1983): no argument is too large.
 *
 *  Worst errors in ulp, at 2 million arguments:   sin 1.07   cos 1.01   tan 1.66 (one division). */

import { horner } from './horner.js'
import { decimal } from './literal.js'

// (sin r − r)/r³, (cos r − 1 + ½ r²)/r⁴ and (tan r − r)/r³ in powers of r² for |r| ≤ π/4
const sinSeries: readonly number[] = [
  -0.16666666640797878, 0.008333329304807945, -0.00019839312246457087, 2.7181213773739013e-6,
]
const cosSeries: readonly number[] = [
  0.04166666662282834, -0.0013888883753423978, 2.47995200114018e-5, -2.7210237960749834e-7,
]
const tanSeries: readonly number[] = [
  0.33333349758433634, 0.1333266324241885, 0.05405992605483605, 0.021282142576396695, 0.010835918760320614, 8.941426108781473e-5,
  0.004376329377366727,
] // biome-ignore format: a table

const PI_2 = Math.fround(Math.PI / 2)
// what the first three parts of π/2 leave: what Math.PI / 2 lacks belongs to it
const HALF_PI_LAST = Math.PI / 2 - 201 / 2 ** 7 - 2029 / 2 ** 22 - 1297 / 2 ** 34 + 6.123233995736766e-17

export const circle = {
  // the low and the high word of a b, by halves
  wide_product: `
fn wide_product(a: u32, b: u32) -> vec2<u32> {
  let low = (a & 0xffffu) * (b & 0xffffu);
  let one = (a >> 16u) * (b & 0xffffu) + (low >> 16u);
  let two = (a & 0xffffu) * (b >> 16u) + (one & 0xffffu);
  return vec2<u32>(a * b, (a >> 16u) * (b >> 16u) + (one >> 16u) + (two >> 16u));
}`,
  // bits of 2/pi after two zeros, a word at a time
  two_over_pi: `
fn two_over_pi(word: u32) -> u32 {
  let odd = (word & 1u) == 1u;
  let first = select(0u, 0x28be60dbu, odd);
  let second = select(0x9391054au, 0x7f09d5f4u, odd);
  let third = select(0x7d4d3770u, 0x36d8a566u, odd);
  return select(select(first, second, (word & 2u) == 2u), select(third, 0x4f10e410u, (word & 2u) == 2u), word >= 4u);
}`,
  Quarter: `
struct Quarter {
  k: u32,
  r: f32,
  rest: f32,
}`,
  quarter_near: `
fn quarter_near(a: f32) -> Quarter {
  let k = i32(a * ${decimal(2 / Math.PI)} + 0.5f);
  let near = (a - f32(k * 201) * ${decimal(2 ** -7)}) - f32(k * 2029) * ${decimal(2 ** -22)};
  let far = f32(k * 1297) * ${decimal(2 ** -34)};
  let r = blunt(near - far);
  return Quarter(u32(k), r, ((near - r) - far) - f32(k) * ${decimal(HALF_PI_LAST)});
}`,
  quarter_far: `
fn quarter_far(bits: u32) -> Quarter {
  let exponent = (bits >> 23u) - 126u;
  let word = exponent >> 5u;
  let shift = exponent & 31u;
  let back = 31u - shift;
  let a = two_over_pi(word);
  let b = two_over_pi(word + 1u);
  let c = two_over_pi(word + 2u);
  let d = two_over_pi(word + 3u);
  let m = (bits << 8u) | 0x80000000u;
  let end = wide_product(m, (c << shift) | ((d >> 1u) >> back));
  let mid = wide_product(m, (b << shift) | ((c >> 1u) >> back));
  let sum = mid.x + end.y;
  let top = m * ((a << shift) | ((b >> 1u) >> back)) + mid.y + select(0u, 1u, sum < mid.x);

  // quarters in the first two bits, their fraction in the others; beyond a half it is that of the next, negative
  let first = (top << 2u) | (sum >> 30u);
  let negative = first >= 0x80000000u;
  let second = select(sum << 2u, ~(sum << 2u), negative);
  let fraction = select(first, ~first, negative);
  let high = f32(fraction >> 8u) * ${decimal(2 ** -24)};
  let low = f32(((fraction & 255u) << 16u) | (second >> 16u)) * ${decimal(2 ** -48)};
  let product = times(high, ${decimal(PI_2)});
  let rest = product.y + (high * ${decimal(Math.PI / 2 - PI_2)} + low * ${decimal(PI_2)});
  let r = blunt(product.x + rest);
  let lost = (product.x - r) + rest;
  return Quarter((top >> 30u) + select(0u, 1u, negative), select(r, -r, negative), select(lost, -lost, negative));
}`,
  quarter_of: `
fn quarter_of(x: f32) -> Quarter {
  var q = Quarter(0u, abs(x), 0.0f);
  if (magnitude(x) >= 0x44c90000u) {
    q = quarter_far(magnitude(x));
  } else if (magnitude(x) > 0x3f490fdbu) {
    q = quarter_near(abs(x));
  }
  return q;
}`,
  sin_near: `
fn sin_near(r: f32, rest: f32) -> f32 {
  let z = r * r;
  return r + (r * (z * ${horner('z', sinSeries)}) + rest);
}`,
  cos_near: `
fn cos_near(r: f32, rest: f32) -> f32 {
  let z = r * r;
  let w = blunt(1.0f - 0.5f * z);
  return w + (((1.0f - w) - 0.5f * z) + (z * z * ${horner('z', cosSeries)} - r * rest));
}`,
  sin_f32: `
fn sin_f32(x: f32) -> f32 {
  let q = quarter_of(x);
  let y = select(sin_near(q.r, q.rest), cos_near(q.r, q.rest), (q.k & 1u) == 1u);
  let turned = bitcast<f32>(bitcast<u32>(y) ^ sign_of(x) ^ ((q.k & 2u) << 30u));
  return or_bits(turned, 0x7fc00000u, !is_finite(x));
}`,
  cos_f32: `
fn cos_f32(x: f32) -> f32 {
  let q = quarter_of(x);
  let y = select(cos_near(q.r, q.rest), sin_near(q.r, q.rest), (q.k & 1u) == 1u);
  let turned = bitcast<f32>(bitcast<u32>(y) ^ (((q.k + 1u) & 2u) << 30u));
  return or_bits(turned, 0x7fc00000u, !is_finite(x));
}`,
  // t = tan r, or -1/t with what t has lost in rounding
  tan_f32: `
fn tan_f32(x: f32) -> f32 {
  let q = quarter_of(x);
  let z = q.r * q.r;
  let far = q.r * (z * ${horner('z', tanSeries)}) + q.rest * (1.0f + z);
  let t = blunt(q.r + far);
  let lost = (q.r - t) + far;
  let inverse = 1.0f / t;
  let y = select(t + lost, -(inverse - inverse * (lost * inverse)), (q.k & 1u) == 1u);
  return or_bits(bitcast<f32>(bitcast<u32>(y) ^ sign_of(x)), 0x7fc00000u, !is_finite(x));
}`,
} as const
