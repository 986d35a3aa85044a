/** log |Γ| and the derivatives of its derivative ψ. The formulas are those of plain/special.ts, in f32.
 *
 *  lgamma right of 0 is within 4 ulp; left of it, near whose zeros its terms cancel, within a millionth of the larger of |log Γ(x)|,
 *  log Γ(|x|) and 1. polygamma of order n is within 5 ulp for n ≤ 4, 7 for n = 7, 16 for n = 30; left of 0 within a millionth of its value
 *  or of that at 1 − x, or a distance of 1 − r from a pole where the nearest is at r. */

import { horner } from './horner.js'
import { decimal } from './literal.js'

// log Γ(1 + y)/(y (y − 1)) for −½ ≤ y ≤ 2 in powers of (y − ¼)/(y + 2¼): 1·10⁻⁸
const lgammaQuotient: readonly number[] = [
  0.5241164597857823, -0.46139610372835044, 0.1296404024564434, -0.15858064857009874, 0.08631559398192208, -0.09745206912341574,
  0.06513785362407892, -0.06411232716717398, 0.04381916007374697, -0.08413153439653273, 0.07350210246561278,
] // biome-ignore format: a table
// ψ(x)/(x − x₀) for 1 ≤ x ≤ 2 in powers of (x − 1.4)/(x + 1.4): 6·10⁻⁹
const digammaQuotient: readonly number[] = [
  0.9959826040667217, -1.3344846380197608, 0.9504885091525098, -1.0125384443742234, 0.95949824030191, -0.9902412157561975,
  1.027158479976896, -0.9988742186963577,
] // biome-ignore format: a table

const factorial = (n: number): number => (n < 2 ? 1 : n * factorial(n - 1))

// B₂, B₄, …
const bernoulli: readonly number[] = [1 / 6, -1 / 30, 1 / 42, -1 / 30, 5 / 66, -691 / 2730, 7 / 6]
const stirlingSeries = bernoulli.slice(0, 4).map((b, i) => b / ((2 * i + 2) * (2 * i + 1)))
const digammaSeries = bernoulli.slice(0, 5).map((b, i) => b / (2 * i + 2))

const DIGAMMA_ZERO = 1.4616321449683622

