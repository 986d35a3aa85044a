/** Minimal residuals for symmetric A, definite or not, singular too.
 *
 *  min ‖b − A x‖ over x in span {b, A b, A²b, …}: Lanczos makes A symmetric and tridiagonal, A V = V₊ T, reflections make T triangular, x = V R⁻¹ Qᵀβ e₁
 *
 *  Needs    A symmetric; a preconditioner M ≈ |A|⁻¹ that is symmetric positive definite. The residual is then least in the norm rᵀM r.
 *  Equal    of scipy.sparse.linalg.minres, in exact arithmetic.
 *  Differs  from the paper: the residual itself is carried along (one more vector), so that the target is one for its 2-norm with a preconditioner
 *           as well; ‖A r‖ ≈ 0 beside ‖A‖ ‖r‖ ends it with `singular` and the x of least residual, before a step along a null direction
 *           (where rounding lets it be seen: else it is a breakdown). An A that is not symmetric shows in the residual computed anew: `breakdown`.
 *  Cost     an iteration: one product, one with M, 7 vectors of n. ‖r_2k‖ ≤ 2 ((κ − 1)/(κ + 1))ᵏ ‖r_0‖ for an indefinite A.
 *  Fails    maxIterations | singular (no solution) | breakdown (M not positive definite, A not symmetric, or rounding) | nonfinite
 *  Source   Paige, Saunders 1975 */

import { whileLoop } from '../control/while.js'
import { epsilonOf } from '../dtype.js'
import { abs, add, div, maximum, mul, neg, sub } from '../ops/arithmetic.js'
import { equal, greater, isFinite, lessEqual, logicalAnd, logicalNot, logicalOr, where } from '../ops/comparison.js'
import { scalarOf } from '../ops/operands.js'
import { sqrt } from '../ops/transcendental.js'
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
import { addScaled, choose, dtypeOf, hypotenuse, inner, length, over, scaleOf, times, zeroLike } from './vectors.js'

/** A Lanczos vector: u in the space of residuals, v = M u, β with β u = the vector that was left, uᵀM u = 1. */
interface Lanczos<X> {
  readonly u: X
  readonly v: X
  readonly beta: Tensor
  /** uᵀM u > 0 before it was made 1: false where M is not positive definite. */
  readonly positive: Tensor
}

interface State<X> extends Curvatures {
  readonly d: X
  readonly r: X
  readonly now: Lanczos<X>
  readonly before: X
  readonly w: X
  readonly wBefore: X
  /** The reflection of the step before: cosine, sine. */
  readonly c: Tensor
  readonly s: Tensor
  /** What earlier reflections left of the column to come: on the diagonal, and above it. */
  readonly dbar: Tensor
  readonly epsilon: Tensor
  /** ‖r‖ in the norm of M. */
  readonly phi: Tensor
  readonly norm: Tensor
  /** The greatest ‖T eⱼ‖ so far: from below, ‖A‖ as the norm of M sees it. */
  readonly top: Tensor
  /** The greatest ‖A v‖ / ‖v‖ so far. */
  readonly reach: Tensor
  /** ‖A r‖ was nothing beside ‖A‖ ‖r‖ in two thirds of the digits, which is as far as the recurrence can tell. */
  readonly level: Tensor
  readonly stop: Tensor
  readonly iterations: Tensor
}

/** Minimal residuals.
 *  @example const a = array([[0, 2], [2, 3]], { dtype: 'f64' })
 *  const { x, status } = minres()(matrix(a, { symmetric: true }))(array([2, 5], { dtype: 'f64' }))
 *  String(x) // => f64[2] [1, 1]
 *  statusOf(item(status)) // => converged */
export const minres: {
  (options?: LinearOptions): LinearSolver
  <X>(options: LinearOptions & { readonly preconditioner: Operator<X> }): LinearSolverOn<X>
} = <X>({
  preconditioner,
  ...limits
}: LinearOptions & { readonly preconditioner?: Operator<X> } = {}): LinearSolverOn<X> => {
  return (operator) => refined('minres', operator, limits, method(preconditioned('minres', operator, preconditioner)))
}

/** The next Lanczos vector from what is left. M sees a vector of length about 1. */
const lanczos = <X>(precondition: (r: X) => X, left: X): Lanczos<X> => {
  const unit = scaleOf(left)
  const y = over(left, unit)
  const z = precondition(y)
  const square = inner(y, z)
  const root = sqrt(square)
  const nothing = lessEqual(square, 0)
  const norm = where(nothing, 1, root)
  return { u: over(y, norm), v: over(z, norm), beta: mul(unit, where(nothing, 0, root)), positive: greater(square, 0) }
}

