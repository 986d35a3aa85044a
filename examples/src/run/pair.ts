/** Two ways to train from the same weights on the same batches, for each of some random settings: with hyperparameters that stay, and with tuned ones.
 *
 *    fixed   w ← Φ(w, λ; batch)  for each batch
 *    tuned   the same, then λ ← λ + Adam(dF/dλ), in the space of each hyperparameter
 *
 *  A state holds all settings along a leading axis. */

import { vmap } from '@neumann/autodiff'
import {
  type AlternationReport,
  type AlternationSamples,
  type AlternationState,
  alternation,
  type Problem,
  space,
} from '@neumann/hypergrad'
import {
  cast,
  concatenate,
  flatten,
  foldIn,
  isTensor,
  jit,
  key,
  mean,
  scan,
  splitKey,
  type Tensor,
  type Tree,
  treeLeaves,
} from '@neumann/linalg-gpu'
import { type AdamState, adam } from '@neumann/precond'
import type { Choice } from '../options.js'
import type { Batch, Hyper, Learner } from '../tasks/task.js'
import { estimatorOf } from './estimators.js'
import { bijectorOf, drawn, optimisers, spreadOver } from './hyper.js'

type Samples = AlternationSamples<Batch, Batch>

export interface Fixed<S> {
  readonly inner: S
  readonly hyper: Hyper
}

export interface Tuning<S> {
  /** λ that is not tuned. */
  readonly held: Hyper
  readonly run: AlternationState<S, Hyper, unknown, AdamState>
}

export interface Pair<S> {
  readonly fixed: Fixed<S>
  readonly tuned: Tuning<S>
}

/** What is looked at after each step of the hyperparameters. */
export interface Watched {
  /** F on the validation batch, before the step. */
  readonly value: Tensor
  /** λ after the step; of one for each weight the mean in its space. */
  readonly hyper: Readonly<Record<string, Tensor>>
  readonly status: Tensor
  readonly accepted: Tensor
  readonly contraction: Tensor
  readonly residual: Tensor
  readonly stationarity: Tensor
}

export interface Arms<S> {
  readonly begin: () => Pair<S>
  /** One step of all settings: pure, and jitted; the state that goes in is taken. */
  readonly fixed: (state: Fixed<S>, samples: Samples) => readonly [Fixed<S>, null]
  readonly tuned: (state: Tuning<S>, samples: Samples) => readonly [Tuning<S>, Watched]
}

export const arms = <S, W, B extends Batch>(
  { problem: typed, begin, parameters = typed.weights.get }: Learner<S, W, B>,
  choice: Choice,
  across: 'together' | 'in turn',
): Arms<S> => {
  const problem = typed as unknown as Problem<S, W, Hyper, Batch, Batch>
  const { names } = optimisers[choice.optimiser]
  const tunes = (name: string): boolean => choice.tune.some((one) => one.name === name)
  const estimator = estimatorOf(choice.estimator, choice.terms)
  const algorithm = (held: Hyper) =>
    alternation({
      problem: holding(problem, held),
      estimator: (raw: Problem<S, W, Hyper, Batch, Batch>) => estimator<S, W, Hyper, Batch>(raw),
      optimiser: adam,
      settings: { lr: 0.05 },
      space: space<Hyper>(Object.fromEntries(choice.tune.map(({ name }) => [name, bijectorOf(name)])) as never),
    })

  const one = (own: Tensor): Pair<S> => {
    const inner = begin(foldIn(own, 0))
    const first = drawn(foldIn(own, 1), names, choice.start)
    const hyper: Hyper = Object.fromEntries(
      names.map((name) => [
        name,
        choice.tune.some((one) => one.name === name && one.each)
          ? spreadOver(first[name]!, parameters(inner))
          : first[name]!,
      ]),
    )
    const [held, moved] = [pick(hyper, (name) => !tunes(name)), pick(hyper, tunes)]
    return { fixed: { inner, hyper: first }, tuned: { held, run: algorithm(held).init({ inner, hyper: moved }) } }
  }
  const fixed = ({ inner, hyper }: Fixed<S>, { train }: Samples): readonly [Fixed<S>, null] => [
    { inner: scan((s: S, batch: Batch) => [problem.update(s, hyper, batch), null], inner, train)[0], hyper },
    null,
  ]
  const tuned = ({ held, run }: Tuning<S>, samples: Samples): readonly [Tuning<S>, Watched] => {
    const [next, report] = algorithm(held).step(run, samples)
    return [{ held, run: next }, watched(next.hyper, report)]
  }
  const all = { in: [0, null], ...(across === 'in turn' && { chunk: 1 }) } as const
  return {
    begin: () => jit(vmap(one), { name: 'begin' })(splitKey(key(choice.seed), choice.settings)),
    fixed: jit(vmap(fixed, all), { donate: 0, name: 'fixed' }),
    tuned: jit(vmap(tuned, all), { donate: 0, name: 'tuned' }),
  }
}

const pick = (hyper: Hyper, wanted: (name: string) => boolean): Hyper =>
  Object.fromEntries(Object.entries(hyper).filter(([name]) => wanted(name)))

/** The problem of those hyperparameters that are not held. */
const holding = <S, W>(
  { update, outer, inner, weights }: Problem<S, W, Hyper, Batch, Batch>,
  held: Hyper,
): Problem<S, W, Hyper, Batch, Batch> => ({
  weights,
  update: (state, hyper, batch) => update(state, { ...held, ...hyper }, batch),
  outer: (w, hyper, batch) => outer(w, { ...held, ...hyper }, batch),
  ...(inner !== undefined && { inner: (w, hyper, batch) => inner(w, { ...held, ...hyper }, batch) }),
})

const watched = (raw: Hyper, { value, certificate, accepted }: AlternationReport<Hyper>): Watched => ({
  value,
  hyper: Object.fromEntries(Object.entries(raw).map(([name, own]) => [name, bijectorOf(name).toNatural(middle(own))])),
  status: certificate.status,
  accepted: cast(accepted, 'i32'),
  contraction: certificate.contraction,
  residual: certificate.residual,
  stationarity: certificate.stationarity,
})

const middle = (raw: Tree<Tensor>): Tensor =>
  isTensor(raw) ? raw : mean(concatenate((treeLeaves(raw) as readonly Tensor[]).map((x) => flatten(x))))
