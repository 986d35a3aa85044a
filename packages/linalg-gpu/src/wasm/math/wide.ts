/** f64x2 functions to about 2·10⁻⁹, for results that are rounded to f32.
 *
 *  Arguments are f32 values, so that squares of them are exact, nothing over- or underflows that f32 would not, and no
 *  f32 is subnormal here. What a special argument gives is put right in f32.ts.
 *
 *  The polynomials are minimax (Remez, 40 digits), with the relative error that stands beside them. */

import { type Code, f64x2, i32, i32x4, i64x2, v128 } from '../assembler.js'
import { type Keep, poly } from './lanes.js'

const num = f64x2.const
const { add, sub, mul, div, abs, sqrt, pmin, pmax } = f64x2

const half = (x: Code): Code => mul(x, num(0.5))
/** NaN stays. */
const clamp = (x: Code, low: number, high: number): Code => pmax(pmin(x, num(high)), num(low))
const signOf = (x: Code): Code => v128.and(x, num(-0))

// ---------------------------------------------------------------------------------------------- exponential

// (eʳ − 1)/r for |r| ≤ ½ log 2: 2·10⁻¹⁰
const expQuotient: readonly number[] = [
  0.9999999999910084, 0.5000000047168535, 0.16666666853768722, 0.04166635269626812, 0.008333268559572274,
  0.001394112387996791, 0.00019915884136910002,
]

/** eˣ = 2ᵏ eʳ, x = k log 2 + r: the power 2ᵏ and eʳ − 1. Needs |x| ≤ 700.
 *  Adding 1.5·2⁵² rounds to a whole number and leaves it in the low bits; with 1023 more these are the exponent field of 2ᵏ. */
const split = (keep: Keep, x: Code): { readonly power: Code; readonly rest: Code } => {
  const shifter = num(1.5 * 2 ** 52 + 1023)
  const shifted = keep(add(mul(x, num(Math.LOG2E)), shifter))
  const r = keep(sub(x, mul(sub(shifted, shifter), num(Math.LN2))))
  return { power: i64x2.shl(shifted, i32.const(52)), rest: mul(r, poly(f64x2, r, expQuotient)) }
}

const expOf = (keep: Keep, x: Code): Code => {
  const { power, rest } = split(keep, x)
  return mul(power, add(rest, num(1)))
}

const expm1Of = (keep: Keep, x: Code): Code => {
  const { power, rest } = split(keep, x)
  const p = keep(power)
  return add(mul(p, rest), sub(p, num(1)))
}

export const expm1 = (keep: Keep, x: Code): Code => expm1Of(keep, keep(clamp(x, -110, 100)))

/** ½ (E + E/(E + 1)), E = e^|x| − 1. */
export const sinh = (keep: Keep, x: Code): Code => {
  const e = keep(expm1Of(keep, keep(pmin(abs(x), num(100)))))
  return v128.or(half(add(e, div(e, add(e, num(1))))), signOf(x))
}

export const cosh = (keep: Keep, x: Code): Code => {
  const e = keep(expOf(keep, keep(clamp(x, -100, 100))))
  return half(add(e, div(num(1), e)))
}

/** E/(E + 2), E = e^2x − 1. */
export const sigmoid = (keep: Keep, x: Code): Code =>
  div(num(1), add(expOf(keep, keep(f64x2.neg(clamp(x, -110, 110)))), num(1)))

// ---------------------------------------------------------------------------------------------- logarithm

// 2 artanh(s)/s in powers of s² for |s| ≤ (√2 − 1)/(√2 + 1): 8·10⁻¹²
const artanhQuotient: readonly number[] = [
  2.00000000000847, 0.6666666523531561, 0.4000038676273586, 0.28534936234716457, 0.23618328617004836,
]

/** log u = k log 2 + 2 artanh(s), u = 2ᵏ m, ½√2 ≤ m < √2, s = (m − 1)/(m + 1). Any other u gives some number.
 *  With `excess`, u = 1 + excess: where k = 0 it takes the place of m − 1, which has lost digits. */
