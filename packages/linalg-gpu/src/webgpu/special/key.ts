/** Keys: unsigned numbers in the order of the elements, so that one comparison of integers serves every dtype, and no float is compared.
 *
 *  A float is its bits, all flipped where it is negative and else the sign alone; −0 is 0, as they are equal, and NaN is the greatest
 *  key, in descending order too, where all other keys are flipped once more. */

import { type DType, isFloat } from '../../dtype.js'

/** The name of the function that makes keys, and its text; the argument is an element, an f32 as its bits. */
export const keyOf = (
  dtype: DType,
  descending: boolean,
): { readonly declarations: string; readonly key: (x: string) => string } => {
  const flip = descending ? '~' : ''
  if (!isFloat(dtype)) {
    const ascending =
      dtype === 'i32' || dtype === 'i8' ? 'bitcast<u32>(x) ^ 0x80000000u' : dtype === 'bool' ? 'u32(x)' : 'x'
    const type = dtype === 'i32' || dtype === 'i8' ? 'i32' : dtype === 'bool' ? 'bool' : 'u32'
    return {
      declarations: `fn key(x: ${type}) -> u32 { return ${flip}(${ascending}); }`,
      key: (x) => `key(${x})`,
    }
  }
  return {
    declarations: `fn key(bits: u32) -> u32 {
  let magnitude = bits & 0x7fffffffu;
  if (magnitude > 0x7f800000u) { return 0xffffffffu; }
  if (magnitude == 0u) { return ${flip}0x80000000u; }
  return ${flip}select(bits | 0x80000000u, ~bits, bits >= 0x80000000u);
}`,
    key: (x) => (dtype === 'f16' ? `key(bitcast<u32>(${x}))` : `key(${x})`),
  }
}
