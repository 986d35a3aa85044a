/** Floats as other things: towards 0, saturating, NaN as 0; what is not zero, NaN included, is true. And u32 as the nearest float:
 *  WGSL lets a device take either neighbour, and the software driver does not take the nearest. */

export const casts = {
  bool_of: `
fn bool_of(x: f32) -> bool {
  return magnitude(x) != 0u;
}`,
  // both halves and the product are exact: the sum rounds
  f32_of_u32: `
fn f32_of_u32(x: u32) -> f32 {
  return f32(x >> 16u) * 65536.0f + f32(x & 0xffffu);
}`,
  i32_of: `
fn i32_of(x: f32) -> i32 {
  let inside = i32(clamp(x, -2147483648.0f, 2147483520.0f));
  return select(select(inside, 2147483647, x >= 2147483648.0f), 0, is_nan(x));
}`,
  u32_of: `
fn u32_of(x: f32) -> u32 {
  let inside = u32(clamp(x, 0.0f, 4294967040.0f));
  return select(select(inside, 4294967295u, x >= 4294967296.0f), 0u, is_nan(x));
}`,
} as const
