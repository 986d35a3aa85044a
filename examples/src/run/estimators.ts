/** The estimators of hypergradients that the command offers. */

import { type Estimator, guarded, implicit, onePass, type Problem, unrolled } from '@neumann/hypergrad'
import { div } from '@neumann/linalg-gpu'
import { neumann } from '@neumann/linalg-gpu/solvers'
import type { Batch } from '../tasks/task.js'

export const estimators = ['onepass', 'unrolled', 'implicit'] as const

export type EstimatorName = (typeof estimators)[number]

/** terms    of `onepass` and `implicit` those of the series; of `unrolled` how many of the last steps count
 *  implicit  by a Neumann series whose step is found from the curvature */
export const estimatorOf =
  (name: EstimatorName, terms: number) =>
  <S, W, H, B extends Batch>(problem: Problem<S, W, H, B, B>): Estimator<never, H, unknown> => {
    switch (name) {
      case 'onepass':
        return onePass({ terms })(problem) as Estimator<never, H, unknown>
      case 'unrolled':
        return unrolled({ steps: terms })(problem) as Estimator<never, H, unknown>
      case 'implicit':
        return implicit(guarded((largest) => neumann({ terms, step: div(1, largest) })))(problem) as Estimator<
          never,
          H,
          unknown
        >
    }
  }
