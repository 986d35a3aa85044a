/** Products with some 35 bits, as a sum of two f32.
 *
 *  The factors are cut to their first 12 bits by a mask on the bits, which no compiler may undo as it may `(x + c) − c`; the product of two
 *  such heads is exact. It needs no fused multiplication and bears one. */

export const pair = {
  head: `
fn head(x: f32) -> f32 {
  return bitcast<f32>(bitcast<u32>(x) & 0xfffff000u);
}`,
  // what follows the head has 12 bits too: the mask takes nothing, but hides from a compiler that head + tail = x
  tail: `
fn tail(x: f32) -> f32 {
  return head(x - head(x));
}`,
  times: `
fn times(a: f32, b: f32) -> vec2<f32> {
  return vec2<f32>(head(a) * head(b), head(a) * tail(b) + (tail(a) * head(b) + tail(a) * tail(b)));
}`,
} as const
