/** Moving averages of gradients and of their squares, and the quotient that adaptive methods step by. */

import {
  add,
  div,
  equal,
  expm1,
  greater,
  log,
  mul,
  neg,
  pow,
  sqrt,
  square,
  sub,
  type Tensor,
  where,
} from '@neumann/linalg-gpu'

/** β m + (1 − β) g */
export const averaged = (beta: Tensor, m: Tensor, g: Tensor): Tensor => add(mul(beta, m), mul(sub(1, beta), g))

/** β v + (1 − β) g² */
export const averagedSquare = (beta: Tensor, v: Tensor, g: Tensor): Tensor => averaged(beta, v, square(g))

/** 1 − βᵗ, the sum of the weights that an average of t values started at 0 has given out.
 *  Near β = 1 as −expm1(t ln β): in f32, 1 − 0.999 and its like lose four digits otherwise. At β ≤ ½ nothing cancels, and
 *  the power has its derivatives at β = 0, where the logarithm has none. */
export const correction = (beta: Tensor, t: Tensor): Tensor => {
  const high = greater(beta, 0.5)
  // each form sees a harmless β where the other one is taken: no infinite slope times zero
  const far = sub(1, pow(where(high, 0.5, beta), t))
  return where(high, neg(expm1(mul(t, log(where(high, beta, 0.5))))), far)
}

/** √v with slope 0 at v = 0, to every order.
 *  v is a sum of squares, so v = 0 says that every gradient so far was 0, and with it the numerator m. There
 *  m / (√v + ε) has the slope m′ / ε whatever the slope of √v is, as long as it is finite; the slope of g / (|g| + ε) at 0 is 1 / ε,
 *  and its second derivative jumps from 2 / ε² to −2 / ε², of which 0 is the middle. √ itself has slope ∞, and ∞ · 0 is NaN. */
export const root = (v: Tensor): Tensor => {
  const none = equal(v, 0)
  return where(none, 0, sqrt(where(none, 1, v)))
}

/** m / (√v + ε); 0 where that is a division by zero (v = 0 and ε = 0): no evidence, no step. */
export const overRoot = (m: Tensor, v: Tensor, epsilon: Tensor): Tensor => {
  const denominator = add(root(v), epsilon)
  const none = equal(denominator, 0)
  return where(none, 0, div(m, where(none, 1, denominator)))
}
