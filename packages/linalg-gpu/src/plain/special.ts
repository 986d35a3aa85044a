/** Scalar special functions in f64: what the plain executor computes, the oracle of kernels that approximate them.
 *
 *  Each header states the worst error seen, in units of the last place (ulp) of the correctly rounded result. Measured
 *  on Node 20 against 113-bit libquadmath (10⁷ points a range) and 70-digit mpmath (4000 points a range), not proved.
 *  Near a zero that is no floating-point number (of lgamma and polygamma left of 0) an absolute error is stated.
 *
 *  Math.expm1, log1p, cbrt, asinh and atanh of V8 are within 0.83, 0.82, 0.67, 1.6 and 1.7 ulp and are used as is;
 *  sinh and cosh (2.2 ulp just below their overflow), tanh (2.2) and acosh (2.1) have a replacement here.
 *
 *  Polynomials: Chebyshev interpolants in 50 digits of the function named beside them, truncated at 4·10⁻¹⁸ and
 *  rewritten in powers of the variable named there; the tests compare the results with tables, not the coefficients. */

// ---------------------------------------------------------------------------------------------- error function

/** erf(x) = 2/√π ∫₀ˣ e^(−t²) dt.
 *  |x| < ½: the Taylor series; beyond: 1 − erfc. Odd. Error ≤ 1.7 ulp. */
export const erf = (x: number): number => {
  const a = Math.abs(x)
  if (!(a >= 0.5)) return x + x * polynomial(erfTaylor, x * x)
  return Math.sign(x) * (1 - erfc(a))
}

/** erfc(x) = 1 − erf(x), without the cancellation for x > 0.
 *  x ≥ ½: e^(−x²) · E(x), where E(x) = e^(x²) erfc(x) is smooth and x² is carried in two doubles.
 *  Error ≤ 2.4 ulp down to the smallest normal result (x < 26.54), below that 2 units of the subnormal grid. */
export const erfc = (x: number): number => {
  if (x >= 0.5) return x < 27.3 ? erfcRight(x) : 0
  if (x < -0.5) return 2 - erfc(-x)
  return 1 - erf(x)
}

/** The z with erf(z) = x. erfinv(±1) = ±∞, NaN outside [−1, 1].
 *  Halley steps on erf(z) − x for |x| ≤ ½, on erfc(z) − (1 − |x|) beyond: 1 − |x| is exact there, so the tail is as
 *  accurate as the centre. With u = f/f′ and f″/f′ = −2z the step is z₊ = z − u / (1 + z u). Error ≤ 1.6 ulp. */
export const erfinv = (x: number): number => {
  const a = Math.abs(x)
  if (a === 1) return x * Infinity
  if (!(a < 1)) return NaN
  if (a < 1e-8) return x * HALF_ROOT_PI
  let z = a <= 0.5 ? a * HALF_ROOT_PI * (1 + (Math.PI / 12) * a * a) : winitzki(a)
  for (let step = 0; step < 3; step++) {
    const f = a <= 0.5 ? erf(z) - a : 1 - a - erfc(z)
    const u = (f * HALF_ROOT_PI) / expOfMinusSquare(z)
    z -= u / (1 + z * u)
  }
  return x < 0 ? -z : z
}

const HALF_ROOT_PI = 0.886226925452758 // √π / 2

// 2/√π (−1)ᵏ / (k! (2k+1)), less the 1 that x + x · (…) adds last, so that the sum is rounded once
const erfTaylor: readonly number[] = Array.from({ length: 13 }, (_, k) => {
  let factorial = 1
  for (let j = 2; j <= k; j++) factorial *= j
  return k === 0 ? 0.1283791670955126 : (k % 2 === 0 ? 1 : -1) / (HALF_ROOT_PI * factorial * (2 * k + 1))
})

/** A guess for erfinv to 0.2 %, from erf²(z) ≈ 1 − exp(−z² (4/π + a z²) / (1 + a z²)), a = 0.147 (Winitzki 2008). */
const winitzki = (x: number): number => {
  const l = Math.log((1 - x) * (1 + x))
  const half = 2 / (Math.PI * 0.147) + l / 2
  return Math.sqrt(Math.sqrt(half * half - l / 0.147) - half)
}

