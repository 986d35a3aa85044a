/** A step length for an operator of which nothing is known. */

import { foriLoop } from '../control/scan.js'
import { div, maximum, mul } from '../ops/arithmetic.js'
import { greater, isFinite, logicalAnd, where } from '../ops/comparison.js'
import { key } from '../random/key.js'
import type { Tensor } from '../trace/tensor.js'
import { randomIn } from './adjoint.js'
import type { Operator } from './operator.js'
import { divisor, length, over, plus } from './vectors.js'

/** ±1/‖A v‖ with the greatest ‖A v‖ of so many steps of the power method, below 0 where the operator is known to be negative; ±1 where it is 0.
 *  They begin at the residual, so that what the solver will meet is met, and at noise, so that nothing is missed.
 *  For symmetric A ‖A v‖ is never above λmax, and seldom below half of it, which is all that α < 2/λmax needs; the solver measures whether it was enough. */
export const automaticStep = <X>({ domain, facts, apply }: Operator<X>, residual: X, steps: number): Tensor => {
  const unit = (x: X): X => {
    const size = length(x)
    return over(x, divisor(size))
  }
  const { top } = foriLoop(
    0,
    steps,
    (_, s: { readonly v: X; readonly top: Tensor }) => {
      const v = apply(unit(s.v))
      return { v, top: maximum(s.top, length(v)) }
    },
    { v: plus(unit(residual), unit(randomIn(domain, key(0)))), top: mul(0, length(residual)) },
  )
  const sign = facts.definite === 'negative' || facts.definite === 'nonpositive' ? -1 : 1
  const usable = logicalAnd(greater(top, 0), isFinite(top))
  return div(sign, where(usable, top, 1))
}
