/** Numbers that can be added and taken away again without a trace: integers of 64 bits, with the value c / 2⁵².
 *
 *  c = high · 2³² + low,   −2⁶³ ≤ c < 2⁶³, so values reach from −2048 to 2048
 *  A float that is added is first cut to an integer, towards zero: that is odd in its sign, so + x and − x cancel to the last bit.
 *  Cost     8 bytes a number; some ten nanoseconds an addition
 *  Source   Maclaurin, Duvenaud, Adams 2015 */

import { fail } from '@neumann/linalg-gpu/program'

/** Changed in place. */
export interface FixedPoint {
  readonly high: Int32Array
  readonly low: Uint32Array
}

const one = 2 ** 52
const word = 2 ** 32
/** Values are smaller than this. */
export const reach = 2048

/** The nearest fixed-point numbers towards zero.
 *  Fails    where a number is NaN or not inside ±2048
 *  @example Array.from(valuesOf(fixedPoint([1.5, -0.25]))) // => [ 1.5, -0.25 ] */
export const fixedPoint = (values: ArrayLike<number>): FixedPoint => {
  const c = { high: new Int32Array(values.length), low: new Uint32Array(values.length) }
  const at = addScaled(c, 1, values)
  if (at !== -1)
    fail('fixedPoint', `number ${at} is ${values[at]}: exact storage reaches from −${reach} to ${reach}. Scale it.`)
  return c
}

/** c / 2⁵², each rounded to f64 once. */
export const valuesOf = ({ high, low }: FixedPoint): Float64Array => {
  const values = new Float64Array(high.length)
  for (let i = 0; i < values.length; i++) values[i] = (high[i]! * word + low[i]!) / one
  return values
}

/** c ← c + cut(scale · x) in the places from … to, in place; x is as long as c.
 *  Returns the first place where that is not finite or leaves the range, which stays as it was, with all after it; else −1. */
export const addScaled = (
  { high, low }: FixedPoint,
  scale: number,
  x: ArrayLike<number>,
  from = 0,
  to = high.length,
): number => {
  for (let i = from; i < to; i++) {
    const whole = Math.trunc(scale * x[i]! * one)
    const upper = Math.floor(whole / word)
    const lower = low[i]! + (whole - upper * word)
    const carry = lower >= word ? 1 : 0
    const sum = high[i]! + upper + carry
    // also false for NaN
    if (!(sum >= -(2 ** 31) && sum < 2 ** 31)) return i
    high[i] = sum
    low[i] = lower - carry * word
  }
  return -1
}

/** The same integers, of their own. */
export const copyOf = ({ high, low }: FixedPoint): FixedPoint => ({ high: high.slice(), low: low.slice() })

/** How many of the integers differ in any bit. */
export const differing = (a: FixedPoint, b: FixedPoint): number => {
  let count = 0
  for (let i = 0; i < a.high.length; i++) if (a.high[i] !== b.high[i] || a.low[i] !== b.low[i]) count++
  return count
}
