/** Division of floats with a remainder, exact for any ratio: the mantissas are divided as integers, 8 bits of the quotient a turn. */

export const remainder = {
  Division: `
struct Division {
  quotient: u32,
  rest: u32,
}`,
  // |x| = q |y| + r: the last 32 bits of q, and the bits of r; x and y finite, y not 0. Below 2^-126 exponents stand still at 1
  division: `
fn division(x: f32, y: f32) -> Division {
  let x_bits = magnitude(x);
  let y_bits = magnitude(y);
  let x_exponent = max(x_bits >> 23u, 1u);
  let y_exponent = max(y_bits >> 23u, 1u);
  let m = (x_bits & 0x007fffffu) | select(0u, 0x00800000u, x_bits >= 0x00800000u);
  let n = (y_bits & 0x007fffffu) | select(0u, 0x00800000u, y_bits >= 0x00800000u);
  if (x_bits < y_bits || n == 0u) {
    return Division(0u, x_bits);
  }
  var q = m / n;
  var r = m % n;
  var left = x_exponent - y_exponent;
  while (left > 0u) {
    let step = min(left, 8u);
    q = (q << step) + (r << step) / n;
    r = (r << step) % n;
    left -= step;
  }
  let up = min(countLeadingZeros(r) - 8u, y_exponent - 1u);
  return Division(q, select((r << up) + ((y_exponent - up - 1u) << 23u), 0u, r == 0u));
}`,
  // the sign of x; infinity has no remainder, and by infinity all is one
  rem_f32: `
fn rem_f32(x: f32, y: f32) -> f32 {
  let none = !is_finite(x) || is_nan(y) || magnitude(y) == 0u;
  if (none || is_infinite(y)) {
    return or_bits(x, 0x7fc00000u, none);
  }
  return bitcast<f32>(division(x, y).rest | sign_of(x));
}`,
  // the sign of y, at zero too
  mod_f32: `
fn mod_f32(x: f32, y: f32) -> f32 {
  let r = rem_f32(x, y);
  let zero = magnitude(r) == 0u;
  let moved = select(r, r + y, !zero && sign_of(r) != sign_of(y) && !is_nan(r));
  return or_bits(moved, sign_of(y), zero);
}`,
  // floor(x / y), which a rounded quotient just below a whole number would miss; from 2^24 on quotients are whole
  quot_f32: `
fn quot_f32(x: f32, y: f32) -> f32 {
  let q = x / y;
  let size = magnitude(q);
  if (size >= 0x4b800000u || !is_finite(y) || !is_finite(x) || magnitude(y) == 0u) {
    return floor(q);
  }
  let d = division(x, y);
  let negative = sign_of(x) != sign_of(y);
  let whole = f32(d.quotient + select(0u, 1u, negative && d.rest != 0u));
  return with_sign(whole, select(0u, 0x80000000u, negative));
}`,
} as const
