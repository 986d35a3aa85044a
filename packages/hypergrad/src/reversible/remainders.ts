/** What integer multiplication by a fraction loses, kept: one unbounded integer for each number, which grows by log₂(d/n) bits a multiplication.
 *
 *  I = top · 2^(16 depth) + 16-bit words that were spilled. Only `top` takes part in arithmetic: an f64 that holds an integer below 2⁵².
 *  The words of all numbers lie on one stack, which is right as division visits the numbers in the reverse order of multiplication.
 *  Cost     12 bytes a number, 2 bytes a spilled word */

/** Changed in place. */
export interface Remainders {
  readonly top: Float64Array
  /** How many words of each number lie on the stack. */
  readonly depth: Uint32Array
  readonly spilled: { words: Uint16Array; count: number }
}

export const remainders = (size: number): Remainders => ({
  top: new Float64Array(size),
  depth: new Uint32Array(size),
  spilled: { words: new Uint16Array(0), count: 0 },
})

/** The length of the integers, in bits, all together.
 *  @example bitLength({ ...remainders(1), top: Float64Array.of(5) }) // => 3 */
export const bitLength = ({ top, depth }: Remainders): number => {
  let bits = 0
  for (let i = 0; i < top.length; i++) bits += 16 * depth[i]! + (top[i]! > 0 ? 1 + Math.floor(Math.log2(top[i]!)) : 0)
  return bits
}

/** What the arrays take, room to grow included. */
export const byteLength = ({ top, depth, spilled }: Remainders): number =>
  top.byteLength + depth.byteLength + spilled.words.byteLength

/** How many of the integers are not zero. */
export const leftOver = ({ top, depth }: Remainders): number => {
  let count = 0
  for (let i = 0; i < top.length; i++) if (top[i] !== 0 || depth[i] !== 0) count++
  return count
}
