/** Conjugate gradients for symmetric positive definite A.
 *
 *  α = rᵀz / pᵀA p,  x ← x + α p,  r ← r − α A p,  z = M r,  p ← z + (r₊ᵀz₊ / rᵀz) p
 *
 *  Needs    A symmetric positive definite; a preconditioner M ≈ A⁻¹ that is so too.
 *  Equal    of scipy.sparse.linalg.cg, jax.scipy.sparse.linalg.cg, in exact arithmetic.
 *  Differs  from the textbook: pᵀA p ≤ 0 ends it with `indefinite` (or `singular`, where the curvature is nothing beside the greatest one seen) and the
 *           iterate before that direction, instead of a step uphill; what converged is said by the residual computed anew (`refine.ts`).
 *  Cost     an iteration: one product, one with M, 3 vectors of n. At most κ-dependent: ‖e_k‖_A ≤ 2 ((√κ − 1)/(√κ + 1))ᵏ ‖e_0‖_A.
 *  Fails    maxIterations | indefinite | singular | breakdown (M not positive definite, or rounding, or a step that overflows) | nonfinite
 *  Source   Hestenes, Stiefel 1952 */

import { whileLoop } from '../control/while.js'
import { epsilonOf } from '../dtype.js'
import { add, div, maximum, mul, neg } from '../ops/arithmetic.js'
import { greater, isFinite, less, lessEqual, logicalAnd, logicalNot, where } from '../ops/comparison.js'
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
import { addScaled, choose, type Dot, dtypeOf, inner, largest, length, over, scaleOf, zeroLike } from './vectors.js'

interface State<X> extends Curvatures {
  readonly d: X
  readonly r: X
  readonly p: X
  /** rᵀz */
  readonly rho: Tensor
  readonly norm: Tensor
  readonly stop: Tensor
  readonly iterations: Tensor
}

export interface CgOptions extends LinearOptions {
  /** ⟨x, y⟩ of the recurrence: `compensatedDot` where many elements cancel; plain sums by default. */
  readonly dot?: Dot
}

/** Conjugate gradients.
 *  @example const { x, status } = cg()(matrix(array([[4, 1], [1, 3]]), { symmetric: true }))(array([1, 2]))
 *  String(x) // => f32[2] [0.0909091, 0.636364]
 *  statusOf(item(status)) // => converged */
export const cg: {
  (options?: CgOptions): LinearSolver
  <X>(options: CgOptions & { readonly preconditioner: Operator<X> }): LinearSolverOn<X>
} = <X>({
  preconditioner,
  dot = inner,
  ...limits
}: CgOptions & { readonly preconditioner?: Operator<X> } = {}): LinearSolverOn<X> => {
  return (operator) => {
    const given = preconditioned('cg', operator, preconditioner)
    return refined('cg', operator, limits, method(preconditioner && given, dot))
  }
}

/** M by the size of what it makes of the first residual, a number that cancels: so p is about 1, as r is, and squares neither overflow nor underflow. */
const ofUnitSize = <X>(precondition: ((r: X) => X) | undefined, r: X): ((r: X) => X) => {
  if (precondition === undefined) return (r) => r
  const unit = scaleOf(precondition(r))
  return (r) => over(precondition(r), unit)
}

const method =
  <X>(given: ((r: X) => X) | undefined, dot: Dot): Method<X> =>
  (apply, r, limit) => {
    const precondition = ofUnitSize(given, r)
    const dtype = dtypeOf('cg', r)
    const slack = 8 * epsilonOf(dtype)
    const z = precondition(r)
    const rho = dot(r, z)
    const init: State<X> = {
      d: zeroLike(r),
      r,
      p: z,
      rho,
      norm: length(r),
      stop: firstOf([[lessEqual(rho, 0), code.breakdown]], running),
      iterations: integer(0),
      ...noCurvatures(dtype),
    }
    // below it a recurrence that began at 1 says nothing of the residual
    const floor = maximum(limit.target, epsilonOf(dtype) ** 2)
    const goesOn = (s: State<X>): Tensor => unfinished(s, { ...limit, target: floor })
    const step = (s: State<X>): State<X> => {
      const q = apply(s.p)
      const along = dot(s.p, q)
      const size = dot(s.p, s.p)
      const curvature = div(along, size)
      const { least, greatest } = withCurvature(s, curvature)
      const most = maximum(greatest, neg(least))
      const flat = mul(slack, most)
      // ‖A p‖² ≤ λmax pᵀA p where A has no negative curvature: an element of A p that is longer gives it away
      const longest = largest(q)
      const bent = greater(longest, mul(most, sqrt(mul(2 * slack, size))))
      const alpha = div(s.rho, along)
      const next = addScaled(s.r, neg(alpha), q)
      const z = precondition(next)
      const rho = dot(next, z)
      const norm = sqrt(dot(next, next))
      const stop = firstOf(
        [
          [logicalNot(isFinite(longest)), code.nonfinite],
          [logicalNot(isFinite(along)), code.breakdown],
          [less(curvature, neg(flat)), code.indefinite],
          [lessEqual(curvature, flat), where(bent, code.indefinite, code.singular)],
          // of finite products: a step so long that the recurrence is lost
          [logicalNot(isFinite(norm)), code.breakdown],
          [logicalAnd(lessEqual(rho, 0), greater(norm, 0)), code.breakdown],
        ],
        running,
      )
      // a step along a direction that bends the wrong way is not taken
      const valid = logicalAnd(greater(curvature, flat), isFinite(norm))
      return {
        d: choose(valid, addScaled(s.d, alpha, s.p), s.d),
        r: choose(valid, next, s.r),
        p: addScaled(z, div(rho, s.rho), s.p),
        rho,
        norm: where(valid, norm, s.norm),
        stop,
        iterations: add(s.iterations, integer(1)),
        least,
        greatest,
      }
    }
    const { d, stop, iterations, least, greatest } = whileLoop(goesOn, step, init)
    return { d, stop, iterations, products: iterations, least, greatest }
  }
