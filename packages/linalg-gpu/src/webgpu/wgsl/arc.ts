/** The angles: asin, acos, atan, atan2. What a root of the first two is off by is put right.
 *
 *  Worst errors in ulp, at a million arguments or more:   asin 0.68   acos 0.79   atan 1.60   atan2 1.60, the last two with a division. */

import { horner } from './horner.js'
import { decimal } from './literal.js'

// (asin t − t)/t³ and (atan t − t)/t³ in powers of t² for |t| ≤ ½: 5·10⁻⁹ and 3·10⁻¹⁰ of the function
const asinSeries: readonly number[] = [
  0.1666675249976147, 0.07495297107605829, 0.045470431315704996, 0.02417927768901796, 0.042166668582357555,
] // biome-ignore format: a table
const atanSeries: readonly number[] = [
  -0.3333332692551927, 0.19999489853387228, -0.14272078688440415, 0.1094098277639179, -0.07984063612095223, 0.038723249793050245,
] // biome-ignore format: a table

const PI_2 = Math.fround(Math.PI / 2)
const PI_2_LOW = Math.PI / 2 - PI_2

export const arc = {
  asin_rest: `
fn asin_rest(t: f32, z: f32) -> f32 {
  return t * (z * ${horner('z', asinSeries)});
}`,
  // asin of the root of z = (1 - |x|) / 2 as a head of 12 bits and the rest, in which the root's own error is put right
  asin_of_root: `
fn asin_of_root(z: f32) -> vec2<f32> {
  let s = sqrt(z);
  let h = head(s);
  let c = (z - h * h) / (s + h);
  return vec2<f32>(h, select(c, 0.0f, z == 0.0f) + asin_rest(s, z));
}`,
  asin_f32: `
fn asin_f32(x: f32) -> f32 {
  let a = abs(x);
  let root = asin_of_root(0.5f * (1.0f - min(a, 1.0f)));
  let far = (${decimal(PI_2)} - 2.0f * root.x) - (2.0f * root.y - ${decimal(PI_2_LOW)});
  let y = select(far, a + asin_rest(a, a * a), a <= 0.5f);
  return with_sign(or_bits(y, 0x7fc00000u, magnitude(x) > 0x3f800000u), sign_of(x));
}`,
  acos_f32: `
fn acos_f32(x: f32) -> f32 {
  let a = abs(x);
  let root = asin_of_root(0.5f * (1.0f - min(a, 1.0f)));
  let right = 2.0f * (root.x + root.y);
  let left = (${decimal(2 * PI_2)} - 2.0f * root.x) - 2.0f * (root.y - ${decimal(PI_2_LOW)});
  let near = ${decimal(PI_2)} - (x - (${decimal(PI_2_LOW)} - asin_rest(x, x * x)));
  let y = select(select(right, left, x < 0.0f), near, a <= 0.5f);
  return or_bits(y, 0x7fc00000u, magnitude(x) > 0x3f800000u);
}`,
  // the angle of the point (x, y): from the octant 0 <= low <= high, and there from pi/4 where low is above half of high
  atan2_f32: `
fn atan2_f32(y: f32, x: f32) -> f32 {
  let y_bits = magnitude(y);
  let x_bits = magnitude(x);
  let most = max(x_bits, y_bits);
  // both times a power of 2, so that their sum is finite; the point infinity, infinity is (1, 1), and 0, 0 has angle 0, as what is
  // subnormal may have
  let endless = most >= 0x7f800000u;
  let scale = two_to(clamp(127 - i32(most >> 23u), -126, 126));
  let low = select(abs(select(x, y, y_bits < x_bits)) * scale, select(0.0f, 1.0f, x_bits == y_bits), endless);
  let high = select(bitcast<f32>(most) * scale, 1.0f, endless || most < 0x00800000u);
  let far = low > 0.5f * high;
  let t = select(low, low - high, far) / select(high, low + high, far);
  let z = t * t;
  let rest = t * (z * ${horner('z', atanSeries)});
  let octant = select(t + rest, ${decimal(PI_2 / 2)} + (t + (rest + ${decimal(PI_2_LOW / 2)})), far);
  let steep = select(octant, ${decimal(PI_2)} - (octant - ${decimal(PI_2_LOW)}), y_bits > x_bits);
  let angle = select(steep, ${decimal(2 * PI_2)} - (steep - ${decimal(2 * PI_2_LOW)}), sign_of(x) != 0u);
  return or_bits(with_sign(angle, sign_of(y)), 0x7fc00000u, most > 0x7f800000u);
}`,
  atan_f32: `
fn atan_f32(x: f32) -> f32 {
  return atan2_f32(x, 1.0f);
}`,
} as const
