/** exp, tanh and erf in f32x4, a third faster than by way of f64. Other functions gain less so, or leave the 2 ulp: sigmoid was at 2.4.
 *
 *  The polynomials are minimax (Remez, 40 digits), with the relative error that stands beside them before they are rounded to f32.
 *  Errors are exhaustive, over 2⁻¹⁴ ≤ |x| < 2⁷ and each 61st f32 beyond. */

import { type Code, f32x4, i32, i32x4, v128 } from '../assembler.js'
import { type Keep, poly } from './lanes.js'

const num = f32x4.const
const { add, sub, mul, div, pmin, pmax } = f32x4

// (eʳ − 1 − r)/r² for |r| ≤ ½ log 2: 3·10⁻⁹ of eʳ
const expSeries: readonly number[] = [
  0.49999993449376734, 0.1666652063456009, 0.04166838758221778, 0.00836871673636375, 0.0013814627148356093,
]

// log 2 in two parts: the first has 9 bits, so that k times it is exact
const LN2_HIGH = 0.693359375
const LN2_LOW = Math.LN2 - LN2_HIGH

const twoTo = (k: Code): Code => i32x4.shl(i32x4.add(k, i32x4.const(127)), i32.const(23))

/** eˣ = 2ᵏ eʳ, x = k log 2 + r, −105 ≤ x ≤ 89. Adding 1.5·2²³ rounds to the whole number k and leaves it in the low bits. */
const split = (keep: Keep, x: Code): { readonly k: Code; readonly excess: Code } => {
  const shifter = num(1.5 * 2 ** 23)
  const shifted = keep(add(mul(x, num(Math.LOG2E)), shifter))
  const n = keep(sub(shifted, shifter))
  const near = keep(sub(x, mul(n, num(LN2_HIGH))))
  const low = keep(mul(n, num(LN2_LOW)))
  const r = keep(sub(near, low))
  // what r has lost to rounding
  const lost = sub(sub(near, r), low)
  const excess = add(add(mul(mul(r, r), poly(f32x4, r, expSeries)), lost), r)
  return { k: i32x4.sub(shifted, shifter), excess }
}

/** 2ᵏ may be no f32 though eˣ is one: it is multiplied by in two steps, of which only the second rounds. Error ≤ 0.911 ulp. */
export const exp = (keep: Keep, x: Code): Code => {
  const { k, excess } = split(keep, keep(pmax(pmin(x, num(89)), num(-105))))
  const whole = keep(k)
  const half = keep(i32x4.shrS(whole, i32.const(1)))
  return mul(mul(add(excess, num(1)), twoTo(half)), twoTo(i32x4.sub(whole, half)))
}

// (tanh(x)/x − 1)/x² in powers of x² for |x| ≤ 0.37: 3·10⁻⁹ of tanh x
const tanhSeries: readonly number[] = [
  -0.3333333115172549, 0.13332822504303676, -0.05377993644701913, 0.01961642758288393,
]

/** |tanh x| = d/(d + 2), d = e^2|x| − 1 = (2ᵏ − 1) + 2ᵏ r + 2ᵏ r² p(r), and below 0.35 a series, as the quotient of rounded numbers is
 *  off by up to 2.67 ulp there. 1 in f32 from 9.02 on. What waits for the polynomial is kept short. Error ≤ 1.499 ulp. */
export const tanh = (keep: Keep, x: Code): Code => {
  const a = keep(pmin(f32x4.abs(x), num(10)))
  const square = keep(mul(a, a))
  const small = keep(add(a, mul(mul(a, square), poly(f32x4, square, tanhSeries))))
  const shifter = num(1.5 * 2 ** 23)
  const shifted = keep(add(mul(a, num(2 * Math.LOG2E)), shifter))
  const n = keep(sub(shifted, shifter))
  const r = keep(sub(sub(add(a, a), mul(n, num(LN2_HIGH))), mul(n, num(LN2_LOW))))
  const scale = keep(twoTo(i32x4.sub(shifted, shifter)))
  const first = keep(add(sub(scale, num(1)), mul(scale, r)))
  const rr = keep(mul(r, r))
  const d = keep(add(first, mul(mul(scale, rr), poly(f32x4, r, expSeries))))
  return v128.select(f32x4.lt(a, num(0.35)), small, div(d, add(d, num(2))))
}

// erf(x)/x − 1 in powers of x² for |x| ≤ 0.9: 1·10⁻⁸ of erf x
const erfSeries: readonly number[] = [
  0.12837915381427056, -0.37612523338560633, 0.11282141176441154, -0.026778915696614107, 0.00501196648500208,
  -0.0006090356101317414,
]
// log(erfc x)/x for 0.9 ≤ x ≤ 4: 3·10⁻⁹ of erf x
const logErfcSeries: readonly number[] = [
  -1.128519935121079, -0.6356994349427584, -0.10528675673195373, 0.02290596139618754, -0.0032199513906069534,
  0.0002145917884365627,
]

/** 1 − e^(log erfc |x|), and a series where that would cancel. From 4 on it is 1 in f32. Error ≤ 1.491 ulp. */
export const erf = (keep: Keep, x: Code): Code => {
  const a = keep(pmin(f32x4.abs(x), num(4)))
  const square = keep(mul(a, a))
  const small = add(a, mul(a, poly(f32x4, square, erfSeries)))
  const { k, excess } = split(keep, keep(mul(a, poly(f32x4, a, logErfcSeries))))
  const large = sub(num(1), mul(add(excess, num(1)), twoTo(k)))
  return v128.or(v128.select(f32x4.lt(a, num(0.9)), small, large), v128.and(x, num(-0)))
}
