/** The methods that Clarke et al. 2022 compare: each trains a network from random hyperparameters, and most of them tune some of these on the way.
 *
 *  b₊ = μ b + ∂f/∂w,   w₊ = w − η b₊,   f(w) = loss(w; training batch) + ½ ξ ‖w‖²        η lr, μ momentum, ξ decay
 *
 *  A method is a pair of pure functions for one member of many that `vmap` trains side by side. A step is a weight update for each training batch, then one
 *  of the hyperparameters: Adam of step size 0.05 on log₁₀ η (held in [−10, 0]), log₁₀ ξ and logit μ. What a method does not tune stays as it was drawn.
 *  Differs  from the paper's code where a hypergradient is not finite: hyperparameters then stay as they are.
 *  Source   Clarke, Oldewage, Hernández-Lobato 2022; settings of github.com/rmclarke/OptimisingWeightUpdateHyperparameters */

import { grad } from '@neumann/autodiff'
import {
  alternation,
  type Bijector,
  certificateStatuses,
  type Estimator,
  fromLoss,
  implicit,
  log10,
  logit,
  onePass,
  type Problem,
  space,
  type Training,
  unrolled,
} from '@neumann/hypergrad'
import { add, clip, mul, scan, type Tensor, treeMap, zerosLike } from '@neumann/linalg-gpu'
import { neumann, vectors } from '@neumann/linalg-gpu/solvers'
import { adam, type Memory, momentum } from '@neumann/precond'

/** What is learned, as functions of the weights and of a batch, which is known by its rows. */
export interface Task<W> {
  readonly training: (weights: W, rows: Tensor) => Tensor
  readonly validation: (weights: W, rows: Tensor) => Tensor
}

/** Hyperparameters by name; a learning rate of each weight is a tree like the weights. */
export interface Hyper {
  readonly lr: Tensor
  readonly momentum: Tensor
  readonly decay: Tensor
}

/** Where a member begins. */
export interface Begin<W> {
  readonly weights: W
  readonly hyper: Hyper
  /** What Random ×LR multiplies its learning rate by. */
  readonly multiplier: Tensor
}

/** What a step sees: the rows of its training batches, one batch along the leading axis after the other, and of a validation batch. */
export interface Samples {
  readonly train: Tensor
  readonly validation: Tensor
}

export interface Method<W, S> {
  readonly init: (begin: Begin<W>) => S
  readonly step: (state: S, samples: Samples) => S
  readonly weights: (state: S) => W
}

/** A method for a task, whatever it remembers. */
export type AnyMethod = <W>(task: Task<W>) => Method<W, unknown>

type State<W> = Training<W, Memory<'v'>>
type Tuned = { readonly [name: string]: Tensor }

/** The training of a member as a bilevel problem: λ is what is tuned, `fixed` the rest. */
const problemOf = <W>({ training, validation }: Task<W>, fixed: Partial<Hyper>) => {
  const all = (hyper: Tuned): Hyper => ({ ...fixed, ...hyper }) as Hyper
  return fromLoss({
    inner: (weights: W, hyper: Tuned, rows: Tensor) =>
      add(training(weights, rows), mul(mul(0.5, all(hyper).decay), vectors.inner(weights, weights))),
    outer: (weights: W, _: Tuned, rows: Tensor) => validation(weights, rows),
    optimiser: momentum,
    settings: (hyper: Tuned) => ({ lr: all(hyper).lr, mu: all(hyper).momentum }),
  })
}

// ── fixed hyperparameters ───────────────────────────────────────────────────────────────────────────────────────────

interface FixedState<W> {
  readonly inner: State<W>
  readonly hyper: Hyper
  readonly multiplier: Tensor
}

const rate = { min: 1e-10, max: 1 }

const fixed =
  (next: (hyper: Hyper, multiplier: Tensor) => Hyper) =>
  <W>(task: Task<W>): Method<W, FixedState<W>> => {
    const { begin, update } = problemOf(task, {})
    return {
      init: ({ weights, hyper, multiplier }) => ({ inner: begin(weights), hyper, multiplier }),
      step: ({ inner, hyper, multiplier }, { train }) => ({
        inner: scan((s: State<W>, rows: Tensor) => [update(s, hyper as never, rows), null], inner, train)[0],
        hyper: next(hyper, multiplier),
        multiplier,
      }),
      weights: ({ inner }) => inner.weights,
    }
  }

// ── tuned ones ──────────────────────────────────────────────────────────────────────────────────────────────────────

const spaces: { readonly [K in keyof Hyper]: Bijector } = { lr: log10(rate), momentum: logit(), decay: log10() }

/** As the paper does, steps are taken on any hypergradient; but for NaN, which would end the run. */
const finite = certificateStatuses.filter((status) => status !== 'nonfinite')

type AnyEstimator = <S, W, T, V>(problem: Problem<S, W, Tuned, T, V>) => Estimator<never, Tuned, never>

interface TunedState<W> {
  readonly tuning: { readonly inner: State<W> }
  readonly fixed: Partial<Hyper>
}

