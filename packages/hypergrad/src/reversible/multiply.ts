/** Multiplication of integers by a fraction, without loss: what rounding takes away goes into a buffer, and older
 *  contents of the buffer fill the low digits that multiplication frees.
 *
 *  1  I ← I d + (c mod d)      2  c ← ⌊c/d⌋      3  c ← c n      4  c ← c + (I mod n)      5  I ← ⌊I/n⌋
 *
 *  c becomes c n/d within n units, and I grows by log₂(d/n) bits on average.
 *  Laws     multiply(n/d) and then multiply(d/n) is nothing, to the last bit of c and I
 *
 *  I is unbounded, and steps 1, 4 and 5 want it in one number. So they see only its top. With b = 2¹⁶, as many low
 *  digits of base b are set aside as leave `top` in [K d, b K d) for step 1's result, and in [K n, b K n) for step 4,
 *  or below where none is aside. Either is the one place to cut an integer there, found again on the way back; before
 *  step 1 and after step 5 it is [K, b K). K = 2²⁰ keeps all below 2⁵², and the waste of the cut below 2⁻²⁰ bits.
 *  As long as I < b K it is the arithmetic of the unbounded integer.
 *  Source   Maclaurin, Duvenaud, Adams 2015, Algorithm 3; the cut is that of range coders (Duda 2013) */

import type { FixedPoint } from './fixedPoint.js'
import type { Rational } from './rational.js'
import type { Remainders } from './remainders.js'

const word = 2 ** 32
const b = 2 ** 16
const K = 2 ** 20

/** c ← c n/d in the places from … to, in place. With n > d it undoes the latest multiplication by d/n there: as from a stack, the last one first.
 *  Needs    1 ≤ n, d ≤ 2¹⁶
 *  @example const c = { high: Int32Array.of(0), low: Uint32Array.of(1234567) }
 *  const kept = { top: Float64Array.of(0), depth: Uint32Array.of(0), spilled: { words: new Uint16Array(0), count: 0 } }
 *  multiply(c, kept, { n: 7, d: 8 })
 *  ;[c.low[0], kept.top[0]] // => [ 1080240, 1 ] */
export const multiply = (
  { high, low }: FixedPoint,
  { top, depth, spilled }: Remainders,
  { n, d }: Rational,
  from = 0,
  to = high.length,
): void => {
  const back = n > d
  let { words, count } = spilled
  for (let k = from; k < to; k++) {
    const i = back ? from + to - 1 - k : k
    // ⌊c/d⌋ and c mod d by halves: the dividends are below 2⁴⁸, so the quotients of doubles round down rightly
    const upper = Math.floor(high[i]! / d)
    const rest = (high[i]! - upper * d) * word + low[i]!
    const lower = Math.floor(rest / d)
    let x = top[i]! * d + (rest - lower * d)
    while (x >= b * K * n) {
      const above = Math.floor(x / b)
      if (count === words.length) words = roomier(words)
      words[count++] = x - above * b
      x = above
      depth[i]!++
    }
    while (x < K * n && depth[i]! > 0) {
      x = x * b + words[--count]!
      depth[i]!--
    }
    const left = Math.floor(x / n)
    const product = lower * n + (x - left * n)
    const carry = Math.floor(product / word)
    high[i] = upper * n + carry
    low[i] = product - carry * word
    top[i] = left
  }
  spilled.words = words
  spilled.count = count
}

/** The same words with room for a quarter more. */
const roomier = (words: Uint16Array): Uint16Array => {
  const wide = new Uint16Array(1024 + Math.ceil(1.25 * words.length))
  wide.set(words)
  return wide
}
