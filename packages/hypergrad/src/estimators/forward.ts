/** Hypergradients by forward mode through the inner steps.
 *
 *  Z ← A Z + B with each step, from Z = ∂s₀/∂λ;   dF/dλ = ∂F/∂λ + Zᵀ ∂F/∂s_T      A = ∂Φ/∂s,  B = ∂Φ/∂λ
 *
 *  The gradient of `unrolled`, without a tape: for few hyperparameters and many steps. Updates may hold while loops, which reverse mode cannot go through.
 *  With fewer `steps` than there are batches the last ones count and the others are run, as there.
 *  Shapes   Z: m states, m the number of scalars in λ, at most 1000
 *  Cost     m products a step, side by side; memory does not depend on how many steps there are
 *  Fails    truncated | nonfinite | disconnected
 *  Laws     equals `unrolled`;  is `realTime` from Z = ∂s₀/∂λ
 *  Source   Franceschi et al. 2017, Alg. 2 */

import { eager } from '@neumann/linalg-gpu/program'
import type { Problem } from '../problem/problem.js'
import type { Estimator, Forgetful, PointWith } from './estimator.js'
import { stretch } from './replay.js'
import { firstSensitivity, sensitive } from './sensitivity.js'

export interface ForwardOptions {
  /** How many of the last steps count: all by default. To be given where the batches hold no tensors; it is their number then. */
  readonly steps?: number
}

type Needs = 'hyper' | 'trajectory' | 'validation'

/** @example const { problem, optimum } = R1()
 *  forward({ steps: 30 })(problem)(null, optimum).gradient // => f64[2] [0.107491, -0.35784] */
export const forward =
  ({ steps }: ForwardOptions = {}): Forgetful<Needs> =>
  <S, W, H, T, V>(problem: Problem<S, W, H, T, V>): Estimator<PointWith<Needs, S, H, T, V>, H, null> => {
    const estimate = eager((_: null, { hyper, trajectory, validation }: PointWith<Needs, S, H, T, V>) => {
      const way = stretch('forward', problem, hyper, trajectory, steps)
      const begin = firstSensitivity('forward', way.cut ? undefined : problem.start, way.from, hyper)
      return { ...sensitive('forward', problem, begin, way, hyper, validation), memory: null }
    })
    return Object.assign(estimate, { init: () => null, needs: ['hyper', 'trajectory', 'validation'] as const })
  }
