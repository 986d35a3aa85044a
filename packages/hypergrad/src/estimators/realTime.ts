/** Real-time hypergradients (RTHO): forward mode that goes on while λ changes.
 *
 *  Z ← A Z + B with each step since the last estimate, never reset;   dF/dλ ≈ ∂F/∂λ + Zᵀ ∂F/∂s      A = ∂Φ/∂s,  B = ∂Φ/∂λ
 *
 *  Z is the memory: hand it on with the state, whose steps since the last estimate are the trajectory.
 *  Needs    each step once, in order: a step that no trajectory holds is missing in Z. The run is not begun again: `start` counts for the first Z alone.
 *  Bias     Z mixes derivatives at the λ of different times, as if the λ of now had always been used. The first steps have a small Z and huge gradients by the
 *           learning rate: clip them.
 *  Cost     as `forward`, for the new steps only
 *  Fails    nonfinite | disconnected. It is `converged` in the sense that nothing was cut off: of the mixture of λ it cannot know.
 *  Laws     from the first Z, at one λ: `forward`
 *  Source   Franceschi et al. 2017, RTHO
 *  @example const { problem, optimum } = R1()
 *  const estimate = realTime({ steps: 30 })(problem)
 *  estimate(estimate.init(optimum), optimum).gradient // => f64[2] [0.107491, -0.35784] */

import { eager, fail } from '@neumann/linalg-gpu/program'
import type { Problem } from '../problem/problem.js'
import type { Estimator, PointWith } from './estimator.js'
import type { ForwardOptions } from './forward.js'
import { stepsOf } from './replay.js'
import { firstSensitivity, sensitive } from './sensitivity.js'

type Needs = 'hyper' | 'trajectory' | 'validation'

export const realTime =
  ({ steps }: ForwardOptions = {}) =>
  <S, W, H, T, V>(problem: Problem<S, W, H, T, V>): Estimator<PointWith<Needs, S, H, T, V>, H, S> => {
    const estimate = eager((memory: S, { hyper, trajectory, validation }: PointWith<Needs, S, H, T, V>) => {
      const { start: from, batches } = trajectory
      const all = stepsOf('realTime', batches, steps)
      if (steps !== undefined && steps < all)
        fail('realTime', `steps is ${steps}, the trajectory has ${all}: each of them counts once. Leave steps out.`)
      // the state goes on from where it is
      const { start: _, ...going } = problem
      return sensitive('realTime', going, memory, { from, batches, steps: all, cut: false }, hyper, validation)
    })
    return Object.assign(estimate, {
      init: eager(({ hyper, trajectory }: PointWith<Needs, S, H, T, V>) =>
        firstSensitivity('realTime', problem.start, trajectory.start, hyper),
      ),
      needs: ['hyper', 'trajectory', 'validation'] as const,
    })
  }
