/** The evidence that comes with a hypergradient. Inside programs it is tensors; `decode` turns it into words. */

import type { Mapped, Tensor, TensorLike } from '@neumann/linalg-gpu'

/** How an estimate ended, most welcome first. In programs it is an i32, the place in this list.
 *
 *    converged      the adjoint equation is solved to its tolerance, or the derivative is exact for the steps that were taken
 *    truncated      the adjoint was cut off on purpose; `residual` says what is missing
 *    expanding      the terms of the series grow: a look-back of so many steps, on its way to no limit. Take fewer terms, or a smaller step
 *    unstationary   the inner problem is far from solved: solving it would move F by more than was allowed (`gap`). Take more inner steps
 *    unstable       α λmax ≥ 1.9: the series is about to diverge, and is blind along that eigenvector. Take a smaller α
 *    indefinite     negative curvature was met: damp it, or use Gauss–Newton products
 *    breakdown      the solver could not go on, or rounding did not let the residual fall further
 *    diverged       the series or the solver's residual grew, so that it was cut off where it was best
 *    singular       a direction that the operator maps to nothing: no solution, or many
 *    nonfinite      NaN or infinity in the objective, in a product or in the gradient
 *    disconnected   some hyperparameter reaches the objective in no way at all; its gradient is zero for that reason */
export const certificateStatuses = [
  'converged',
  'truncated',
  'expanding',
  'unstationary',
  'unstable',
  'indefinite',
  'breakdown',
  'diverged',
  'singular',
  'nonfinite',
  'disconnected',
] as const

export type CertificateStatus = (typeof certificateStatuses)[number]

export interface Certificate<H> {
  /** i32: see `certificateStatuses`. */
  readonly status: Tensor
  /** How far the inner point is from stationary: ‖∂f/∂w‖, or ‖Φ(s) − s‖. NaN where the estimator does not care. */
  readonly stationarity: Tensor
  /** By how much F would change, to first order, if the inner problem were solved from here: the bias of an implicit gradient in units of F. NaN where unknown. */
  readonly gap: Tensor
  /** Of the adjoint equation A p = b: ‖b − A p‖ / ‖b‖, from a product made anew. 0 where the derivative is exact; NaN where there is no such equation. */
  readonly residual: Tensor
  /** The least and the greatest curvature that was seen: xᵀA x / xᵀx along directions taken. ∞ and −∞ where none was. */
  readonly curvature: readonly [least: Tensor, greatest: Tensor]
  /** Of a series: the ratio of its last two terms, below 1 on the way to a limit. NaN where there is none. */
  readonly contraction: Tensor
  /** α λmax of a series with step α, as far as seen: it converges below 2. NaN where there is none. */
  readonly stability: Tensor
  /** i32: products with second derivatives, or with the Jacobian of Φ, that were spent. */
  readonly products: Tensor
  /** For each leaf of λ whether it reaches the objective: booleans, found from the program and not from numbers. */
  readonly reaches: Mapped<H, TensorLike, Tensor>
}
