/** Picard's iteration for fixed points: x ← x + β (f(x) − x).
 *
 *  Needs    f a contraction near its fixed point: ‖∂f/∂x‖ < 1. Damping β < 1 helps where ∂f/∂x has eigenvalues below −1.
 *  Equal    of optimistix.FixedPointIteration and jaxopt.FixedPointIteration, at β = 1.
 *  Cost     one value of f a step; the residual falls by the contraction factor of f.
 *  Fails    maxIterations | diverged (no contraction) | nonfinite
 *  Source   Picard 1890, Banach 1922 */

import { frame, running, vectors } from '@neumann/linalg-gpu/solvers'
import type { SearchOptions } from '../search.js'
import { dampingOf, type FixedPointSolver, searchedFixedPoint } from './families.js'

const { addScaled, length } = vectors
const { integer } = frame

export interface PicardOptions extends SearchOptions {
  /** β, 1 by default. */
  readonly damping?: number
}

/** Fixed points by repetition.
 *  @example const { x, status } = picard()((x: Tensor) => cos(x))(array(1, { dtype: 'f64' }))
 *  String(x) // => f64[] 0.739085
 *  statusOf(item(status)) // => converged */
export const picard = ({ damping = 1, ...options }: PicardOptions = {}): FixedPointSolver => {
  const beta = dampingOf('picard', damping)
  return <X>(f: (x: X) => X) =>
    searchedFixedPoint<X, null>(
      'picard',
      options,
      f,
      () => null,
      ({ x, r }, residualAt) => {
        const next = addScaled(x, beta, r)
        const after = residualAt(next)
        return { x: next, r: after, norm: length(after), memory: null, stop: integer(running), evaluations: integer(1) }
      },
    )
}
