/** Limited-memory BFGS: Newton's direction with an inverse Hessian H made from the last m steps, and a strong Wolfe search.
 *
 *  d = −H ∇f,   H₊ = (I − ρ s yᵀ) H (I − ρ y sᵀ) + ρ s sᵀ,   s = x₊ − x,  y = ∇f₊ − ∇f,  ρ = 1 / yᵀs,   from (sᵀy / yᵀy) I for the oldest of m
 *
 *  Needs    f differentiable, and bounded below. At n = 10⁶ what is kept is 2 m vectors.
 *  Equal    of scipy.optimize.minimize(method='L-BFGS-B') without bounds, optax.lbfgs. On a quadratic with exact searches, of conjugate gradients.
 *  Differs  from the book: s and y are kept with length 1, their lengths apart, so that no product of two small numbers vanishes in f32; pairs without
 *           curvature (yᵀs ≤ 4 ulp ‖s‖ ‖y‖) are left out; where a search finds nothing the memory is dropped, and the steepest descent tried.
 *  Cost     a step: 4 m n products, a value and a gradient for each trial, mostly one.
 *  Fails    maxIterations | breakdown (no step along −∇f goes down: rounding, or a kink) | diverged (f falls without end) | nonfinite
 *  Source   Nocedal 1980; Liu, Nocedal 1989; Nocedal, Wright 2006, algorithm 7.4 */

import {
  add,
  any,
  div,
  greater,
  logicalOr,
  matmul,
  mul,
  neg,
  onesLike,
  scan,
  sub,
  type Tensor,
  take,
  where,
  zeros,
} from '@neumann/linalg-gpu'
import { frame, running, statusCode, vectors } from '@neumann/linalg-gpu/solvers'
import { flattened, memoryOf, pushed } from '../flattened.js'
import { type WolfeOptions, wolfe, wolfeOf } from '../lineSearch.js'
import type { SearchOptions } from '../search.js'
import { firstLength, iterateOf, type Minimiser, type Minimum, searchedMinimum } from './minimiser.js'

const { firstOf } = frame
const { choose, divisor, epsilonOf, length, zeroLike } = vectors

export interface LbfgsOptions extends SearchOptions, WolfeOptions {
  /** m, the steps that are remembered: 10 by default. */
  readonly memory?: number
}

/** The newest last; zeros where nothing is yet. */
interface Memory {
  /** s / ‖s‖ and y / ‖y‖: [m, n] */
  readonly s: Tensor
  readonly y: Tensor
  /** sᵀy / ‖s‖ ‖y‖: [m] */
  readonly cosine: Tensor
  /** ‖s‖ / ‖y‖: [m] */
  readonly ratio: Tensor
}

/** v / ‖v‖, and ‖v‖ */
const parted = (v: Tensor): readonly [Tensor, Tensor] => {
  const size = length(v)
  return [div(v, divisor(size)), size]
}

const remembering = (own: Memory, s: Tensor, y: Tensor): Memory => {
  const [[u, moved], [v, changed]] = [parted(s), parted(y)]
  const cosine = matmul(u, v)
  const next = {
    s: pushed(own.s, u),
    y: pushed(own.y, v),
    cosine: pushed(own.cosine, cosine),
    ratio: pushed(own.ratio, div(moved, changed)),
  }
  return choose(greater(cosine, 4 * epsilonOf(s.dtype)), next, own)
}

/** H g by the two loops; `none` where nothing is remembered. */
const inverseTimes = (own: Memory, g: Tensor, none: Tensor): Tensor => {
  // 1/cosine; 0 leaves an empty entry out
  const weight = where(greater(own.cosine, 0), div(1, own.cosine), 0)
  const rows = { ...own, weight }
  const [q, alpha] = scan(
    (q: Tensor, { s, y, weight }: typeof rows): readonly [Tensor, Tensor] => {
      const alpha = mul(weight, matmul(s, q))
      return [sub(q, mul(alpha, y)), alpha]
    },
    g,
    rows,
    { reverse: true },
  )
  const m = own.cosine.shape[0]!
  const last = (history: Tensor): Tensor => take(history, m - 1)
  const gamma = where(any(greater(own.cosine, 0)), mul(last(own.ratio), last(own.cosine)), none)
  const [h] = scan(
    (h: Tensor, { s, y, weight, ratio, alpha }: typeof rows & { readonly alpha: Tensor }): readonly [Tensor, null] => [
      add(h, mul(sub(mul(ratio, alpha), mul(weight, matmul(y, h))), s)),
      null,
    ],
    mul(gamma, q),
    { ...rows, alpha },
  )
  return h
}

/** Minima by L-BFGS.
 *  @example const valley = (x: Tensor) => add(square(sub(1, take(x, 0))), mul(100, square(sub(take(x, 1), square(take(x, 0))))))
 *  const { x, value, status } = lbfgs()(valley)(array([-1.2, 1], { dtype: 'f64' }))
 *  String(x) // => f64[2] [1, 1]
 *  statusOf(item(status)) // => converged */
export const lbfgs = ({ memory = 10, ...options }: LbfgsOptions = {}): Minimiser => {
  const name = 'lbfgs'
  const constants = wolfeOf(name, options)
  const m = memoryOf(name, memory)
  return <X>(f: (x: X) => Tensor) =>
    flattened<X, Minimum<Tensor>>(name, ({ point }) =>
      searchedMinimum<Tensor, Memory>(
        name,
        options,
        (x) => f(point(x)),
        (x) => {
          const none = (shape: readonly number[]): Tensor => zeros(shape, { dtype: x.dtype })
          const n = x.shape[0]!
          return { s: none([m, n]), y: none([m, n]), cosine: none([m]), ratio: none([m]) }
        },
        (at, sampleAt) => {
          const own = at.memory
          const remembers = any(greater(own.cosine, 0))
          const steepest = div(firstLength(at), at.norm)
          const d = neg(inverseTimes(own, at.r, steepest))
          const from = { x: at.x, value: at.merit, gradient: at.r }
          const next = wolfe(sampleAt, from, d, onesLike(at.norm), constants)
          return {
            ...iterateOf(next),
            memory: choose(next.fell, remembering(own, sub(next.x, at.x), sub(next.gradient, at.r)), zeroLike(own)),
            stop: firstOf(
              [
                [next.found, running],
                [next.endless, statusCode.diverged],
                [logicalOr(next.fell, remembers), running],
              ],
              statusCode.breakdown,
            ),
            evaluations: next.evaluations,
          }
        },
      ),
    )
}
