/** Solvers whose step is chosen from the curvature, which is followed from one estimate to the next.
 *
 *  v ← A v / ‖A v‖,   λ̂ = ‖A v‖ ≤ λmax     some power iterations an estimate, from the v of the last one
 *
 *  Needs    A symmetric. λ̂ comes from below: after few steps α = 1/λ̂ is still safe where λ̂ ≥ λmax/2.
 *  Cost     `powerSteps` products an estimate, one vector of n in memory */

import { greater, isFinite, key, logicalAnd, type Tensor, where } from '@neumann/linalg-gpu'
import { fail } from '@neumann/linalg-gpu/program'
import type { LinearSolverOn, Operator } from '@neumann/linalg-gpu/solvers'
import { vectors } from '@neumann/linalg-gpu/solvers'
import { normalLike } from './normalLike.js'

/** A solver that waits for λ̂. */
export interface Guarded<W> {
  readonly powerSteps: number
  readonly solver: (largest: Tensor) => LinearSolverOn<W>
}

/** A solver from the largest curvature that is known: the automatic α of a Neumann series is 1/λ̂.
 *  @example const automatic = guarded((largest) => neumann({ terms: 8, step: div(1, largest) }))
 *  const { certificate } = implicit(automatic)(R1().problem)(implicit(automatic)(R1().problem).init(R1().optimum), R1().optimum)
 *  String(certificate.stability) // => f64[] 1 */
export const guarded = <W>(
  solver: (largest: Tensor) => LinearSolverOn<W>,
  { powerSteps = 4 }: { readonly powerSteps?: number } = {},
): Guarded<W> => {
  if (!Number.isInteger(powerSteps) || powerSteps < 1)
    fail('guarded', `powerSteps is an integer ≥ 1, got ${powerSteps}.`)
  return { powerSteps, solver }
}

/** Where the first power iteration begins: random, but the same each time. */
export const firstProbe = <W>(weights: W): W => normalLike(key(0), weights)

/** Some powers of an operator on a vector, and how much the last one stretched it. Powers that are zero or not finite are no place to begin from
 *  next time: the vector before them stays. */
export const powered = <W>(
  operator: Operator<W>,
  probe: W,
  steps: number,
): { readonly probe: W; readonly largest: Tensor } => {
  let [vector, largest] = [probe, vectors.length(probe)]
  for (let i = 0; i < steps; i++) {
    vector = operator.apply(vectors.over(vector, where(greater(largest, 0), largest, 1)))
    largest = vectors.length(vector)
  }
  const usable = logicalAnd(greater(largest, 0), isFinite(largest))
  return { probe: vectors.choose(usable, vector, probe), largest }
}