/** e^(−x²): with x² = h + l exactly, e^(−h) (1 − l). */
const expOfMinusSquare = (x: number): number => {
  const [h, l] = twoProduct(x, x)
  const e = Math.exp(-h)
  return e - e * l
}

/** erfc for x ≥ ½, = e^(−x²) E(x). F(x) = (1 + 2x) E(x) is nearly flat, and t = (x − 4.5)/(x + 3.5) carries [½, ∞)
 *  to [−1, 1). The quotient F/(1 + 2x) is kept as q + r: with x² = h + l that leaves e^(−h) (q + (r − q l)), in which
 *  the only errors of weight are those of the exponential and of the last product. */
const erfcRight = (x: number): number => {
  const t = (x - 4.5) / (x + 3.5)
  const [f, fLow] = normal(FLAT_ERFC_AT_ZERO, polynomial(flatErfc, t))
  const [d, dLow] = twoSum(2 * x, 1)
  const q = f / d
  const [p, pLow] = twoProduct(q, d)
  const r = (f - p - pLow + fLow - q * dLow) / d
  const [h, l] = twoProduct(x, x)
  const e = Math.exp(-h)
  return e * q + e * (r - q * l)
}

// F(x) in powers of t; the constant term in two doubles, its second stands in the table
const FLAT_ERFC_AT_ZERO = 1.224848042738414
const flatErfc: readonly number[] = [
  9.454454607220912e-17, -0.1215174220937226, 0.012843991297819149, 0.0348161317684895, -0.04121457191364261,
  0.029321169309434025, -0.015249159010232022, 0.005825997261585176, -0.0014437072468286287, 8.560025172950194e-5,
  9.65385816472658e-5, -3.5843356236012865e-5, -6.741708816792477e-7, 3.941495296451079e-6, -6.394086313522714e-7,
  -3.6706187845507813e-7, 1.230364803683183e-7, 3.5196902813553536e-8, -1.8271002148584706e-8, -3.817379297463493e-9,
  2.2870172183064174e-9, 4.349353865498914e-10, -1.7947757427063165e-10, -3.4326068473305254e-11,
]

// ---------------------------------------------------------------------------------------------- gamma function

/** log |Γ(x)|. Poles 0, −1, −2, … and ±∞ give Infinity.
 *  ½ ≤ x ≤ 3: (x−1)(x−2) R(x), which keeps the relative accuracy at both zeros; up to 16 by Γ(x) = (x−1) Γ(x−1);
 *  beyond by Stirling's series. −40 < x < 0: with δ = x + n, n = −round(x), exactly
 *      log |Γ(x)| = log Γ(1+δ) − log |δ (δ−1) ⋯ (δ−n)|,   the product in two doubles,
 *  so that the zeros that crowd at the poles are not lost; x < −40: Γ(x) Γ(1−x) = π / sin πx.
 *  Error ≤ 3.5 ulp for x > 0; for x < 0 ≤ 3.3 ulp or 2.5·10⁻¹⁶ absolute, whichever is more. */
export const lgamma = (x: number): number => {
  if (x > 0) return lgammaPositive(x)
  if (Number.isInteger(x) || x === -Infinity) return Infinity
  const n = -Math.round(x)
  const delta = x + n
  if (x < -40) {
    return Math.log(Math.PI / Math.abs(x * Math.sin(Math.PI * delta))) - lgammaPositive(-x)
  }
  let product: Twofold = [delta, 0]
  for (let i = 1; i <= n; i++) product = scale(product, delta - i)
  return lgammaFromOne(delta) - logOfMagnitude(product)
}

/** ψ(x) = Γ′(x)/Γ(x). Poles 0, −1, −2, … and −∞ give NaN (the two sides disagree); ψ(∞) = ∞.
 *  1 ≤ x ≤ 2: (x − x₀) R(x) about the zero x₀ = 1.4616…; from −12 to 12 by ψ(x+1) = ψ(x) + 1/x, in two doubles where
 *  the sum can cancel; x > 12: log x − 1/(2x) − Σ_k B₂ₖ / (2k x²ᵏ);   x < −12: ψ(1−x) − π cot πx.
 *  Error ≤ 3 ulp for x > −12 or, near a zero left of 0, 2·10⁻¹⁶ absolute; further left ≤ 4 ulp of the larger of
 *  ψ(x) and ψ(1−x). */
