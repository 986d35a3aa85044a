/** What a solver returns: the vector, and the evidence. */

import { fail } from '../errors.js'
import type { Tensor } from '../trace/tensor.js'
import type { Operator } from './operator.js'

/** How a solve ended, most welcome first. In programs it is an i32, the place in this list; `statusOf` turns it back.
 *
 *    converged      ‖b − A x‖ ≤ tolerance · ‖b‖, computed anew from b, A and x
 *    maxIterations  it was on its way: allow more iterations, precondition, or accept the residual that is reported
 *    indefinite     a direction of negative curvature was met: the matrix is not positive definite. Damp it, use `minres`, or use Gauss–Newton products
 *    breakdown      the recurrence cannot go on, or rounding does not let the residual fall further: ask for less, use f64, precondition
 *    nonfinite      NaN or infinity in the right side or in a product
 *    diverged       the residual grew: the step is too long for the spectrum
 *    singular       a direction that A maps to nothing: no solution, or many */
export const statuses = [
  'converged',
  'maxIterations',
  'indefinite',
  'breakdown',
  'nonfinite',
  'diverged',
  'singular',
] as const

export type Status = (typeof statuses)[number]

/** The number of a status in programs. */
export const code = Object.fromEntries(statuses.map((status, i) => [status, i])) as Readonly<Record<Status, number>>

/** Goes on: the status of a loop that has not ended. */
export const running = -1

/** The status of a code that was read. @example statusOf(2) // => 'indefinite' */
export const statusOf = (value: number): Status =>
  statuses[value] ?? fail('statusOf', `${value} is no status: codes are 0 to ${statuses.length - 1}.`)

export interface Solution<X> {
  readonly x: X
  /** i32: see `statuses`. */
  readonly status: Tensor
  /** ‖b − A x‖ / ‖b‖ in 2-norms, computed anew from x; 0 for b = 0. */
  readonly residual: Tensor
  /** i32: the steps that were taken. */
  readonly iterations: Tensor
  /** i32: products with A and Aᵀ that were spent, those for the residual included. */
  readonly products: Tensor
  /** The least and the greatest xᵀA x / xᵀx along the directions that were taken; ∞ and −∞ where none was measured. */
  readonly curvature: readonly [least: Tensor, greatest: Tensor]
}

/** Solves A x = b from `start`, 0 by default. Of the many x of a singular operator any may be found. */
export type LinearSolverOn<X> = (operator: Operator<X>) => (b: X, start?: X) => Solution<X>
/** A solver for operators on any vectors. */
export type LinearSolver = <X>(operator: Operator<X>) => (b: X, start?: X) => Solution<X>

export interface LinearOptions {
  /** Of the residual, relative to b: 1e-5 in f32 and 1e-10 in f64 by default; a scalar tensor where a program decides. */
  readonly tolerance?: number | Tensor
  /** Steps in all, restarts included; by default 10 n, at most 1000. */
  readonly maxIterations?: number
}
