/** binary16: from its bits and to them, and f32 rounded to it, to the nearest with ties to the even one, from 65520 on to infinity.
 *
 *  All by integers: pack2x16float may round in either direction and may overflow as it likes, and subnormals of f16 are made of
 *  floats that a device must not flush but may. NaN is 0x7e00, as in plain/half.ts. */

export const half = {
  // 1 sign, 5 exponent, 10 fraction bits; a subnormal is fraction * 2^-24
  from_half: `
fn from_half(bits: u32) -> f32 {
  let sign = (bits & 0x8000u) << 16u;
  let body = bits & 0x7fffu;
  let normal = (body << 13u) + select(0x38000000u, 0x70000000u, body >= 0x7c00u);
  let small = bitcast<u32>(f32(body) * 5.9604645e-8f);
  return bitcast<f32>(sign | select(normal, small, body < 0x0400u));
}`,
  // below 2^-14 the last place stays 2^-24: the fraction, with its leading 1, is shifted by as much more
  to_half: `
fn to_half(x: f32) -> u32 {
  let body = bitcast<u32>(x) & 0x7fffffffu;
  let sign = (bitcast<u32>(x) >> 16u) & 0x8000u;
  let small = body < 0x38800000u;
  let shift = select(13u, min(126u - (body >> 23u), 31u), small);
  let fraction = select(body, (body & 0x007fffffu) | 0x00800000u, small);
  let kept = fraction >> shift;
  let tie = 1u << (shift - 1u);
  let rest = fraction & ((tie << 1u) - 1u);
  let up = select(0u, 1u, rest > tie || (rest == tie && (kept & 1u) == 1u));
  let rounded = min(kept + up - select(0x1c000u, 0u, small), 0x7c00u);
  return sign | select(rounded, 0x7e00u, body > 0x7f800000u);
}`,
  round_to_half: `
fn round_to_half(x: f32) -> f32 {
  return from_half(to_half(x));
}`,
} as const