export const digamma = (x: number): number => {
  if (x === Infinity) return Infinity
  if (x <= 0 && (Number.isInteger(x) || x === -Infinity)) return NaN
  if (x <= -12) return digamma(1 - x) - Math.PI * cotangentOfPi(x)
  if (Math.abs(x) < 2 ** -60) return -1 / x
  if (x < 1) {
    const steps = Math.ceil(1 - x)
    let sum: Twofold = [0, 0]
    for (let j = 0; j < steps; j++) sum = plus(sum, reciprocal(twoSum(x, j)))
    const [high, low] = twoSum(x, steps)
    const [h, l] = twoSum(digammaNearZero(high, low), -sum[0])
    return h + (l - sum[1])
  }
  if (x >= 12) {
    const z = 1 / (x * x)
    return Math.log(x) - (0.5 / x + z * polynomial(digammaSeries, z))
  }
  const steps = Math.max(0, Math.ceil(x) - 2)
  let sum = 0
  for (let j = 1; j <= steps; j++) sum += 1 / (x - j)
  return sum + digammaNearZero(x - steps, 0)
}

/** The n-th derivative of ψ, for whole n ≥ 0:   ψₙ(x) = (−1)ⁿ⁺¹ n! Σ_{k≥0} (x+k)⁻ⁿ⁻¹   (n ≥ 1).
 *  The sum is taken in two doubles up to x + k ≥ y = n + 12, the rest is the asymptotic series
 *      (n−1)! y⁻ⁿ (1 + n/(2y) + Σ_k B₂ₖ (n)₂ₖ / (2k)! y⁻²ᵏ).
 *  For x far left the sum runs over all integers around r = x − round(x), and what does not belong to it is taken away:
 *      Σ_{k≥0} (x+k)⁻ˢ = Σ_{j∈ℤ} (r+j)⁻ˢ − (−1)ˢ Σ_{k≥0} (1−x+k)⁻ˢ,   the reflection formula without a cotangent.
 *  Poles as in SciPy: ψ₀ gives NaN, ψₙ gives (−1)ⁿ⁺¹ ∞ (for even n the side right of the pole). ψₙ(∞) = (−1)ⁿ⁺¹ 0.
 *  Cost     O(n²) multiplications for |x| < n, O(n) for x > n + 12.
 *  Fails    RangeError when n is not a whole number ≥ 0.
 *  Error ≤ 1 ulp for n ≤ 30; at the zeros of even n, left of 0, an ulp of ψₙ(1−x) absolute. */
export const polygamma = (n: number, x: number): number => {
  if (!Number.isInteger(n) || n < 0) {
    throw new RangeError(`polygamma: order n = ${n} is no derivative. Give a whole number ≥ 0 (0 is digamma).`)
  }
  if (n === 0) return digamma(x)
  const sign = n % 2 === 0 ? -1 : 1
  if (Number.isNaN(x) || x === -Infinity) return NaN
  if (x <= 0 && Number.isInteger(x)) return sign * Infinity
  const far = n + 12
  if (x >= far) return sign * tail(n, [x, 0], 1)

  const nearest = x > 0 ? x : x - Math.round(x)
  const largest = plainTerm(n, nearest)
  if (!Number.isFinite(largest)) return sign * largest

  let sum: Twofold = [0, 0]
  if (x > -far) {
    const steps = Math.ceil(far - x)
    for (let j = 0; j < steps; j++) sum = plus(sum, term(n, twoSum(x, j)))
    return sign * ascend(plus(sum, [tail(n, twoSum(x, steps), DOWN), 0]))
  }
  for (let j = -far; j <= far; j++) sum = plus(sum, term(n, twoSum(nearest, j)))
  const right = tail(n, twoSum(far + 1, nearest), DOWN)
  const left = tail(n, twoSum(far + 1, -nearest), DOWN) - tail(n, twoSum(1, -x), DOWN)
  return sign * ascend(plus(sum, [right + sign * left, 0]))
}