export const gamma = {
  lgamma_from_one: `
fn lgamma_from_one(y: f32) -> f32 {
  let w = (y - 0.25f) / (y + 2.25f);
  return y * (y - 1.0f) * ${horner('w', lgammaQuotient)};
}`,
  // x >= 1/2; from 3 to 8 by the factors of the gamma function, from there on by Stirling's series
  lgamma_right: `
fn lgamma_right(x: f32) -> f32 {
  if (x >= 8.0f) {
    let z = 1.0f / x;
    let zz = z * z;
    return (x - 0.5f) * (log_f32(x) - 1.0f) + (${decimal((Math.log(2 * Math.PI) - 1) / 2)} + z * ${horner('zz', stirlingSeries)});
  }
  var product = 1.0f;
  var left = x;
  while (left > 3.0f) {
    left -= 1.0f;
    product *= left;
  }
  return lgamma_from_one(left - 1.0f) + log_f32(product);
}`,
  lgamma_f32: `
fn lgamma_f32(x: f32) -> f32 {
  let a = abs(x);
  if (a < 0.5f) {
    return lgamma_from_one(x) - log_f32(a);
  }
  let nearest = round(x);
  let sine = sin_f32(${decimal(Math.PI)} * abs(x - nearest));
  let right = lgamma_right(a);
  let y = select(right, log_f32(${decimal(Math.PI)} / (a * sine)) - right, x < 0.0f);
  // the zeros at 1 and 2 are positive
  let end = select(0x7f800000u, 0x7fc00000u, is_nan(x));
  return or_bits(or_bits(y, 0u, y == 0.0f), end, !is_finite(x) || (x < 0.0f && x == nearest));
}`,
  digamma_right: `
fn digamma_right(x: f32) -> f32 {
  if (x >= 8.0f) {
    let z = 1.0f / (x * x);
    return log_f32(x) - (0.5f / x + z * ${horner('z', digammaSeries)});
  }
  var sum = select(0.0f, -1.0f / x, x < 1.0f);
  var left = select(x, x + 1.0f, x < 1.0f);
  while (left > 2.0f) {
    left -= 1.0f;
    sum += 1.0f / left;
  }
  let w = (left - 1.4f) / (left + 1.4f);
  let distance = blunt(left - ${decimal(DIGAMMA_ZERO)}) - ${decimal(DIGAMMA_ZERO - Math.fround(DIGAMMA_ZERO))};
  return sum + distance * ${horner('w', digammaQuotient)};
}`,
  // left of 0 psi(1 - x) - pi cot(pi x); at a pole the two sides disagree
  digamma_f32: `
fn digamma_f32(x: f32) -> f32 {
  if (x > 0.0f || !is_finite(x)) {
    return or_bits(digamma_right(x), select(0x7fc00000u, 0x7f800000u, bitcast<u32>(x) == 0x7f800000u), !is_finite(x));
  }
  let r = x - round(x);
  let y = digamma_right(1.0f - x) - ${decimal(Math.PI)} / tan_f32(${decimal(Math.PI)} * r);
  return or_bits(y, 0x7fc00000u, r == 0.0f);
}`,
  // n! / a^(n+1), the factors in an order in which neither is formed
  zeta_term: `
fn zeta_term(n: u32, a: f32) -> f32 {
  var t = 1.0f / a;
  for (var j = 1u; j <= n; j++) {
    t *= f32(j) / a;
  }
  return t;
}`,
  // n! times the sum over k >= 0 of (x + k)^(-n-1), x > 0: terms up to n + 6, the least first, and Euler's series for what follows
  zeta: `
fn zeta(n: u32, x: f32) -> f32 {
  let order = f32(n);
  let steps = u32(max(ceil(order + 6.0f - x), 0.0f));
  let y = x + f32(steps);
  var rising = 1.0f;
  var series = order / (2.0f * y);
  ${bernoulli
    .map(
      (b, k) => `rising *= ((order + ${2 * k}.0f) / y) * ((order + ${2 * k + 1}.0f) / y);
  series += ${decimal(b / factorial(2 * k + 2))} * rising;`,
    )
    .join('\n  ')}
  let lead = zeta_term(n - 1u, y);
  var sum = lead * (1.0f + series);
  for (var j = steps; j > 0u; j--) {
    let whole = f32(j - 1u);
    let a = x + whole;
    let lost = (min(x, whole) - a) + max(x, whole);
    let t = zeta_term(n, a);
    sum += t * (1.0f - (order + 1.0f) * lost / a);
  }
  return sum;
}`,
  // psi_n(x) = (-1)^(n+1) n! times the sum over k >= 0 of (x + k)^(-n-1); left of 0 from the sum over all integers
  polygamma_f32: `
fn polygamma_f32(n: u32, x: f32) -> f32 {
  if (n == 0u) {
    return digamma_f32(x);
  }
  let odd = (n & 1u) == 1u;
  let sign = select(-1.0f, 1.0f, odd);
  if (x > 0.0f && is_finite(x)) {
    return sign * zeta(n, x);
  }
  let r = x - round(x);
  if (!is_finite(x) || r == 0.0f) {
    let end = select(0x7fc00000u, select(0x80000000u, 0u, odd), bitcast<u32>(x) == 0x7f800000u);
    return bitcast<f32>(select(end, select(0xff800000u, 0x7f800000u, odd), is_finite(x)));
  }
  let near = zeta(n, abs(r));
  let far = zeta(n, 1.0f - abs(r));
  let others = select(far - sign * zeta(n, 1.0f - x), sign * far - sign * zeta(n, 1.0f - x), r > 0.0f);
  let first = select(sign * near, near, r > 0.0f);
  // beside what overflows the others do not count, and might be infinite too
  return sign * (first + select(0.0f, others, is_finite(near)));
}`,
} as const
