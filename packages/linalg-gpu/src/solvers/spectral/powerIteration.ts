/** The eigenvalue of largest magnitude of a symmetric operator, by powers of A on a random vector.
 *
 *  An iteration takes two powers, v ← A²v/‖A²v‖, and the best that the two products know: the eigenpair (θ, x) of larger |θ| of A on
 *  span{v, Av}, so that λ and −λ of one magnitude do not hide each other.
 *
 *  interval   θ ± ‖A x − θ x‖ / ‖x‖ holds an eigenvalue of a symmetric A, whatever x is; the residual is that of a product made anew. It need not
 *             be the eigenvalue of largest magnitude: x may have met another one first.
 *  bound      every |λ| ≤ bound, in all but a fraction 1 − confidence of the keys. After k powers of a start v uniform on the sphere
 *             ‖Aᵏv‖ ≥ |λ|ᵏ |u·v| of the unit eigenvector u, and |u·v| < t has a probability below √(2n/π) t, whence
 *             bound = (‖Aᵏv‖ √(2n/π) / (1 − confidence))^(1/k).
 *  Both are widened by √n ulps, for the rounding of products that are not seen, the bound by √k more for that of k logarithms.
 *
 *  Needs    A symmetric: of another one, θ = xᵀA x / xᵀx and the residual are what they are, and neither interval nor bound holds.
 *  Cost     an iteration: 2 products, 4 vectors of n. The error of θ falls as |λ₃/λ₁|⁴ a step, or faster, where |λ₁| ≥ |λ₂| ≥ |λ₃| and λ₂ = −λ₁ may be.
 *  Fails    maxIterations | breakdown (rounding does not let the residual fall to the tolerance) | nonfinite
 *  Source   Dixon 1983 (the bound); Parlett 1998, theorem 4.5.1 (the interval). */

import { whileLoop } from '../../control/while.js'
import { epsilonOf } from '../../dtype.js'
import { fail } from '../../errors.js'
import { abs, add, atan2, div, hypot, maximum, mul, neg, sub } from '../../ops/arithmetic.js'
import { equal, isFinite, less, lessEqual, logicalAnd, logicalNot, where } from '../../ops/comparison.js'
import { scalarOf } from '../../ops/operands.js'
import { cos, exp, log, sin } from '../../ops/transcendental.js'
import { eager } from '../../trace/eager.js'
import type { Tensor } from '../../trace/tensor.js'
import type { Operator } from '../operator.js'
import { unraveled } from '../ravel.js'
import { firstOf, integer, iterationsOf, toleranceOf } from '../refine.js'
import { code, type LinearOptions, running } from '../solution.js'
import { addScaled, choose, inner, length, over, times, vectorIn } from '../vectors.js'
import { testVector } from './probes.js'
import { squareOf } from './rows.js'

export interface PowerOptions extends LinearOptions {
  readonly tolerance?: number
  /** The fraction of keys for which `bound` holds: 0.99 by default. */
  readonly confidence?: number
}

export interface PowerIteration<X> {
  /** θ = xᵀA x / xᵀx */
  readonly value: Tensor
  readonly interval: readonly [low: Tensor, high: Tensor]
  readonly bound: Tensor
  /** x, of length 1. */
  readonly vector: X
  /** ‖A x − θ x‖ / |θ|; 0 where A x = 0. */
  readonly residual: Tensor
  /** i32: see `statuses`; converged where residual ≤ tolerance. */
  readonly status: Tensor
  /** i32: pairs of powers. */
  readonly iterations: Tensor
  readonly products: Tensor
}

interface State<X> {
  readonly v: X
  readonly x: X
  /** ln (‖Aᵏv₀‖ / unitᵏ), with the length of the first two powers as unit: logarithms of numbers about 1. */
  readonly growth: Tensor
  readonly unit: Tensor
  readonly status: Tensor
  readonly iterations: Tensor
}

/** Power iteration from a random start.
 *  tolerance: of the residual, 1e-5 in f32 and 1e-10 in f64 by default; maxIterations: 1000 by default.
 *  @example const { value, status } = powerIteration()(matrix([[2, 1], [1, -3]], { symmetric: true }))(key(0))
 *  const seen = [String(value), statusOf(item(status))] // => [ 'f32[] -3.19258', 'converged' ] */