/** log Γ(x) for x > 0. */
const lgammaPositive = (x: number): number => {
  if (x === Infinity) return Infinity
  if (x < 0.5) return lgammaFromOne(x) - Math.log(x)
  if (x <= 3) return lgammaFromOne(x - 1)
  if (x < 16) {
    const steps = Math.ceil(x) - 3
    let product = 1
    for (let j = 1; j <= steps; j++) product *= x - j
    return lgammaFromOne(x - steps - 1) + Math.log(product)
  }
  const z = 1 / x
  return (x - 0.5) * (Math.log(x) - 1) + (HALF_LOG_TWO_PI_LESS_HALF + z * polynomial(stirlingSeries, z * z))
}

/** log Γ(1+y) = y (y−1) R for −½ ≤ y ≤ 2; w = (x − 1.25)/(x + 1.25), x = 1 + y, moves the singular x ≤ 0 to |w| ≥ 1. */
const lgammaFromOne = (y: number): number =>
  y * (y - 1) * (LGAMMA_QUOTIENT_AT_ZERO + polynomial(lgammaQuotient, (y - 0.25) / (y + 2.25))) + 0 // Γ(1): 0, not −0

/** ψ(x + low) = (x + low − x₀) R for 1 ≤ x ≤ 2; w = (x − 1.4)/(x + 1.4). */
const digammaNearZero = (x: number, low: number): number =>
  (x - DIGAMMA_ZERO + (low - DIGAMMA_ZERO_LOW)) * polynomial(digammaQuotient, (x - 1.4) / (x + 1.4))

/** cot πx from the distance to the nearest integer, which is exact; near its zeros from the distance to the half. */
const cotangentOfPi = (x: number): number => {
  const r = x - Math.round(x)
  if (Math.abs(r) <= 0.25) return 1 / Math.tan(Math.PI * r)
  return Math.sign(r) * Math.tan(Math.PI * (0.5 - Math.abs(r)))
}

/** log |h + l|, by log1p where the value is near 1. */
const logOfMagnitude = ([h, l]: Twofold): number => {
  const a = Math.abs(h)
  const b = h < 0 ? -l : l
  return a > 0.5 && a < 2 ? Math.log1p(a - 1 + b) : Math.log(a) + b / a
}

// n!/aⁿ⁺¹ can pass 2¹⁰²⁴/2²⁸, where the splitting of twoProduct overflows, though ψₙ is finite: hence sums times 2⁻¹⁰⁰
const DOWN = 2 ** -100
const ascend = ([h, l]: Twofold): number => (h + l) / DOWN

/** n! a⁻ⁿ⁻¹ = a⁻¹ Π_{j≤n} j a⁻¹, times DOWN. The factors alternate so that neither n! nor aⁿ⁺¹ is formed. */
const term = (n: number, a: Twofold): Twofold => {
  const q = reciprocal(a)
  let t: Twofold = [q[0] * DOWN, q[1] * DOWN]
  for (let j = 1; j <= n; j++) t = scale(times(t, q), j)
  return t
}

const plainTerm = (n: number, a: number): number => {
  let t = 1 / a
  for (let j = 1; j <= n; j++) t *= j / a
  return t
}

/** n! Σ_{k≥0} (y+k)⁻ⁿ⁻¹ for y ≥ n + 12, times `factor`. */
const tail = (n: number, y: Twofold, factor: number): number => {
  const [high] = y
  if (high > 2 ** 900) return n === 1 ? factor / high : 0
  const q = reciprocal(y)
  let lead: Twofold = [q[0] * factor, q[1] * factor]
  for (let j = 1; j < n; j++) lead = scale(times(lead, q), j)
  let series = 0
  let rising = 1 // (n)₂ₖ / (2k)! y⁻²ᵏ
  for (let k = 1; k <= bernoulli.length; k++) {
    rising *= ((n + 2 * k - 2) / high / (2 * k - 1)) * ((n + 2 * k - 1) / high / (2 * k))
    series += bernoulli[k - 1]! * rising
  }
  return lead[0] + (lead[0] * (n / (2 * high) + series) + lead[1])
}

