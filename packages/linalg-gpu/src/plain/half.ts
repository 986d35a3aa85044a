/** binary16 to and from f64: 1 sign, 5 exponent, 10 fraction bits; 65504 is the largest, 2⁻²⁴ the smallest positive.
 *  Laws     toHalf(fromHalf(b)) = b for every pattern b but NaN; toHalf is monotone; toHalf(−x) flips bit 15. */

/** The bits of the binary16 nearest to x, a tie to the even one. Straight from the f64: by way of an f32 a value just
 *  off a tie would be rounded twice. From 65520 on Infinity; NaN is 0x7e00; below 2⁻²⁵ and at it a signed zero. */
export const toHalf = (x: number): number => {
  if (Number.isNaN(x)) return 0x7e00
  const sign = x < 0 || Object.is(x, -0) ? 0x8000 : 0
  const a = Math.abs(x)
  if (a >= 65520) return sign | 0x7c00
  if (a < 2 ** -14) return sign | nearestEven(a * 2 ** 24)
  // Should log2 be wrong by a rounding, a lies so near 2^e that either choice of e rounds it to 2^e.
  // A mantissa of 2048 carries into the exponent, as it should: hence + and not |.
  const e = Math.floor(Math.log2(a))
  return sign | (((e + 15) << 10) + nearestEven(a * 2 ** (10 - e)) - 1024)
}

/** The value of a binary16 given by its bits. Exact. */
export const fromHalf = (bits: number): number => {
  const sign = bits & 0x8000 ? -1 : 1
  const exponent = (bits >> 10) & 31
  const fraction = bits & 1023
  if (exponent === 31) return fraction === 0 ? sign * Infinity : NaN
  if (exponent === 0) return sign * fraction * 2 ** -24
  return sign * (1024 + fraction) * 2 ** (exponent - 25)
}

/** For 0 ≤ a < 2⁵¹: in [2⁵², 2⁵³) doubles are the whole numbers, so the first sum rounds and the second is exact. */
const nearestEven = (a: number): number => a + 2 ** 52 - 2 ** 52