const logOf = (keep: Keep, u: Code, excess?: Code): Code => {
  const rootHalf = 0x3fe6a09e
  const bits = keep(i64x2.sub(u, i32x4.const(0, rootHalf - 0x3ff00000, 0, rootHalf - 0x3ff00000)))
  // k + 1023 in the last bits of 2⁵²
  const k = keep(sub(v128.or(i64x2.shrU(bits, i32.const(52)), num(2 ** 52)), num(2 ** 52 + 1023)))
  const m = i64x2.add(v128.and(bits, i32x4.const(-1, 0xfffff, -1, 0xfffff)), i32x4.const(0, rootHalf, 0, rootHalf))
  const f = sub(m, num(1))
  const d = keep(excess === undefined ? f : v128.select(f64x2.eq(k, num(0)), excess, f))
  const s = keep(div(d, add(d, num(2))))
  const z = keep(mul(s, s))
  return add(mul(k, num(Math.LN2)), mul(s, poly(f64x2, z, artanhQuotient)))
}

const log1pOf = (keep: Keep, x: Code): Code => logOf(keep, keep(add(x, num(1))), x)

export const log = (keep: Keep, x: Code): Code => logOf(keep, x)
export const log1p = (keep: Keep, x: Code): Code => log1pOf(keep, x)

/** max(x, 0) + log(1 + e^−|x|) */
export const softplus = (keep: Keep, x: Code): Code => {
  const e = keep(expOf(keep, keep(pmax(f64x2.neg(abs(x)), num(-110)))))
  return add(pmax(x, num(0)), log1pOf(keep, e))
}

/** log(|x| + √(x² + 1)) = log(1 + |x| + x²/(1 + √(x² + 1))) */
export const asinh = (keep: Keep, x: Code): Code => {
  const a = keep(abs(x))
  const square = keep(mul(a, a))
  const excess = keep(add(a, div(square, add(sqrt(add(square, num(1))), num(1)))))
  return log1pOf(keep, excess)
}

/** log(1 + t + √(2t + t²)), t = x − 1 */
export const acosh = (keep: Keep, x: Code): Code => {
  const t = keep(sub(x, num(1)))
  return log1pOf(keep, keep(add(t, sqrt(mul(t, add(t, num(2)))))))
}

/** ½ log(1 + 2|x|/(1 − |x|)) */
export const atanh = (keep: Keep, x: Code): Code => {
  const a = keep(abs(x))
  return half(log1pOf(keep, keep(div(add(a, a), sub(num(1), a)))))
}

/** e^(⅓ log |x|) */
export const cbrt = (keep: Keep, x: Code): Code => {
  const root = expOf(keep, keep(mul(logOf(keep, keep(abs(x))), num(1 / 3))))
  return v128.or(root, signOf(x))
}

/** |x|ʸ; 0 and ∞ have their infinite logarithms. */
export const pow = (keep: Keep, x: Code, y: Code): Code => {
  const a = keep(abs(x))
  const finite = v128.select(f64x2.lt(a, num(Infinity)), logOf(keep, a), a)
  const l = v128.select(f64x2.eq(a, num(0)), num(-Infinity), finite)
  return expOf(keep, keep(clamp(mul(l, y), -110, 100)))
}

// ---------------------------------------------------------------------------------------------- circle

// sin(r)/r and cos r in powers of r² for |r| ≤ π/4: 4·10⁻¹² and 5·10⁻¹¹
const sinQuotient: readonly number[] = [
  0.9999999999956384, -0.16666666631355095, 0.00833332875879669, -0.00019839194902843002, 2.717276957196653e-6,
]
const cosSeries: readonly number[] = [
  0.9999999999521257, -0.49999999612356505, 0.04166661644011102, -0.0013886610166081279, 2.437909224439278e-5,
]

/** Above it the whole number of quarter turns is too long for its product with the first part of π/2 to be exact. */
export const CIRCLE_BOUND = 2 ** 20

const HALF_PI_HIGH = 1.5707963267341256
const HALF_PI_LOW = 6.077100506506192e-11

/** x = k π/2 + r, π/2 in two parts, the first of 33 bits: sin r, cos r, and k in the low bits. */
const quarter = (
  keep: Keep,
  x: Code,
): { readonly sin: Code; readonly cos: Code; readonly k: Code; readonly odd: Code } => {
  const shifter = num(1.5 * 2 ** 52)
  const k = keep(add(mul(x, num(2 / Math.PI)), shifter))
  const n = keep(sub(k, shifter))
  const r = keep(sub(sub(x, mul(n, num(HALF_PI_HIGH))), mul(n, num(HALF_PI_LOW))))
  const z = keep(mul(r, r))
  const one = i32x4.const(1, 0, 1, 0)
  return {
    sin: keep(mul(r, poly(f64x2, z, sinQuotient))),
    cos: keep(poly(f64x2, z, cosSeries)),
    k,
    odd: keep(i64x2.neg(v128.and(k, one))),
  }
}

