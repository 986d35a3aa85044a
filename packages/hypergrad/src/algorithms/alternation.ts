/** Alternation: some inner steps, a hypergradient, one outer step.
 *
 *  s ← Φ(s, λ; batchₜ)  for t = 1 … T;   d ≈ dF/dλ by any estimator;   λ ← clip(λ + outer(d))
 *
 *  Warm, s goes on from one outer step to the next; cold, it begins anew each time. Which it is decides what is found: warm weights remember what they were told
 *  before, so that F at them need not be reached by training anew with the final λ (`retrained` is the audit of that).
 *  The estimator is told so too: warm, a trajectory begins where the last one ended, whatever `start` the problem has; cold, at the `start` of the alternation, whose
 *  dependence on λ is then differentiated.
 *  Outer steps are taken in a space of λ's own, and only where the certificate says what `accept` has; elsewhere λ and the optimiser stay as they are.
 *  Cost     T inner steps and an estimate; an estimator that wants the trajectory goes the T steps once more.
 *  Source   Lorraine, Vicol, Duvenaud 2020, Algorithm 1; Clarke et al. 2022, Algorithm 1; Vicol et al. 2022 (warm and cold) */

import { add, equal, logicalOr, type Tensor, zeros } from '@neumann/linalg-gpu'
import { eager, fail, showValue } from '@neumann/linalg-gpu/program'
import { vectors } from '@neumann/linalg-gpu/solvers'
import { applyUpdates, type Optimiser } from '@neumann/precond'
import { type Certificate, type CertificateStatus, certificateStatuses } from '../certificate/certificate.js'
import type { Estimator } from '../estimators/estimator.js'
import type { Point, Problem } from '../problem/problem.js'
import { linear } from '../spaces/bijector.js'
import { type Bijectors, inSpace, type Space, space } from '../spaces/space.js'
import type { Algorithm } from './algorithm.js'
import { run } from './run.js'

export interface AlternationParts<S, W, H, T, V, M, P, O, Q = unknown> {
  readonly problem: Problem<S, W, H, T, V> & Q
  /** Of such problems: `Q` is what they have besides. */
  readonly estimator: (problem: Problem<S, W, H, T, V> & NoInfer<Q>) => Estimator<never, H, M>
  /** Of the outer level, such as `adam`, and its own hyperparameters. */
  readonly optimiser: Optimiser<P, O>
  readonly settings: P
  /** Where λ is tuned; as it is by default. */
  readonly space?: Space<H>
  /** 'warm' by default; cold, the state that each outer step begins with, which may depend on λ (natural). */
  readonly start?: 'warm' | ((hyper: H) => S)
  /** Inner steps of an outer step, where the batches hold no tensors that tell. */
  readonly steps?: number
  /** Which certificates an outer step is taken on; by default all but `diverged`, `nonfinite` and `disconnected`. */
  readonly accept?: readonly CertificateStatus[]
}

export interface AlternationState<S, H, M, O> {
  readonly inner: S
  /** λ, raw. */
  readonly hyper: H
  readonly optimiser: O
  readonly memory: M
  /** i32: outer steps that were taken. */
  readonly step: Tensor
}

/** What an outer step needs: the batches of its inner steps, stacked along a new leading axis, and a validation batch. */
export interface AlternationSamples<T, V> {
  readonly train: T
  readonly validation: V
}

export interface AlternationReport<H> {
  /** F after the inner steps, before the outer one. */
  readonly value: Tensor
  /** dF/dλ by raw values. */
  readonly gradient: H
  readonly certificate: Certificate<H>
  /** λ that the inner steps were taken with, natural. */
  readonly hyper: H
  /** Whether the certificate was accepted. */
  readonly accepted: Tensor
}

export interface AlternationBegin<S, H> {
  readonly inner: S
  /** λ, natural. */
  readonly hyper: H
}

/** The algorithm of these parts.
 *  @example const { problem, lambda } = R1({ lr: 0.1 })
 *  const { init, step } = alternation({ problem, estimator: implicit(exact()), optimiser: sgd, settings: { lr: 0.5 }, steps: 50 })
 *  const begin = init({ inner: problem.begin(zeros([2], { dtype: 'f64' })), hyper: lambda })
 *  step(begin, { train: null, validation: null })[1].gradient // => f64[2] [0.107491, -0.35784] */
export const alternation = <S, W, H, T, V, M, P, O, Q = unknown>({
  problem,
  estimator,
  optimiser,
  settings,
  space: own = space<H>(linear() as Bijectors<H>),
  start = 'warm',
  steps,
  accept = accepted,
}: AlternationParts<S, W, H, T, V, M, P, O, Q>): Algorithm<
  AlternationBegin<S, H>,
  AlternationState<S, H, M, O>,
  AlternationSamples<T, V>,
  AlternationReport<H>
> => {
  const raw = inSpace(own)(problem)
  const { start: _, ...going } = raw
  const cold = start === 'warm' ? null : (λ: H): S => start(own.toNatural(λ))
  const told = (to: typeof raw) => estimator(to) as unknown as Estimator<Point<S, H, T, V>, H, M>
  const estimate = told(cold === null ? (going as unknown as typeof raw) : { ...raw, start: cold })
  // the first state of all may be the problem's own, which sensitivities that are never reset know the derivative of
  const { init } = told(cold === null ? raw : { ...raw, start: cold })
  const codes = accept.map((status) => {
    const code = certificateStatuses.indexOf(status)
    return code >= 0
      ? code
      : fail('alternation', `accept names ${showValue(status)}, which is no status: ${certificateStatuses.join(', ')}.`)
  })
  if (codes.length === 0) fail('alternation', 'accept names no status, so that λ could never move.')
  return {
    init: eager(({ inner, hyper }) => {
      const λ = own.clip(own.toRaw(hyper))
      return {
        inner,
        hyper: λ,
        optimiser: optimiser.init(λ),
        // what an estimator remembers has the form of states and hyperparameters, never of batches
        memory: init({ state: inner, previous: inner, hyper: λ, trajectory: { start: inner } } as Point<S, H, T, V>),
        step: zeros([], { dtype: 'i32' }),
      }
    }),
    step: eager((state, { train, validation }) => {
      const natural = own.toNatural(state.hyper)
      const first = cold === null ? state.inner : cold(state.hyper)
      const { last, previous, batch } = run(raw.update, { state: first, hyper: state.hyper, batches: train, steps })
      const { gradient, value, memory, certificate } = estimate(state.memory, {
        state: last,
        previous,
        hyper: state.hyper,
        train: batch,
        validation,
        trajectory: { start: first, batches: train },
      })
      const good = codes.map((code) => equal(certificate.status, code)).reduce(logicalOr)
      const [updates, next] = optimiser.update(gradient, state.optimiser, state.hyper, settings)
      const moved = own.clip(applyUpdates(state.hyper, updates))
      return [
        {
          inner: last,
          hyper: vectors.choose(good, moved, state.hyper),
          optimiser: vectors.choose(good, next, state.optimiser),
          memory,
          step: add(state.step, 1),
        },
        { value, gradient, certificate, hyper: natural, accepted: good },
      ] as const
    }),
  }
}

const accepted: readonly CertificateStatus[] = certificateStatuses.filter(
  (status) => status !== 'diverged' && status !== 'nonfinite' && status !== 'disconnected',
)