const method =
  <X>(precondition: (r: X) => X): Method<X> =>
  (apply, r, limit) => {
    const dtype = dtypeOf('minres', r)
    const slack = 4 * epsilonOf(dtype)
    const scalar = (value: number): Tensor => scalarOf('minres', value, dtype)
    const zero = zeroLike(r)
    const first = lanczos(precondition, r)
    const init: State<X> = {
      d: zero,
      r,
      now: first,
      before: zero,
      w: zero,
      wBefore: zero,
      c: scalar(-1),
      s: scalar(0),
      dbar: scalar(0),
      epsilon: scalar(0),
      phi: first.beta,
      norm: length(r),
      top: scalar(0),
      reach: scalar(0),
      level: scalarOf('minres', false, 'bool'),
      stop: firstOf([[lessEqual(first.beta, 0), code.breakdown]], running),
      iterations: integer(0),
      ...noCurvatures(dtype),
    }
    const goesOn = (s: State<X>): Tensor => unfinished(s, limit)
    const step = (s: State<X>): State<X> => {
      const { u, v } = s.now
      const beta = where(equal(s.iterations, 0), 0, s.now.beta)
      const q = apply(v)
      const alpha = inner(v, q)
      const left = addScaled(addScaled(q, neg(alpha), u), neg(beta), s.before)
      const next = lanczos(precondition, left)
      // what is left of rounding size is nothing: the space is exhausted
      const whole = hypotenuse(alpha, beta)
      const ended = lessEqual(next.beta, mul(slack, whole))
      const betaNext = where(ended, 0, next.beta)
      const top = maximum(s.top, hypotenuse(whole, betaNext))
      // the column (epsilon, delta, gamma) of R
      const delta = add(mul(s.c, s.dbar), mul(s.s, alpha))
      const gbar = sub(mul(s.s, s.dbar), mul(s.c, alpha))
      const gamma = hypotenuse(gbar, betaNext)
      // ‖A r‖ = φ ‖(ḡ, β c)‖
      const slope = hypotenuse(gbar, mul(s.c, betaNext))
      const c = div(gbar, gamma)
      const sine = div(betaNext, gamma)
      const w = over(addScaled(addScaled(v, neg(delta), s.w), neg(s.epsilon), s.wBefore), gamma)
      const phi = mul(sine, s.phi)
      const along = mul(c, s.phi)
      const residual = choose(ended, zero, addScaled(times(mul(sine, sine), s.r), neg(mul(c, phi)), next.u))
      const norm = length(residual)
      const size = length(v)
      const reach = maximum(s.reach, div(length(q), size))
      // along a null direction steps have no end: one whose rounding is more than it gains, and shows in the residual, is not taken
      const cost = mul(mul(slack, reach), mul(abs(along), length(w)))
      const endless = greater(cost, maximum(sub(s.norm, norm), mul(0.01, s.norm)))
      const flat = logicalOr(lessEqual(slope, mul(slack, top)), endless)
      const curvature = div(div(alpha, size), size)
      const valid = logicalAnd(isFinite(norm), logicalAnd(logicalNot(flat), isFinite(gamma)))
      const stop = firstOf(
        [
          [logicalNot(isFinite(add(alpha, next.beta))), code.nonfinite],
          [flat, code.singular],
          [logicalNot(valid), code.nonfinite],
          [logicalAnd(logicalNot(ended), logicalNot(next.positive)), code.breakdown],
        ],
        running,
      )
      return {
        d: choose(valid, addScaled(s.d, along, w), s.d),
        r: choose(valid, residual, s.r),
        now: next,
        before: u,
        w,
        wBefore: s.w,
        c,
        s: sine,
        dbar: neg(mul(s.c, betaNext)),
        epsilon: mul(s.s, betaNext),
        phi,
        norm: where(valid, norm, s.norm),
        top,
        reach,
        level: logicalOr(s.level, lessEqual(slope, mul(epsilonOf(dtype) ** (2 / 3), top))),
        stop,
        iterations: add(s.iterations, integer(1)),
        ...withCurvature(s, curvature),
      }
    }
    const { d, norm, level, stop, iterations, least, greatest } = whileLoop(goesOn, step, init)
    const unsolvable = logicalAnd(logicalAnd(level, equal(stop, running)), greater(norm, limit.target))
    return {
      d,
      norm,
      stop: firstOf([[unsolvable, code.singular]], stop),
      iterations,
      products: iterations,
      least,
      greatest,
    }
  }