// bit 1 of k as a sign
const turned = (k: Code): Code => i64x2.shl(v128.and(k, i32x4.const(2, 0, 2, 0)), i32.const(62))

export const sin = (keep: Keep, x: Code): Code => {
  const { sin, cos, k, odd } = quarter(keep, x)
  return v128.xor(v128.select(odd, cos, sin), turned(k))
}

export const cos = (keep: Keep, x: Code): Code => {
  const { sin, cos, k, odd } = quarter(keep, x)
  return v128.xor(v128.select(odd, sin, cos), turned(i64x2.add(k, i32x4.const(1, 0, 1, 0))))
}

export const tan = (keep: Keep, x: Code): Code => {
  const { sin, cos, odd } = quarter(keep, x)
  return v128.xor(div(v128.select(odd, cos, sin), v128.select(odd, sin, cos)), v128.and(odd, num(-0)))
}

// atan(t)/t in powers of t² for |t| ≤ √2 − 1: 2·10⁻¹¹
const atanQuotient: readonly number[] = [
  0.9999999999798446, -0.3333333215749984, 0.19999887889972442, -0.14281688315892818, 0.1104160115063454,
  -0.08461922825076428, 0.0471842827403906,
]

/** The angle of the point (x, y). From the octant 0 ≤ lo ≤ hi, and there from tan(angle − π/4) = (lo − hi)/(lo + hi) where that is less. */
export const atan2 = (keep: Keep, y: Code, x: Code): Code => {
  // so that ∞ has a direction and 0/0 is 0: out of the way of any f32
  const ay = keep(pmin(abs(y), num(1e300)))
  const ax = keep(pmin(abs(x), num(1e300)))
  const lo = keep(pmin(ay, ax))
  const hi = keep(pmax(pmax(ay, ax), num(1e-300)))
  const far = keep(f64x2.gt(lo, mul(hi, num(Math.SQRT2 - 1))))
  const t = keep(div(v128.select(far, sub(lo, hi), lo), v128.select(far, add(lo, hi), hi)))
  const octant = keep(add(mul(t, poly(f64x2, keep(mul(t, t)), atanQuotient)), v128.and(far, num(Math.PI / 4))))
  const quadrant = v128.select(f64x2.gt(ay, ax), sub(num(Math.PI / 2), octant), octant)
  // left of the axis π − angle, by the sign of x alone: 0 or π, and ± angle
  const side = keep(signOf(x))
  const left = sub(num(Math.PI / 2), v128.xor(num(Math.PI / 2), side))
  return v128.or(add(left, v128.xor(quadrant, side)), signOf(y))
}

export const atan = (keep: Keep, x: Code): Code => atan2(keep, x, keep(num(1)))

/** √(1 − x²) */
const other = (keep: Keep, x: Code): Code => keep(sqrt(mul(sub(num(1), x), add(num(1), x))))

export const asin = (keep: Keep, x: Code): Code => atan2(keep, x, other(keep, x))
export const acos = (keep: Keep, x: Code): Code => atan2(keep, other(keep, x), x)

// ---------------------------------------------------------------------------------------------- complementary error function

// e^(x²) erfc x in powers of (x − 2.5)/(x + 2.5) for 0 ≤ x ≤ 10.3: 2·10⁻⁹
const erfcSeries: readonly number[] = [
  0.2108063642769715, -0.3717367292268323, 0.2517131621327323, -0.12503320440155946, 0.03992313209549651,
  -0.003992152738202257, -0.002645990590395112, 0.000868359888245009, 0.00023652317293564485, -0.00011039627820244577,
  -3.7311924857309724e-5,
]

export const erfc = (keep: Keep, x: Code): Code => {
  const a = keep(pmin(abs(x), num(10.3)))
  const t = keep(div(sub(a, num(2.5)), add(a, num(2.5))))
  const right = keep(mul(expOf(keep, keep(f64x2.neg(mul(a, a)))), poly(f64x2, t, erfcSeries)))
  return v128.select(f64x2.lt(x, num(0)), sub(num(2), right), right)
}
