/** For tests: R1 with its learning rate among the hyperparameters, and a run of momentum with a rate and a momentum of its own at each step. */

import { grad } from '@neumann/autodiff'
import { add, array, exp, iota, matmul, mul, square, sub, sum, type Tensor, take, zeros } from '@neumann/linalg-gpu'
import { sgd } from '@neumann/precond'
import { R1Data } from '../fixtures/r1.js'
import { fromLoss } from '../problem/fromLoss.js'
import { field } from '../problem/lens.js'
import type { Problem } from '../problem/problem.js'

type Float = 'f32' | 'f64'

const losses = (dtype: Float) => {
  const put = (values: unknown): Tensor => array(values as never, { dtype })
  const [X, y, Xv, yv] = [put(R1Data.X), put(R1Data.y), put(R1Data.Xv), put(R1Data.yv)]
  const half = (residual: Tensor): Tensor => mul(0.5, sum(square(residual)))
  return {
    put,
    inner: (w: Tensor, lambda: Tensor): Tensor =>
      add(half(sub(matmul(X, w), y)), mul(0.5, sum(mul(exp(lambda), square(w))))),
    outer: (w: Tensor): Tensor => half(sub(matmul(Xv, w), yv)),
  }
}

/** Steps that are counted by the batches, which say nothing else. */
export const batches = (steps: number): Tensor => zeros([steps])

/** Gradient descent on R1; λ and the learning rate are hyperparameters, in the order of their names. */
export const descentR1 = (dtype: Float = 'f64') => {
  const { put, inner, outer } = losses(dtype)
  const problem = fromLoss({
    inner: (w: Tensor, { lambda }: { readonly lambda: Tensor; readonly lr: Tensor }, _: Tensor) => inner(w, lambda),
    outer: (w: Tensor, _: { readonly lambda: Tensor; readonly lr: Tensor }, _v: null) => outer(w),
    optimiser: sgd,
    settings: ({ lr }) => ({ lr }),
  })
  const hyper = { lambda: put([0, Math.log(2)]), lr: put(0.1) }
  return {
    put,
    problem,
    hyper,
    /** A run of so many steps from w = 0. */
    run: (steps: number) => ({
      hyper,
      validation: null,
      trajectory: { start: problem.begin(put([0, 0])), batches: batches(steps) },
    }),
  }
}

interface Schedules {
  readonly alpha: Tensor
  readonly gamma: Tensor
  readonly lambda: Tensor
  readonly start: { readonly v: Tensor; readonly w: Tensor }
}

/** v ← γₜ v − (1 − γₜ) ∂f/∂w,   w ← w + αₜ v     on R1, three steps; the batch is t */
export const scheduledR1 = (dtype: Float = 'f64') => {
  const { put, inner, outer } = losses(dtype)
  type State = Schedules['start']
  const problem: Problem<State, Tensor, Schedules, Tensor, null> = {
    update: ({ w, v }, { alpha, gamma, lambda }, t) => {
      const [rate, keep] = [take(alpha, t), take(gamma, t)]
      const next = sub(mul(keep, v), mul(sub(1, keep), grad(inner)(w, lambda)))
      return { w: add(w, mul(rate, next)), v: next }
    },
    weights: field('w'),
    outer,
    start: ({ start }) => start,
  }
  const zero = { w: put([0, 0]), v: put([0, 0]) }
  const hyper: Schedules = {
    alpha: put([0.5, 0.4, 0.3]),
    gamma: put([0.9, 0.8, 0.7]),
    lambda: put([0, Math.log(2)]),
    start: zero,
  }
  return { problem, point: { hyper, validation: null, trajectory: { start: zero, batches: iota([3]) } } }
}
