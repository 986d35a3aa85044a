/** A step that is shortened until the residual falls.
 *
 *  ‖F(x + λ d)‖ ≤ (1 − c λ) ‖F(x)‖,   c = 10⁻⁴;   λ = 1, then the least of the parabola through ‖F‖² at 0 and λ, of slope −2 ‖F‖² at 0,
 *  not below λ / 10, not above λ / 2
 *
 *  Needs    d with J d ≈ −F, as any approximate Newton step is: then a small λ serves, unless rounding hides it.
 *  Differs  from the book: ‖F‖ has to fall at all, where c λ is below rounding.
 *  Source   Armijo 1966; Dennis, Schnabel 1983, section 6.3 */

import {
  add,
  array,
  div,
  isFinite,
  less,
  lessEqual,
  logicalAnd,
  logicalNot,
  maximum,
  minimum,
  mul,
  onesLike,
  square,
  sub,
  type Tensor,
  where,
  whileLoop,
} from '@neumann/linalg-gpu'
import { frame, vectors } from '@neumann/linalg-gpu/solvers'

const { addScaled, length } = vectors
const { integer } = frame

/** Steps that are tried. */
const most = 21
const decrease = 1e-4

/** A point, and the residual there. */
export interface Measured<X> {
  readonly x: X
  readonly r: X
  readonly norm: Tensor
}

export interface Backtracked<X> extends Measured<X> {
  /** bool: whether such a step was found. */
  readonly found: Tensor
  readonly evaluations: Tensor
}

interface State<X> extends Backtracked<X> {
  /** The next λ. */
  readonly step: Tensor
}

export const backtrack = <X>(residualAt: (x: X) => X, { x, r, norm }: Measured<X>, d: X): Backtracked<X> => {
  const tried = ({ step, evaluations }: State<X>): State<X> => {
    const next = addScaled(x, step, d)
    const after = residualAt(next)
    const size = length(after)
    const enough = lessEqual(size, mul(sub(1, mul(decrease, step)), norm))
    const shorter = div(step, add(sub(square(div(size, norm)), 1), mul(2, step)))
    return {
      x: next,
      r: after,
      norm: size,
      found: logicalAnd(logicalAnd(isFinite(size), less(size, norm)), enough),
      step: mul(step, where(isFinite(size), minimum(0.5, maximum(0.1, shorter)), 0.25)),
      evaluations: add(evaluations, integer(1)),
    }
  }
  const init = { x, r, norm, found: array(false), step: onesLike(norm), evaluations: integer(0) }
  const { step: _, ...end } = whileLoop(
    ({ found, evaluations }: State<X>) => logicalAnd(logicalNot(found), less(evaluations, integer(most))),
    tried,
    init,
  )
  return end
}
