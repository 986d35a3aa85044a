/** One-pass hypergradients: the implicit function theorem on the update of the weights, at weights that have not converged.
 *
 *  Ψ(w, λ) = weights(Φ(s with w, λ; batch)) at the state before the last step, so that w₊ = Ψ(w, λ) = w − u(w, λ)
 *  dF/dλ ≈ ∂F/∂λ + Bᵀ p,   p = Σ_{j<terms} (Jᵀ)ʲ ∂F/∂w₊      J = ∂Ψ/∂w = I − ∂u/∂w,   B = ∂Ψ/∂λ = −∂u/∂λ
 *
 *  Any continuous hyperparameter of any differentiable update: learning rate, momentum, decay, clipping, one for all weights or one for each.
 *  J and B belong to the weights before the step, ∂F/∂w₊ to those after it. What the optimiser remembers is a constant.
 *  terms    the paper's i; its pseudocode takes one more, its code and displayed sum this many.
 *  Needs    nothing converged, nothing restarted; momenta and averages before the last step count as constants. Where terms grow, the sum is a look-back of
 *           so many steps and nothing more: `expanding`.
 *  Cost     terms products with Jᵀ (the last one gives B too, and the residual), a gradient of F; memory of one step's second derivatives.
 *  Fails    expanding | nonfinite | disconnected; `truncated` is the rule, unless so many terms were taken that nothing is left of the residual
 *  Laws     terms = 1: the derivative of F(Φ(s, λ)) by one step;  terms → ∞: (I − Jᵀ)⁻¹;  equals the Neumann series of ∂u/∂wᵀ with α = 1
 *  Source   Clarke, Oldewage, Hernández-Lobato 2022, Algorithm 1 */

import { vjp } from '@neumann/autodiff'
import { greater, lessEqual } from '@neumann/linalg-gpu'
import { eager, fail } from '@neumann/linalg-gpu/program'
import { frame, vectors } from '@neumann/linalg-gpu/solvers'
import { certified } from '../certificate/evidence.js'
import { reach } from '../certificate/reach.js'
import type { Problem } from '../problem/problem.js'
import { direct, reachedBy } from './direct.js'
import type { Estimator, PointWith } from './estimator.js'
import { norm, partialSum, ratio } from './series.js'

const { addScaled, dtypeOf, epsilonOf, minus, over, plus, scaleOf } = vectors

export interface OnePassOptions {
  /** The number of terms, at least 1; 5 by default, as in the paper's experiments. */
  readonly terms?: number
}

type Needs = 'previous' | 'hyper' | 'train' | 'validation'

/** @example const { problem, step } = momentumR1()
 *  onePass({ terms: 5 })(problem)(null, step).gradient.lr // => f64[] 13.1962 */
export const onePass = ({ terms = 5 }: OnePassOptions = {}) => {
  if (!Number.isInteger(terms) || terms < 1) fail('onePass', `terms is an integer ≥ 1, got ${terms}.`)
  return <S, W, H, T, V>({
    update,
    weights: part,
    outer,
  }: Problem<S, W, H, T, V>): Estimator<PointWith<Needs, S, H, T, V>, H, null> => {
    const estimate = eager((_: null, { previous, hyper, train, validation }: PointWith<Needs, S, H, T, V>) => {
      const before = part.get(previous)
      const at = vjp((w: W, h: H) => part.get(update(part.set(previous, w), h, train)), [before, hyper])
      const pull = at.pull as (c: W) => readonly [W, H]
      const own = direct(outer, at.out as W, hyper, validation)
      // products of tiny gradients must not underflow: the series is linear
      const scale = scaleOf(own.byWeights)
      const right = over(own.byWeights, scale)
      const { sum, sizes } = partialSum((c: W) => pull(c)[0], right, terms)
      const [carried, indirect] = pull(sum)
      // b − (I − Jᵀ) p, by the one product that is made anyway
      const left = norm(plus(minus(right, sum), carried))
      const residual = ratio(left, norm(right))
      // of a single term only the next one tells, which the residual is
      const contraction = terms === 1 ? residual : ratio(sizes[1], sizes[0])
      const gradient = addScaled(own.byHyper, scale, indirect)
      const dtype = dtypeOf('onePass', before)
      return {
        gradient,
        value: own.value,
        memory: null,
        certificate: certified({
          gradient,
          value: own.value,
          products: terms,
          reaches: reachedBy(reach('onePass', pull, before), own, terms),
          cases: [
            // terms of a step that is next to nothing are of one length but for rounding
            [greater(contraction, 1 + 64 * epsilonOf(dtype)), 'expanding'],
            [lessEqual(residual, frame.toleranceOf('onePass', undefined, dtype)), 'converged'],
          ],
          otherwise: 'truncated',
          stationarity: norm(minus(at.out as W, before)),
          residual,
          contraction,
        }),
      }
    })
    return Object.assign(estimate, { init: () => null, needs: ['previous', 'hyper', 'train', 'validation'] as const })
  }
}
