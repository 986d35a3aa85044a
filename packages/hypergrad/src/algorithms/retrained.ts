/** The audit of warm starts: the objective that training anew with the final hyperparameters reaches.
 *
 *  warm = F(w as it was found),   cold = F(w after training from the start with λ fixed)
 *
 *  Where the inner problem has many solutions, the two may be far apart: the path of λ has left information in w that λ itself does not hold.
 *  Source   Vicol, Lorraine, Pedregosa, Duvenaud, Grosse 2022 */

import type { Tensor } from '@neumann/linalg-gpu'
import { eager } from '@neumann/linalg-gpu/program'
import type { Problem } from '../problem/problem.js'
import { run } from './run.js'

export interface Audit<S, H, T, V> {
  /** The state that was found, warm. */
  readonly inner: S
  /** λ, as the problem has it (natural). */
  readonly hyper: H
  /** Where training begins anew. */
  readonly start: S
  /** Its batches, stacked; `steps` where they hold no tensors. */
  readonly batches: T
  readonly steps?: number
  readonly validation: V
}

/** @example const { problem, lambda, optimum, weights } = R1()
 *  const start = problem.begin(mul(weights, 0))
 *  const { warm, cold } = retrained(problem)({ inner: optimum.state, hyper: lambda, start, batches: null, steps: 60, validation: null })
 *  warm // => f64[] 0.588502
 *  cold // => f64[] 0.588502 */
export const retrained = <S, W, H, T, V>({ update, weights, outer }: Problem<S, W, H, T, V>) =>
  eager(
    ({
      inner,
      hyper,
      start,
      batches,
      steps,
      validation,
    }: Audit<S, H, T, V>): {
      readonly warm: Tensor
      readonly cold: Tensor
      readonly state: S
    } => {
      const { last } = run(update, { state: start, hyper, batches, steps })
      const at = (state: S): Tensor => outer(weights.get(state), hyper, validation)
      return { warm: at(inner), cold: at(last), state: last }
    },
  )
