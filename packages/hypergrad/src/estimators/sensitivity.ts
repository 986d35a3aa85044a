/** How the inner state moves with each scalar of λ: carried along with the steps, so that no step is kept.
 *
 *  Z ← A Z + B,   s ← Φ(s, λ; batch)      Z = ∂s/∂λ,   A = ∂Φ/∂s,   B = ∂Φ/∂λ
 *
 *  Shapes   Z: tree of s with a new leading axis of m, the number of scalars in λ; what is no float in s (counters, keys) has zeros there
 *  Cost     a step and m products with its Jacobian, side by side; memory of m states, however many steps */

import { jvp, linearize, ravel, vmap } from '@neumann/autodiff'
import { eye, fullLike, scan, type Tensor, treeMap, zeros } from '@neumann/linalg-gpu'
import { type DType, eager, fail, tensorsOf } from '@neumann/linalg-gpu/program'
import { vectors } from '@neumann/linalg-gpu/solvers'
import { certified } from '../certificate/evidence.js'
import { reaching } from '../certificate/reach.js'
import type { Problem } from '../problem/problem.js'
import { direct } from './direct.js'
import type { Estimate } from './estimator.js'
import { replay, type Stretch } from './replay.js'

/** λ as one vector of m, and the way back.
 *  Fails    where m is so large that reverse mode is the remedy */
const scalarsOf = <H>(name: string, hyper: H): ReturnType<typeof ravel<H>> => {
  const all = ravel(hyper)
  const m = all.flat.shape[0]!
  if (m > most)
    fail(
      name,
      `λ has ${m} scalars, and each would have its own run beside the state: above ${most} take unrolled, which goes backwards once.`,
    )
  return all
}

const most = 1000

/** All directions of λ: a tree of it with a leading axis of m, one scalar after the other. */
const directions = <H>({ flat, unravel }: ReturnType<typeof ravel<H>>): H => {
  const m = flat.shape[0]!
  return vmap(unravel)(eye(m, m, { dtype: flat.dtype as DType }))
}

/** Z where a run begins: ∂s₀/∂λ, or 0 where s₀ does not depend on λ. */
export const firstSensitivity = <S, H>(name: string, start: ((hyper: H) => S) | undefined, state: S, hyper: H): S => {
  const all = scalarsOf(name, hyper)
  if (start !== undefined) return vmap(linearize(start, [hyper]).push as (direction: H) => S)(directions(all))
  return treeMap((x: Tensor) => zeros([all.flat.shape[0]!, ...x.shape], { dtype: x.dtype as DType }), state) as S
}

/** Z and s, some steps on; then dF/dλ = ∂F/∂λ + Zᵀ ∂F/∂s there. The memory of the estimate is the new Z. */
export const sensitive = eager(
  <S, W, H, T, V>(
    name: string,
    { update, weights: part, outer, start }: Problem<S, W, H, T, V>,
    before: S,
    way: Stretch<S, T>,
    hyper: H,
    validation: V,
  ): Estimate<H, S> => {
    const scalars = scalarsOf(name, hyper)
    const all = directions(scalars)
    const step = ([s, z]: readonly [S, S], batch: T): readonly [readonly [S, S], null] => {
      const { out, push } = linearize((state: S, h: H) => update(state, h, batch), [s, hyper])
      return [[out, vmap(push as (s: S, h: H) => S)(z, all)], null]
    }
    const [state, after] = scan(step, [way.from, before] as readonly [S, S], way.batches, { length: way.steps })[0]
    const seen = linearize((s: S) => part.get(s), [state])
    const own = direct(outer, seen.out as W, hyper, validation)
    const along = vmap((z: S) => vectors.inner(own.byWeights, (seen.push as (z: S) => W)(z)))
    const gradient = vectors.plus(own.byHyper, scalars.unravel(along(after)))
    // λ is seen where a tangent of it gets into those weights at the end that F sees
    const end = (h: H): W => part.get(replay(update, way.cut || start === undefined ? way.from : start(h), h, way))
    const carried = (direction: H): readonly Tensor[] =>
      tensorsOf(name, jvp(end, [hyper], [direction] as never).tangent).leaves.filter((_, i) => own.sees[i])
    return {
      gradient,
      value: own.value,
      memory: after,
      certificate: certified({
        gradient,
        value: own.value,
        products: way.steps * scalars.flat.shape[0]!,
        reaches: reaching(name, carried, hyper).map((reach, i) => reach || own.seesHyper[i]!),
        otherwise: way.cut ? 'truncated' : 'converged',
        ...(!way.cut && { residual: fullLike(own.value, 0) }),
      }),
    }
  },
)
