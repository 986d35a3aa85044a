/** Stabilised biconjugate gradients for any square A, in a fixed amount of memory.
 *
 *  α = r̃ᵀr / r̃ᵀA p,  s = r − α A p,  ω = (A s)ᵀs / ‖A s‖²,  x ← x + α p + ω s,  r ← s − ω A s,  p ← r + β (p − ω A p),  β = (r̃ᵀr₊ / r̃ᵀr) (α / ω)
 *
 *  Needs    nothing of A; a preconditioner M ≈ A⁻¹, applied from the right: p and s stand for M p and M s in the products.
 *  Equal    of scipy.sparse.linalg.bicgstab, jax.scipy.sparse.linalg.bicgstab, in exact arithmetic.
 *  Differs  from the paper: r̃ᵀr, r̃ᵀA p and (A s)ᵀs are nothing when they are of rounding size beside the lengths of their factors; then it starts again
 *           from where it is, once, with the shadow r̃ = r/‖r‖ + A p/‖A p‖ (A s where that failed). The shortest residual that was met is what it returns:
 *           on the way residuals may grow without bound. Where (A s)ᵀs = 0 for all s (a skew A) it cannot work: take `gmres`.
 *  Cost     an iteration: two products, two with M, 8 vectors of n.
 *  Fails    maxIterations | breakdown | singular (A p = 0) | nonfinite
 *  Source   van der Vorst 1992 */

import { whileLoop } from '../control/while.js'
import { epsilonOf } from '../dtype.js'
import { abs, add, div, mul, neg } from '../ops/arithmetic.js'
import { greater, isFinite, less, lessEqual, logicalAnd, logicalNot, logicalOr, where } from '../ops/comparison.js'
import { cast } from '../ops/creation.js'
import type { Tensor } from '../trace/tensor.js'
import type { Operator } from './operator.js'
import {
  type Curvatures,
  firstOf,
  integer,
  type Method,
  noCurvatures,
  preconditioned,
  refined,
  unfinished,
  withCurvature,
} from './refine.js'
import { code, type LinearOptions, type LinearSolver, type LinearSolverOn, running } from './solution.js'
import { addScaled, choose, divisor, dtypeOf, inner, length, over, plus, zeroLike } from './vectors.js'

interface State<X> extends Curvatures {
  readonly d: X
  readonly r: X
  /** The shadow residual r̃, of length about 1. */
  readonly shadow: X
  readonly p: X
  /** r̃ᵀr */
  readonly rho: Tensor
  readonly norm: Tensor
  readonly best: X
  readonly bestNorm: Tensor
  /** i32: how often it broke down. */
  readonly broken: Tensor
  readonly stop: Tensor
  readonly iterations: Tensor
}

/** Stabilised biconjugate gradients.
 *  @example const { x, status } = bicgstab()(matrix(array([[3, 1], [-2, 1]])))(array([4, -1]))
 *  String(x) // => f32[2] [1, 1]
 *  statusOf(item(status)) // => converged */
export const bicgstab: {
  (options?: LinearOptions): LinearSolver
  <X>(options: LinearOptions & { readonly preconditioner: Operator<X> }): LinearSolverOn<X>
} = <X>({
  preconditioner,
  ...limits
}: LinearOptions & { readonly preconditioner?: Operator<X> } = {}): LinearSolverOn<X> => {
  return (operator) =>
    refined('bicgstab', operator, limits, method(preconditioned('bicgstab', operator, preconditioner)))
}

const method =
  <X>(precondition: (r: X) => X): Method<X> =>
  (apply, r, limit) => {
    const dtype = dtypeOf('bicgstab', r)
    const slack = 4 * epsilonOf(dtype)
    const unit = (x: X): X => {
      const long = length(x)
      return over(x, divisor(long))
    }
    const shadow = unit(r)
    const norm = length(r)
    const zero = zeroLike(r)
    const init: State<X> = {
      d: zero,
      r,
      shadow,
      p: r,
      rho: inner(shadow, r),
      norm,
      best: zero,
      bestNorm: norm,
      broken: integer(0),
      stop: integer(running),
      iterations: integer(0),
      ...noCurvatures(dtype),
    }
    const goesOn = (s: State<X>): Tensor =>
      logicalAnd(
        unfinished(s, limit),
        // a residual as long as that has cost all digits of the best one: the frame says whether to start again from there
        less(mul(slack, s.norm), s.bestNorm),
      )
    const step = (s: State<X>): State<X> => {
      const y = precondition(s.p)
      const v = apply(y)
      const [longY, longV] = [length(y), length(v)]
      const along = inner(s.shadow, v)
      // no step along p: the half step is left out, and the other one with it
      const lost = lessEqual(abs(along), mul(slack, mul(length(s.shadow), longV)))
      const alpha = where(lost, 0, div(s.rho, along))
      const half = addScaled(s.r, neg(alpha), v)
      const longHalf = length(half)
      const done = lessEqual(longHalf, limit.target)

      const z = precondition(half)
      const t = apply(z)
      const longT = length(t)
      // tᵀs / ‖t‖², of vectors of length 1
      const cosine = inner(unit(t), unit(half))
      const weak = lessEqual(abs(cosine), slack)
      const stay = logicalOr(logicalOr(lost, weak), done)
      const omega = where(stay, 0, mul(cosine, div(longHalf, longT)))
      const r = addScaled(half, neg(omega), t)
      const norm = length(r)
      const rho = inner(s.shadow, r)
      const bent = lessEqual(abs(rho), mul(slack, mul(length(s.shadow), norm)))

      const ended = lessEqual(norm, limit.target)
      const beta = mul(div(rho, s.rho), div(alpha, omega))
      const p = addScaled(r, beta, addScaled(s.p, neg(omega), v))
      const failed = logicalOr(logicalOr(lost, weak), logicalOr(bent, logicalNot(isFinite(length(p)))))
      const breaks = logicalAnd(failed, logicalNot(ended))
      const fresh = plus(unit(r), choose(lost, unit(v), unit(t)))
      const d = addScaled(addScaled(s.d, alpha, y), omega, z)
      const valid = isFinite(norm)
      const nowhere = lessEqual(longV, 0)
      const shorter = logicalAnd(valid, less(norm, s.bestNorm))
      const curvature = div(div(inner(y, v), longY), longY)
      return {
        d: choose(valid, d, s.d),
        r: choose(valid, r, s.r),
        shadow: choose(breaks, fresh, s.shadow),
        p: choose(breaks, r, p),
        rho: where(breaks, inner(fresh, r), rho),
        norm: where(valid, norm, s.norm),
        best: choose(shorter, d, s.best),
        bestNorm: where(shorter, norm, s.bestNorm),
        broken: add(s.broken, cast(breaks, 'i32')),
        stop: firstOf(
          [
            [logicalNot(valid), code.nonfinite],
            [nowhere, code.singular],
            [logicalAnd(breaks, greater(s.broken, 0)), code.breakdown],
          ],
          running,
        ),
        iterations: add(s.iterations, integer(1)),
        ...withCurvature(s, curvature),
      }
    }
    const { best, bestNorm, stop, iterations, least, greatest } = whileLoop(goesOn, step, init)
    return { d: best, norm: bestNorm, stop, iterations, products: mul(iterations, 2), least, greatest }
  }
