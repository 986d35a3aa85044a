/** Hypergradients by central differences of whole runs: the plain rival, and an oracle.
 *
 *  ∂F/∂λₖ ≈ D(h) = (F(λ + h eₖ) − F(λ − h eₖ)) / 2h;   with `order` 4: (4 D(h/2) − D(h)) / 3      h = step · max(1, |λₖ|)
 *
 *  F at the end of the trajectory. With fewer `steps` than there are batches the others are run at λ, as in `unrolled`.
 *  step     ε^⅓ by default (ε^⅕ with order 4), ε of the dtype: 5e-3 in f32, 6e-6 in f64, where rounding ε|F|/h and curvature h²F‴ are in balance
 *  Needs    a smooth F: with steps beyond stability, or kinks, differences are of a function that has no derivative worth the name.
 *  Cost     2m runs (4m with order 4), m the number of scalars in λ, `chunk` side by side
 *  Fails    nonfinite | disconnected; else it is `truncated`. `residual`, with order 4, is how much the second difference changed: ‖D − D(h/2)‖/‖D‖.
 *  Laws     equals `unrolled` and `forward` up to h² (h⁴) */

import { ravel, vmap } from '@neumann/autodiff'
import {
  abs,
  add,
  concatenate,
  diag,
  diagonal,
  div,
  expandDims,
  greater,
  maximum,
  mul,
  slice,
  sub,
  type Tensor,
  where,
} from '@neumann/linalg-gpu'
import { type DType, eager, fail } from '@neumann/linalg-gpu/program'
import { vectors } from '@neumann/linalg-gpu/solvers'
import { certified } from '../certificate/evidence.js'
import { reaching } from '../certificate/reach.js'
import type { Problem } from '../problem/problem.js'
import type { Estimator, Forgetful, PointWith } from './estimator.js'
import { replay, stretch } from './replay.js'

const { epsilonOf, length } = vectors

export interface FiniteDifferenceOptions {
  /** h, relative to max(1, |λₖ|). */
  readonly step?: number
  /** Of the error in h: 2 by default. */
  readonly order?: 2 | 4
  /** How many of the last steps count: all by default. To be given where the batches hold no tensors; it is their number then. */
  readonly steps?: number
  /** How many runs are in memory at a time: 32 by default. */
  readonly chunk?: number
}

type Needs = 'hyper' | 'trajectory' | 'validation'

/** @example const { problem, optimum } = R1()
 *  finiteDifference({ steps: 30 })(problem)(null, optimum).gradient // => f64[2] [0.107491, -0.35784] */
export const finiteDifference = ({
  step,
  order = 2,
  steps,
  chunk = 32,
}: FiniteDifferenceOptions = {}): Forgetful<Needs> => {
  if (order !== 2 && order !== 4) fail('finiteDifference', `order is 2 or 4, got ${String(order)}.`)
  if (step !== undefined && !(step > 0)) fail('finiteDifference', `step is a positive number, got ${step}.`)
  return <S, W, H, T, V>(problem: Problem<S, W, H, T, V>): Estimator<PointWith<Needs, S, H, T, V>, H, null> => {
    const { update, weights: part, outer, start } = problem
    const estimate = eager((_: null, { hyper, trajectory, validation }: PointWith<Needs, S, H, T, V>) => {
      const way = stretch('finiteDifference', problem, hyper, trajectory, steps)
      const end = (h: H): Tensor =>
        outer(part.get(replay(update, way.cut || start === undefined ? way.from : start(h), h, way)), h, validation)
      const { flat, unravel } = ravel(hyper)
      const m = flat.shape[0]!
      const each = vmap((row: Tensor) => end(unravel(row)), { chunk })
      const h = mul(step ?? epsilonOf(flat.dtype as DType) ** (order === 2 ? 1 / 3 : 1 / 5), maximum(1, abs(flat)))
      const difference = (by: Tensor): Tensor => {
        const rows = expandDims(flat, 0)
        const [above, below] = [add(rows, diag(by)), sub(rows, diag(by))]
        const values = each(concatenate([above, below]))
        // divided by the step that was really taken, after rounding
        return div(sub(slice(values, [0, m]), slice(values, [m, 2 * m])), diagonal(sub(above, below)))
      }
      const coarse = difference(h)
      const fine = order === 2 ? null : difference(mul(0.5, h))
      const best = fine === null ? coarse : div(sub(mul(4, fine), coarse), 3)
      const gradient = unravel(best)
      const value = end(hyper)
      const size = length(best)
      return {
        gradient,
        value,
        memory: null,
        certificate: certified({
          gradient,
          value,
          products: 0,
          reaches: reaching('finiteDifference', end, hyper),
          otherwise: 'truncated',
          ...(fine !== null && { residual: where(greater(size, 0), div(length(sub(best, fine)), size), 0) }),
        }),
      }
    })
    return Object.assign(estimate, { init: () => null, needs: ['hyper', 'trajectory', 'validation'] as const })
  }
}
