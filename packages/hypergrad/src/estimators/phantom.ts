/** Phantom gradients: the fixed point's adjoint equation cut off after a few damped terms.
 *
 *  dF/dλ ≈ ∂F/∂λ + Bᵀ p,   p = τ Σ_{t<terms} (τ Jᵀ + (1 − τ) I)ᵗ ∂F/∂s     J = ∂Φ/∂s,  B = ∂Φ/∂λ,  τ = damping
 *  'neumann'    J and B at the state s, F(s) is the value
 *  'unrolled'   h₀ = s,  h₊ = (1 − τ) h + τ Φ(h, λ),  F(h_terms) is the value, and each step has J and B of its own: the derivative of what was computed
 *  On an eigenvalue μ of J the factor is (1 − (1 − τ (1 − μ))^terms) / (1 − μ) instead of 1 / (1 − μ).
 *
 *  Needs    |1 − τ (1 − μ)| < 1 to have a limit: damping helps below μ = −1, never above 1. Few terms leave the gradient too short, by about τ · terms: the
 *           step size of the outer optimiser has to make up for it.
 *           A state of floats, without counters. One batch for all steps. Away from the fixed point 'unrolled' also improves the state, 'neumann' does not.
 *  Cost     'neumann': terms products with Jᵀ, of which the last gives Bᵀ p and the residual; memory of one Φ. 'unrolled': terms + 1 products and Φ, the
 *           last one for the evidence; memory of terms Φ.
 *  Fails    expanding | unstationary | nonfinite | disconnected; `truncated` is the rule, `converged` where enough terms were taken
 *  Laws     terms = 1, damping = 1 is the Jacobian-free gradient p = ∂F/∂s;  terms → ∞ is `implicit(…, { form: 'fixedPoint' })`;
 *           'neumann' = implicit(neumann({ terms, step: damping }), { form: 'fixedPoint' });  both forms agree at an exact fixed point
 *  Source   Geng, Zhang, Bai, Wang, Lin 2021; Fung et al. 2022 (one term) */

import { vjp } from '@neumann/autodiff'
import { abs, greater, lessEqual, mul, type Tensor } from '@neumann/linalg-gpu'
import { eager, fail } from '@neumann/linalg-gpu/program'
import { frame, vectors } from '@neumann/linalg-gpu/solvers'
import { certified } from '../certificate/evidence.js'
import { reach, reached } from '../certificate/reach.js'
import type { Problem } from '../problem/problem.js'
import { direct, reachedBy } from './direct.js'
import type { Estimator, PointWith } from './estimator.js'
import { fixedPointState } from './fixedPointState.js'
import { damp, norm, partialSum, ratio } from './series.js'

const { addScaled, dtypeOf, epsilonOf, inner, length, minus, over, plus, scaleOf, times } = vectors

export interface PhantomTerms {
  /** The number of terms, or of steps, at least 1; 5 by default. */
  readonly terms?: number
  /** τ in (0, 1]; 0.5 by default. The paper's λ. */
  readonly damping?: number
}

export interface PhantomOptions extends PhantomTerms {
  /** 'neumann' by default. */
  readonly form?: 'neumann' | 'unrolled'
  /** How large a `gap`, relative to F, still counts as stationary: 0.1 by default. */
  readonly gap?: number
}

type Needs = 'state' | 'hyper' | 'train' | 'validation'

/** A linearisation of Φ: pull(c) = [Jᵀ c, Bᵀ c]. */
interface Step<S, H> {
  readonly out: S
  readonly pull: (c: S) => readonly [S, H]
}

/** Where F is looked at, Φ there, and how its gradient by that state is carried to λ. */
interface Backwards<S, H> {
  readonly state: S
  readonly end: Step<S, H>
  readonly carry: (right: S) => Carried<S, H>
  readonly products: number
}

interface Carried<S, H> {
  /** p */
  readonly adjoint: S
  readonly indirect: H
  /** Jᵀ p at the state where F is looked at. */
  readonly returned: S
  readonly sizes: readonly [Tensor, Tensor]
}

/** @example const halved = { update: (s: Tensor, h: Tensor) => add(mul(0.5, s), h), weights: whole<Tensor>(), outer: (s: Tensor) => s }
 *  const point = { state: array(2), hyper: array(1), train: null, validation: null }
 *  phantom({ terms: 5, damping: 1 })(halved)(null, point).gradient // => f32[] 1.9375 */
