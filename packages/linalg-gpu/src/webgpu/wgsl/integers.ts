/** Functions of 32-bit integers that WGSL has not, or not as we mean them: division by zero gives 0, a shift by more than 31 (or by
 *  less than 0) shifts all out, and a negative power is that of 1 and -1, or else 0. Results wrap. */

const power = (type: 'i32' | 'u32', from: string): string => `
  var result: ${type} = 1;
  var base = x;
  var n = ${from};
  while (n != 0) {
    if ((n & 1) == 1) {
      result *= base;
    }
    base *= base;
    n >>= 1u;
  }
  return result;`

export const integers = {
  quot_u32: `
fn quot_u32(x: u32, y: u32) -> u32 {
  return select(x / max(y, 1u), 0u, y == 0u);
}`,
  rem_u32: `
fn rem_u32(x: u32, y: u32) -> u32 {
  return select(x % max(y, 1u), 0u, y == 0u);
}`,
  // by -1 the least i32 wraps, which is the other's negative too: division itself is not tried there
  quot_i32: `
fn quot_i32(x: i32, y: i32) -> i32 {
  if (y == 0 || y == -1) {
    return x * y;
  }
  let q = x / y;
  return q - select(0, 1, q * y != x && (x < 0) != (y < 0));
}`,
  rem_i32: `
fn rem_i32(x: i32, y: i32) -> i32 {
  if (y == 0 || y == -1) {
    return 0;
  }
  return x - (x / y) * y;
}`,
  mod_i32: `
fn mod_i32(x: i32, y: i32) -> i32 {
  let r = rem_i32(x, y);
  return r + select(0, y, r != 0 && (r < 0) != (y < 0));
}`,
  shl_u32: `
fn shl_u32(x: u32, y: u32) -> u32 {
  return select(x << (y & 31u), 0u, y > 31u);
}`,
  shr_u32: `
fn shr_u32(x: u32, y: u32) -> u32 {
  return select(x >> (y & 31u), 0u, y > 31u);
}`,
  shl_i32: `
fn shl_i32(x: i32, y: i32) -> i32 {
  return select(x << (u32(y) & 31u), 0, u32(y) > 31u);
}`,
  shr_i32: `
fn shr_i32(x: i32, y: i32) -> i32 {
  return x >> min(u32(y), 31u);
}`,
  pow_u32: `
fn pow_u32(x: u32, y: u32) -> u32 {${power('u32', 'y')}
}`,
  pow_i32: `
fn pow_i32(x: i32, y: i32) -> i32 {
  if (y < 0) {
    return select(0, select(x, 1, (y & 1) == 0), x == 1 || x == -1);
  }${power('i32', 'y')}
}`,
} as const