export const powerIteration =
  ({ tolerance, maxIterations = 1000, confidence = 0.99 }: PowerOptions = {}) =>
  <X>(operator: Operator<X>): ((key: Tensor) => PowerIteration<X>) =>
    eager((key: Tensor): PowerIteration<X> => {
      const name = 'powerIteration'
      const { n, dtype } = squareOf(name, operator)
      const { domain } = operator
      const target = toleranceOf(name, tolerance, dtype)
      const most = iterationsOf(name, maxIterations, n)
      const slack = Math.sqrt(n) * epsilonOf(dtype)
      if (!(confidence > 0 && confidence < 1)) fail(name, `confidence is between 0 and 1, got ${confidence}.`)
      const apply = (x: X): X => vectorIn(name, 'the product', operator.apply(x), domain)
      const normed = (x: X): X => over(x, length(x))

      const start = normed(unraveled(domain, testVector('gaussian', key, n, dtype)))
      const init: State<X> = {
        v: start,
        x: start,
        growth: scalarOf(name, 0, dtype),
        unit: scalarOf(name, 1, dtype),
        status: integer(most === 0 ? code.maxIterations : running),
        iterations: integer(0),
      }
      const step = (s: State<X>): State<X> => {
        // q = [v, r/β] with r = Av − αv is a basis of span{v, Av}, on which A is [[α, β], [β, δ]]
        const w = apply(s.v)
        const alpha = inner(s.v, w)
        const r = addScaled(w, neg(alpha), s.v)
        const beta = length(r)
        // of so short a rest only rounding says where it points
        const flat = lessEqual(beta, mul(4 * slack, abs(alpha)))
        const q = over(r, where(equal(beta, 0), 1, beta))
        const u = apply(q)
        const { theta, c, d } = larger(alpha, beta, inner(q, u))
        const x = choose(flat, s.v, addScaled(times(c, s.v), d, q))
        const image = choose(flat, w, addScaled(times(c, w), d, u))
        const left = length(addScaled(image, neg(where(flat, alpha, theta)), x))
        // A²v = αAv + βAq, by parts of about 1 so that it does not underflow
        const size = hypot(alpha, beta)
        const safe = where(equal(size, 0), 1, size)
        const next = addScaled(times(div(alpha, safe), w), div(beta, safe), u)
        const norm = length(next)
        const valid = logicalAnd(isFinite(norm), isFinite(left))
        const iterations = add(s.iterations, integer(1))
        const status = firstOf(
          [
            [logicalNot(valid), code.nonfinite],
            [lessEqual(left, mul(target, mul(0.5, abs(where(flat, alpha, theta))))), code.converged],
            [lessEqual(integer(most), iterations), code.maxIterations],
          ],
          running,
        )
        const grown = less(0, norm)
        const unit = where(equal(s.iterations, 0), safe, s.unit)
        return {
          v: choose(logicalAnd(valid, grown), over(next, where(grown, norm, 1)), s.v),
          x: choose(valid, x, s.x),
          growth: where(valid, add(s.growth, add(log(div(size, unit)), log(div(norm, unit)))), s.growth),
          unit,
          status,
          iterations,
        }
      }
      const end = whileLoop((s: State<X>) => equal(s.status, running), step, init)

      const vector = normed(end.x)
      const image = apply(vector)
      const value = inner(vector, image)
      const error = length(addScaled(image, neg(value), vector))
      const size = abs(value)
      const residual = where(lessEqual(error, 0), 0, div(error, size))
      const reach = add(error, mul(slack, size))
      const powers = mul(2, end.iterations)
      const chance = Math.log(Math.sqrt((2 * n) / Math.PI) / (1 - confidence))
      const rounding = slack + Math.sqrt(2 * most) * epsilonOf(dtype)
      const bound = mul(mul(1 + rounding, end.unit), exp(div(add(end.growth, chance), powers)))
      return {
        value,
        interval: [sub(value, reach), add(value, reach)],
        bound: where(equal(end.status, code.nonfinite), NaN, where(equal(powers, 0), Infinity, maximum(bound, size))),
        vector,
        residual,
        status: firstOf(
          [
            [equal(end.status, code.nonfinite), code.nonfinite],
            [logicalNot(isFinite(error)), code.nonfinite],
            [lessEqual(residual, target), code.converged],
            [equal(end.status, code.converged), code.breakdown],
          ],
          end.status,
        ),
        iterations: end.iterations,
        products: add(powers, integer(1)),
      }
    })

/** The eigenpair of larger magnitude of [[α, β], [β, δ]]: θ and (c, d) of length 1. */
const larger = (
  alpha: Tensor,
  beta: Tensor,
  delta: Tensor,
): { readonly theta: Tensor; readonly c: Tensor; readonly d: Tensor } => {
  const middle = add(mul(0.5, alpha), mul(0.5, delta))
  const half = sub(mul(0.5, alpha), mul(0.5, delta))
  const reach = hypot(half, beta)
  // the vector of middle + reach has the angle φ, that of middle − reach is a right angle on
  const phi = mul(0.5, atan2(beta, half))
  const negative = less(middle, 0)
  return {
    theta: where(negative, sub(middle, reach), add(middle, reach)),
    c: where(negative, neg(sin(phi)), cos(phi)),
    d: where(negative, cos(phi), sin(phi)),
  }
}
