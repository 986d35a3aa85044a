/** Powers of two beside a number, 1 at least. */

/** The greatest that is not more.
 *  @example
 *  [powerBelow(100), powerBelow(64), powerBelow(0)] // => [ 64, 64, 1 ] */
export const powerBelow = (n: number): number => 2 ** Math.floor(Math.log2(Math.max(1, n)))

/** The least that is not less.
 *  @example
 *  [powerAbove(100), powerAbove(64), powerAbove(0)] // => [ 128, 64, 1 ] */
export const powerAbove = (n: number): number => 2 ** Math.ceil(Math.log2(Math.max(1, n)))
