/** Hypergradients by reverse mode through the inner steps.
 *
 *  aₜ₋₁ = aₜ Aₜ,   dF/dλ = ∂F/∂λ + Σₜ aₜ Bₜ + a₀ ∂s₀/∂λ      a_T = ∂F/∂s_T,   Aₜ = ∂Φₜ/∂sₜ₋₁,   Bₜ = ∂Φₜ/∂λ
 *
 *  Exact for the steps that were taken, converged or not. With fewer `steps` than there are batches it is cut off: the last ones count, the others are run.
 *  Needs    a trajectory whose steps can be gone again: batches, masks and noise are in its batches. Where the problem has a `start`, the run begins there.
 *  keep     'all'      what every step needs for its derivative: fastest
 *           'states'   the state before each step; its inside is computed again
 *           'sqrt'     the state before each of √n stretches of √n steps, which are computed again
 *  Cost     n steps and n pulls, 3 to 4 gradients a step; one step more each with 'states' and 'sqrt'
 *  Fails    truncated | nonfinite | disconnected. `residual` is ‖a‖/‖∂F/∂s‖ where it was cut off: what would have been carried on.
 *  Laws     equals `forward`;  n → ∞ equals `implicit`;  cut after k at an optimum = implicit(neumann({ terms: k })) with the step of the descent
 *  Source   Franceschi et al. 2017, Alg. 1; Shaban et al. 2019 (truncated); Griewank, Walther 2000 (checkpoints) */

import { checkpoint, vjp } from '@neumann/autodiff'
import { div, fullLike, greater, type Tensor, where } from '@neumann/linalg-gpu'
import { eager, fail, isFloat, tensorsOf } from '@neumann/linalg-gpu/program'
import { vectors } from '@neumann/linalg-gpu/solvers'
import { certified } from '../certificate/evidence.js'
import { reached } from '../certificate/reach.js'
import type { Problem } from '../problem/problem.js'
import { direct } from './direct.js'
import type { Estimator, Forgetful, PointWith } from './estimator.js'
import { replay, stretch } from './replay.js'

const { addScaled, length, over, plus, scaleOf } = vectors

export interface UnrolledOptions {
  /** How many of the last steps count: all by default. To be given where the batches hold no tensors; it is their number then. */
  readonly steps?: number
  /** What stays in memory until the way back: 'all' by default. */
  readonly keep?: 'all' | 'states' | 'sqrt'
}

type Needs = 'hyper' | 'trajectory' | 'validation'

/** @example const { problem, optimum } = R1()
 *  unrolled({ steps: 30 })(problem)(null, optimum).gradient // => f64[2] [0.107491, -0.35784] */
export const unrolled = ({ steps, keep = 'all' }: UnrolledOptions = {}): Forgetful<Needs> => {
  if (keep !== 'all' && keep !== 'states' && keep !== 'sqrt')
    fail('unrolled', `keep is 'all', 'states' or 'sqrt', got ${String(keep)}.`)
  return <S, W, H, T, V>(problem: Problem<S, W, H, T, V>): Estimator<PointWith<Needs, S, H, T, V>, H, null> => {
    const { update, weights: part, outer, start } = problem
    const step = keep === 'states' ? checkpoint(update) : update
    const estimate = eager((_: null, { hyper, trajectory, validation }: PointWith<Needs, S, H, T, V>) => {
      const way = stretch('unrolled', problem, hyper, trajectory, steps)
      const run = (s: S, h: H): W => part.get(replay(step, s, h, way))
      const at = vjp(keep === 'sqrt' ? checkpoint(run, { policy: 'sqrt' }) : run, [way.from, hyper])
      const pull = at.pull as (c: W) => readonly [S, H]
      const toStart = start === undefined || way.cut ? null : (vjp(start, [hyper]).pull as (c: S) => readonly [H])
      const back = (c: W): readonly [S, H] => {
        const [carried, indirect] = pull(c)
        return [carried, toStart === null ? indirect : plus(indirect, toStart(carried)[0])]
      }
      const own = direct(outer, at.out as W, hyper, validation)
      // a tiny gradient must not underflow on its way back, which is linear
      const scale = scaleOf(own.byWeights)
      const right = over(own.byWeights, scale)
      const [carried, indirect] = back(right)
      const gradient = addScaled(own.byHyper, scale, indirect)
      return {
        gradient,
        value: own.value,
        memory: null,
        certificate: certified({
          gradient,
          value: own.value,
          products: way.steps,
          reaches: reached('unrolled', (c: W) => back(c)[1], right, own.sees).map(
            (reach, i) => reach || own.seesHyper[i]!,
          ),
          otherwise: way.cut ? 'truncated' : 'converged',
          residual: way.cut ? relative(carried, right) : fullLike(own.value, 0),
        }),
      }
    })
    return Object.assign(estimate, { init: () => null, needs: ['hyper', 'trajectory', 'validation'] as const })
  }
}

/** ‖a‖/‖b‖ of what are floats in a cotangent: counters and keys have none. */
const relative = (a: unknown, b: unknown): Tensor => {
  const floats = tensorsOf('unrolled', a).leaves.filter((x) => isFloat(x.dtype))
  const size = length(b)
  return where(greater(size, 0), div(length(floats), size), 0)
}
