/** What a float is, told by its bits: a compiler of WGSL may take it that no NaN and no infinity ever comes, and then `x != x`
 *  is false. For the same reason a special result is chosen among bits (`or_bits`), not among floats. */

export const bits = {
  float_of: `
fn float_of(bits: u32) -> f32 {
  return bitcast<f32>(bits);
}`,
  // x, of which a compiler that looks no further than floats does not see how it was made: (a - x) + x is then not taken for a
  kept: `
fn kept(x: f32) -> f32 {
  return bitcast<f32>(bitcast<u32>(x));
}`,
  // the bits of |x|, which are ordered as the numbers are
  magnitude: `
fn magnitude(x: f32) -> u32 {
  return bitcast<u32>(x) & 0x7fffffffu;
}`,
  sign_of: `
fn sign_of(x: f32) -> u32 {
  return bitcast<u32>(x) & 0x80000000u;
}`,
  or_bits: `
fn or_bits(x: f32, other: u32, when: bool) -> f32 {
  return bitcast<f32>(select(bitcast<u32>(x), other, when));
}`,
  with_sign: `
fn with_sign(x: f32, sign: u32) -> f32 {
  return bitcast<f32>((bitcast<u32>(x) & 0x7fffffffu) | sign);
}`,
  // x less its last bit, if that is 1: what a sum has lost in rounding can be told by subtraction from the blunt sum, which no
  // compiler can take apart; (x + 1) - 1 is x to some
  blunt: `
fn blunt(x: f32) -> f32 {
  return bitcast<f32>(bitcast<u32>(x) & 0xfffffffeu);
}`,
  // 0 x and 0 / x: compilers that see the zero take it for the result, whatever x is
  times_zero: `
fn times_zero(x: f32) -> f32 {
  return bitcast<f32>(select(0x7fc00000u, sign_of(x), magnitude(x) < 0x7f800000u));
}`,
  zero_over: `
fn zero_over(x: f32) -> f32 {
  return bitcast<f32>(select(0x7fc00000u, sign_of(x), magnitude(x) - 1u <= 0x7f7fffffu));
}`,
  is_nan: `
fn is_nan(x: f32) -> bool {
  return magnitude(x) > 0x7f800000u;
}`,
  is_infinite: `
fn is_infinite(x: f32) -> bool {
  return magnitude(x) == 0x7f800000u;
}`,
  is_finite: `
fn is_finite(x: f32) -> bool {
  return magnitude(x) < 0x7f800000u;
}`,
  // neither is NaN
  ordered: `
fn ordered(x: f32, y: f32) -> bool {
  return max(magnitude(x), magnitude(y)) <= 0x7f800000u;
}`,
  equal: `
fn equal(x: f32, y: f32) -> bool {
  return x == y && ordered(x, y);
}`,
  less: `
fn less(x: f32, y: f32) -> bool {
  return x < y && ordered(x, y);
}`,
  less_or_equal: `
fn less_or_equal(x: f32, y: f32) -> bool {
  return x <= y && ordered(x, y);
}`,
  // integers in the order of the floats, -0 below 0; NaN is beyond an infinity
  rank: `
fn rank(x: f32) -> i32 {
  let b = bitcast<i32>(x);
  return b ^ ((b >> 31u) & 0x7fffffff);
}`,
  max_f32: `
fn max_f32(x: f32, y: f32) -> f32 {
  let larger = select(bitcast<u32>(y), bitcast<u32>(x), rank(x) > rank(y));
  return bitcast<f32>(select(0x7fc00000u, larger, ordered(x, y)));
}`,
  min_f32: `
fn min_f32(x: f32, y: f32) -> f32 {
  let smaller = select(bitcast<u32>(y), bitcast<u32>(x), rank(x) < rank(y));
  return bitcast<f32>(select(0x7fc00000u, smaller, ordered(x, y)));
}`,
  // 0 for the bits from those of -0 to those of -infinity; the difference wraps
  relu_f32: `
fn relu_f32(x: f32) -> f32 {
  return or_bits(x, 0u, bitcast<u32>(x) - 0x80000000u <= 0x7f800000u);
}`,
  // zeros and NaN are themselves
  sign_f32: `
fn sign_f32(x: f32) -> f32 {
  return or_bits(x, sign_of(x) | 0x3f800000u, magnitude(x) - 1u <= 0x7f7fffffu);
}`,
} as const