// B₂, B₄, …, B₃₀
const bernoulli: readonly number[] = [
  1 / 6,
  -1 / 30,
  1 / 42,
  -1 / 30,
  5 / 66,
  -691 / 2730,
  7 / 6,
  -3617 / 510,
  43867 / 798,
  -174611 / 330,
  854513 / 138,
  -236364091 / 2730,
  8553103 / 6,
  -23749461029 / 870,
  8615841276005 / 14322,
]

// log Γ(x) − (x−½) log x + x − ½ log 2π = Σ_k B₂ₖ / (2k (2k−1) x²ᵏ⁻¹);   at x = 16 the ninth term is 4·10⁻²²
const stirlingSeries: readonly number[] = bernoulli.slice(0, 9).map((b, i) => b / ((2 * i + 2) * (2 * i + 1)))
// Σ_k B₂ₖ / (2k x²ᵏ);   at x = 12 the ninth term is 1·10⁻¹⁹
const digammaSeries: readonly number[] = bernoulli.slice(0, 9).map((b, i) => b / (2 * i + 2))

const HALF_LOG_TWO_PI_LESS_HALF = 0.4189385332046728 // (log 2π − 1) / 2
const DIGAMMA_ZERO = 1.4616321449683622
const DIGAMMA_ZERO_LOW = 9.549995429965697e-17

// log Γ(x) / ((x−1)(x−2)) on [½, 3] in powers of w; the constant term in two doubles
const LGAMMA_QUOTIENT_AT_ZERO = 0.5241164609163369
const lgammaQuotient: readonly number[] = [
  -3.983082389578174e-17, -0.4613959610920403, 0.12963990161427716, -0.15859622433230447, 0.08634870698252313,
  -0.09697900090983153, 0.06438030156206069, -0.06988500284248095, 0.05124965451370745, -0.05462679093842667,
  0.04255003456673576, -0.04483674794495614, 0.036371502095835964, -0.03802490482520912, 0.031727868068766506,
  -0.032965473442753676, 0.028463754013981768, -0.02954615194975998, 0.023276160998053224, -0.023502172341167853,
  0.032732500710969954, -0.035359487810361016, -0.00764827436374464, 0.011220558799843407, 0.06403243136707476,
  -0.06848979044183257,
]

// ψ(x) / (x − x₀) on [1, 2] in powers of w
const digammaQuotient: readonly number[] = [
  0.9959826096694623, -1.3344845688982314, 0.9504823357000358, -1.0125567225052317, 0.9605602505057514,
  -0.9893597503361715, 0.9689506373405719, -0.9837316777975478, 0.9724430615058922, -0.9813297481252216,
  0.9741407954499103, -0.9803073957814276, 0.9753838276789624, -0.9714893608663692, 0.9667542381856952,
  -1.119166054400628, 1.1248898620062615,
]

// ---------------------------------------------------------------------------------------------- hyperbolic functions

/** sinh x. Math.sinh but for |x| > 709, where it squares a rounded e^(x/2). Error ≤ 1.9 ulp. */
export const sinh = (x: number): number => (Math.abs(x) > 709 ? Math.sign(x) * halfExp(Math.abs(x)) : Math.sinh(x))

/** cosh x. Math.cosh but for |x| > 709, where it squares a rounded e^(x/2). Error ≤ 1.4 ulp. */
export const cosh = (x: number): number => (Math.abs(x) > 709 ? halfExp(Math.abs(x)) : Math.cosh(x))

/** tanh x = t / (t + 2), t = e^(2|x|) − 1, with the rounding of t + 2 put back. Error ≤ 2 ulp. */
export const tanh = (x: number): number => {
  const a = Math.abs(x)
  if (a > 22) return Math.sign(x)
  const t = Math.expm1(2 * a)
  const [s, e] = twoSum(t, 2)
  if (a >= 1) return Math.sign(x) * (1 - 2 / s)
  const q = t / s
  return x === 0 ? x : Math.sign(x) * (q - (q * e) / s)
}