export const phantom = ({ form = 'neumann', gap = 0.1, ...options }: PhantomOptions = {}) => {
  const { terms, damping } = phantomTerms('phantom', options)
  const backwards =
    form === 'neumann'
      ? frozen(terms, damping)
      : form === 'unrolled'
        ? unrolled(terms, damping)
        : fail('phantom', `form is 'neumann' or 'unrolled', got ${String(form)}.`)
  return <S, W, H, T, V>({
    update,
    weights: part,
    outer,
  }: Problem<S, W, H, T, V>): Estimator<PointWith<Needs, S, H, T, V>, H, null> => {
    const estimate = eager((_: null, { state: given, hyper, train, validation }: PointWith<Needs, S, H, T, V>) => {
      const stepAt = (s: S): Step<S, H> => vjp((z: S, h: H) => update(z, h, train), [s, hyper]) as Step<S, H>
      const { state, end, carry, products } = backwards(stepAt, fixedPointState('phantom', given))
      const { out: weights, pull: embed } = vjp((s: S) => part.get(s), [state])
      const own = direct(outer, weights, hyper, validation)
      const byState = (embed as (c: W) => readonly [S])(own.byWeights)[0]
      // products of tiny gradients must not underflow: the series is linear
      const scale = scaleOf(byState)
      const right = over(byState, scale)
      const { adjoint, indirect, returned, sizes } = carry(right)
      const residual = ratio(norm(plus(minus(right, adjoint), returned)), norm(right))
      // of a single term only the next one tells, which the residual is
      const contraction = terms === 1 ? residual : ratio(sizes[1], sizes[0])
      const gradient = addScaled(own.byHyper, scale, indirect)
      const dtype = dtypeOf('phantom', right)
      const unsettled = minus(end.out, state)
      const moves = mul(scale, inner(adjoint, unsettled))
      const sees = reached('phantom', embed as (c: W) => readonly [S], own.byWeights, own.sees)
      return {
        gradient,
        value: own.value,
        memory: null,
        certificate: certified({
          gradient,
          value: own.value,
          products,
          reaches: reachedBy(reach('phantom', end.pull, state), { ...own, sees }, terms),
          cases: [
            // terms that hardly change are of one length but for rounding
            [greater(contraction, 1 + 64 * epsilonOf(dtype)), 'expanding'],
            [greater(abs(moves), mul(gap, abs(own.value))), 'unstationary'],
            [lessEqual(residual, frame.toleranceOf('phantom', undefined, dtype)), 'converged'],
          ],
          otherwise: 'truncated',
          stationarity: length(unsettled),
          gap: moves,
          residual,
          contraction,
        }),
      }
    })
    return Object.assign(estimate, { init: () => null, needs: ['state', 'hyper', 'train', 'validation'] as const })
  }
}

/** Terms and damping, as they were given or by default. */
export const phantomTerms = (name: string, { terms = 5, damping = 0.5 }: PhantomTerms): Required<PhantomTerms> => {
  if (!Number.isInteger(terms) || terms < 1) fail(name, `terms is an integer ≥ 1, got ${terms}.`)
  if (!(damping > 0 && damping <= 1)) fail(name, `damping is a number in (0, 1], got ${damping}.`)
  return { terms, damping }
}

type Way = <S, H>(stepAt: (s: S) => Step<S, H>, state: S) => Backwards<S, H>

/** All terms by the one linearisation at s. */
const frozen =
  (terms: number, damping: number): Way =>
  (stepAt, state) => {
    const end = stepAt(state)
    return {
      state,
      end,
      carry: (right) => {
        const { sum, sizes } = partialSum((c: typeof right) => damp(damping, c, end.pull(c)[0]), right, terms)
        const adjoint = damping === 1 ? sum : times(damping, sum)
        const [returned, indirect] = end.pull(adjoint)
        return { adjoint, indirect, returned, sizes }
      },
      products: terms,
    }
  }

/** Each term by the linearisation of the step that it goes back through. */
const unrolled =
  (terms: number, damping: number): Way =>
  <S, H>(stepAt: (s: S) => Step<S, H>, given: S) => {
    const steps: Step<S, H>[] = []
    let state = given
    for (let t = 0; t < terms; t++) {
      const step = stepAt(state)
      steps.push(step)
      state = damp(damping, state, step.out)
    }
    const end = stepAt(state)
    return {
      state,
      end,
      carry: (right: S): Carried<S, H> => {
        let [term, sum] = [right, right]
        let [before, last] = [norm(right), norm(right)]
        let [carried, indirect] = steps.at(-1)!.pull(right)
        for (const { pull } of steps.slice(0, -1).toReversed()) {
          term = damp(damping, term, carried)
          sum = plus(sum, term)
          before = last
          last = norm(term)
          const next = pull(term)
          carried = next[0]
          indirect = plus(indirect, next[1])
        }
        const adjoint = times(damping, sum)
        return { adjoint, indirect: times(damping, indirect), returned: end.pull(adjoint)[0], sizes: [before, last] }
      },
      products: terms + 1,
    }
  }