/** Alternation in which the named hyperparameters move. An estimator may need those that stay.
 *  rates    one learning rate for all weights, or one for each */
const tuned =
  (names: readonly (keyof Hyper)[], estimator: (fixed: Partial<Hyper>) => unknown, rates: 'one' | 'each' = 'one') =>
  <W>(task: Task<W>): Method<W, TunedState<W>> => {
    const some = (hyper: object, want: boolean): object =>
      Object.fromEntries(Object.entries(hyper).filter(([name]) => names.includes(name as never) === want))
    const moving = (hyper: object) => some(hyper, true) as Tuned
    const parts = (fixed: Partial<Hyper>) => {
      const problem = problemOf(task, fixed)
      const { init, step } = alternation({
        problem,
        estimator: estimator(fixed) as AnyEstimator,
        optimiser: adam,
        settings: { lr: 0.05 },
        space: space<Tuned>(some(spaces, true) as Readonly<Record<string, Bijector>>),
        accept: finite,
      })
      return { begin: problem.begin, init, step }
    }
    return {
      init: ({ weights, hyper }) => {
        const lr =
          rates === 'one' ? hyper.lr : (treeMap((w: Tensor) => add(zerosLike(w), hyper.lr), weights as never) as Tensor)
        const fixed = some(hyper, false)
        const { begin, init } = parts(fixed)
        return { tuning: init({ inner: begin(weights), hyper: moving({ ...hyper, lr }) }), fixed }
      },
      step: ({ tuning, fixed }, samples) => ({ tuning: parts(fixed).step(tuning as never, samples)[0], fixed }),
      weights: ({ tuning }) => tuning.inner.weights,
    }
  }

// ── hypergradient descent ───────────────────────────────────────────────────────────────────────────────────────────

interface BaydinState<W> {
  readonly inner: State<W>
  /** log₁₀ η */
  readonly raw: Tensor
  readonly gradient: W
  readonly fixed: Partial<Hyper>
}

/** log₁₀ ηₜ₊₁ = log₁₀ ηₜ + 0.001 ⟨gₜ, gₜ₋₁⟩, after each weight update, g being the gradient of the training loss. The paper's code takes this step by η on
 *  log₁₀ η, without the derivative between the two, and so do we. */
const baydin = <W>(task: Task<W>): Method<W, BaydinState<W>> => {
  const problem = problemOf(task, {})
  const { clip: held, toNatural, toRaw } = spaces.lr
  return {
    init: ({ weights, hyper: { lr, ...fixed } }) => ({
      inner: problem.begin(weights),
      raw: toRaw(lr),
      gradient: treeMap(zerosLike, weights as never) as W,
      fixed,
    }),
    step: (state, { train }) =>
      scan(
        (s: BaydinState<W>, rows: Tensor) => {
          const gradient = grad(task.training)(s.inner.weights, rows) as W
          const raw = held(add(s.raw, mul(0.001, vectors.inner(gradient, s.gradient))))
          const hyper = { ...s.fixed, lr: toNatural(raw) } as unknown as Tuned
          return [{ ...s, inner: problem.update(s.inner, hyper, rows), raw, gradient }, null]
        },
        state,
        train,
      )[0],
    weights: (state) => state.inner.weights,
  }
}

// ── all of them ─────────────────────────────────────────────────────────────────────────────────────────────────────

/** Which rows train: those for training, or these and the ones for validation, where a method has no use for the latter. */
export type Part = 'split' | 'merged'

export interface Contestant {
  readonly title: string
  readonly part: Part
  readonly method: AnyMethod
}

const contestant = (title: string, part: Part, method: unknown): Contestant => ({
  title,
  part,
  method: method as AnyMethod,
})

const same = (hyper: Hyper): Hyper => hyper
const slower = (hyper: Hyper, m: Tensor): Hyper => ({ ...hyper, lr: clip(mul(hyper.lr, m), rate.min, rate.max) })
const terms = 5
const clarke = () => onePass({ terms })
const lorraine = ({ lr }: Partial<Hyper>) => implicit(neumann({ terms, step: lr!, trust: true }))
const throughSteps = () => unrolled({ steps: 5 })

export const contestants = {
  random: contestant('Random', 'merged', fixed(same)),
  scheduled: contestant('Random ×LR', 'merged', fixed(slower)),
  /** What the best of three is chosen from. */
  validated: contestant('Random, 3-batched', 'split', fixed(same)),
  lorraine: contestant('Lorraine', 'split', tuned(['decay'], lorraine)),
  baydin: contestant('Baydin', 'merged', baydin),
  'WD+LR': contestant('Ours WD+LR', 'split', tuned(['decay', 'lr'], clarke)),
  'WD+LR+M': contestant('Ours WD+LR+M', 'split', tuned(['decay', 'lr', 'momentum'], clarke)),
  'WD+HDLR+M': contestant('Ours WD+HDLR+M', 'split', tuned(['decay', 'lr', 'momentum'], clarke, 'each')),
  unrolled: contestant('Through 5 steps (DTO)', 'split', tuned(['decay', 'lr', 'momentum'], throughSteps)),
} as const satisfies { readonly [name: string]: Contestant }