/** acosh x; below 2 as log1p(t + √(2t + t²)), t = x − 1, with the rounding of the sum put back. Error ≤ 1.8 ulp. */
export const acosh = (x: number): number => {
  if (!(x >= 1 && x < 2)) return Math.acosh(x)
  const t = x - 1
  const root = Math.sqrt(2 * t + t * t)
  const s = root + t
  return Math.log1p(s) + (t - (s - root)) / (1 + s)
}

/** e^x / 2 for x > 709, where e^x may overflow: e^(x − log 2), log 2 in two parts, the first one short. */
const halfExp = (x: number): number => {
  const e = Math.exp(x - 0.6931471803691238)
  return e === Infinity ? e : e - e * 1.9082149292705877e-10
}

// ---------------------------------------------------------------------------------------------- logistic functions

/** σ(x) = 1 / (1 + e⁻ˣ); left of 0 as eˣ / (1 + eˣ), which keeps the relative accuracy. Error ≤ 2.4 ulp. */
export const sigmoid = (x: number): number => {
  if (x >= 0) return 1 / (1 + Math.exp(-x))
  const e = Math.exp(x)
  return e / (1 + e)
}

/** log(1 + eˣ) = max(x, 0) + log1p(e^−|x|): finite on the right, relatively accurate on the left. Error ≤ 1.6 ulp. */
export const softplus = (x: number): number => Math.max(x, 0) + Math.log1p(Math.exp(-Math.abs(x)))

/** The nearest whole number, a tie to the even one; −0 stays −0 and −0.4 becomes it. Exact.
 *  In [2⁵², 2⁵³) doubles are the whole numbers, so adding 2⁵² rounds. */
export const roundHalfEven = (x: number): number => {
  const a = Math.abs(x)
  if (!(a < 2 ** 52)) return x
  const rounded = a + 2 ** 52 - 2 ** 52
  return x < 0 || Object.is(x, -0) ? -rounded : rounded
}

// ---------------------------------------------------------------------------------------------- two doubles

/** An unevaluated sum high + low, |low| ≤ ½ ulp(high): some 106 bits (Dekker 1971). */
type Twofold = readonly [high: number, low: number]

/** a + b exactly (Knuth). */
const twoSum = (a: number, b: number): Twofold => {
  const s = a + b
  const bb = s - a
  return [s, a - (s - bb) + (b - bb)]
}

/** a · b exactly while nothing over- or underflows (Dekker, by Veltkamp's splitting into 26 bits). */
const twoProduct = (a: number, b: number): Twofold => {
  const p = a * b
  const a1 = upperHalf(a)
  const b1 = upperHalf(b)
  const a2 = a - a1
  const b2 = b - b1
  return [p, a2 * b2 - (p - a1 * b1 - a2 * b1 - a1 * b2)]
}

const upperHalf = (a: number): number => {
  const c = 134217729 * a // 2²⁷ + 1
  return c - (c - a)
}

const normal = (high: number, low: number): Twofold => {
  const s = high + low
  return [s, low - (s - high)]
}

const plus = (a: Twofold, b: Twofold): Twofold => {
  const [s, e] = twoSum(a[0], b[0])
  return normal(s, e + (a[1] + b[1]))
}

const times = (a: Twofold, b: Twofold): Twofold => {
  const [p, e] = twoProduct(a[0], b[0])
  return normal(p, e + (a[0] * b[1] + a[1] * b[0]))
}

const scale = (a: Twofold, b: number): Twofold => {
  const [p, e] = twoProduct(a[0], b)
  return normal(p, e + a[1] * b)
}

const reciprocal = (a: Twofold): Twofold => {
  const q = 1 / a[0]
  const [p, e] = twoProduct(q, a[0])
  return normal(q, q * (1 - p - e - q * a[1]))
}

/** Σ cₖ xᵏ by Horner's rule. */
const polynomial = (c: readonly number[], x: number): number => {
  let sum = 0
  for (let k = c.length - 1; k >= 0; k--) sum = sum * x + c[k]!
  return sum
}
