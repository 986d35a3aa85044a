/** The problem of a descent with velocity, which `reversible` can run backwards. */

import { grad } from '@neumann/autodiff'
import { add, mul, sub, type Tensor, zeros, zerosLike } from '@neumann/linalg-gpu'
import { type DType, eager, tensorsOf, unflatten } from '@neumann/linalg-gpu/program'
import { field, type Lens } from '../problem/lens.js'
import type { LossProblem } from '../problem/problem.js'
import { atStep, leavesOf, type MomentumSettings } from './settings.js'

/** A problem whose update is v₊ = γ v − (1−γ) ∂f/∂w, w₊ = w + α v₊. */
export interface MomentumProblem<S, W, H, T, V> extends LossProblem<S, W, H, T, V> {
  readonly velocity: Lens<S, W>
  /** What of λ the learning rates and momenta are. */
  readonly settings: (hyper: H) => MomentumSettings
}

/** Weights, their velocity, and which step comes next: i32. */
export interface Moving<W> {
  readonly weights: W
  readonly velocity: W
  readonly step: Tensor
}

export interface MomentumParts<W, H, T, V> {
  readonly inner: (weights: W, hyper: H, train: T) => Tensor
  readonly outer: (weights: W, hyper: H, validation: V) => Tensor
  readonly settings: (hyper: H) => MomentumSettings
  /** Weights and velocity before the first step, where they depend on λ; at rest without a velocity. */
  readonly start?: (hyper: H) => { readonly weights: W; readonly velocity?: W }
}

/** v₊ = γₜ v − (1−γₜ) ∂f/∂w,   w₊ = w + αₜ v₊,   s = { weights: w, velocity: v, step: t }
 *  Learning rates α and momenta γ: one, one for each step, one for each tensor of the weights, or both.
 *  Differs  The velocity is an average of gradients, as in the paper; in `momentum` of @neumann/precond it is their
 *           sum: α (1−γ) here is α there.
 *  @example const { update, begin } = momentumProblem({
 *    inner: (w: Tensor) => sum(square(w)),
 *    outer: (w) => sum(w),
 *    settings: (hyper: { lr: Tensor }) => ({ lr: hyper.lr, momentum: 0.5 }),
 *  })
 *  update(begin(array([1, 2])), { lr: array([0.25, 0.5]) }, null).weights // => f32[2] [0.75, 1.5] */
export const momentumProblem = <W, H, T, V>({ inner, outer, settings, start }: MomentumParts<W, H, T, V>) => {
  const begin = (weights: W, velocity?: W): Moving<W> => {
    const { leaves, structure } = tensorsOf('momentumProblem', weights)
    return {
      weights,
      velocity: velocity ?? (unflatten(structure, leaves.map(zerosLike)) as W),
      step: zeros([], { dtype: 'i32' }),
    }
  }
  const update = eager(({ weights, velocity, step }: Moving<W>, hyper: H, train: T): Moving<W> => {
    const w = tensorsOf('momentumProblem', weights)
    const v = tensorsOf('momentumProblem', velocity).leaves
    const g = tensorsOf('momentumProblem', grad(inner)(weights, hyper, train)).leaves
    const { lr, momentum } = settings(hyper)
    const dtype = w.leaves[0]!.dtype as DType
    const alpha = leavesOf('momentumProblem', 'lr', lr, w.structure, dtype)
    const gamma = leavesOf('momentumProblem', 'momentum', momentum, w.structure, dtype)
    const next = v.map((x, i) => {
      const own = atStep(gamma[i]!, step)
      return sub(mul(own, x), mul(sub(1, own), g[i]!))
    })
    return {
      weights: unflatten(
        w.structure,
        w.leaves.map((x, i) => add(x, mul(atStep(alpha[i]!, step), next[i]!))),
      ) as W,
      velocity: unflatten(w.structure, next) as W,
      step: add(step, 1),
    }
  })
  const problem: MomentumProblem<Moving<W>, W, H, T, V> = {
    inner,
    outer,
    update,
    settings,
    weights: field('weights'),
    velocity: field('velocity'),
    ...(start !== undefined && {
      start: (hyper: H) => {
        const { weights, velocity } = start(hyper)
        return begin(weights, velocity)
      },
    }),
  }
  return { ...problem, begin }
}
