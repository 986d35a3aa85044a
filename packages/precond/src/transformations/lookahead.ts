/** Lookahead: k steps forward, one step back. */

import { add, equal, mul, sub, type Tensor, where, zeros } from '@neumann/linalg-gpu'
import { eager, fail, flattenTree, unflatten } from '@neumann/linalg-gpu/program'
import { hyperOf } from '../hyper.js'
import type { Averaging, Optimiser, Params, PerParameter } from '../optimiser.js'
import { alike, copied, keptWeights, parametersOf, rebuild } from '../trees.js'

export interface LookaheadOptions {
  /** k, the number of fast steps to a slow one: 5. */
  readonly every?: number
  /** What becomes of inner's state at a slow step: it is kept, or begun anew. */
  readonly memory?: 'keep' | 'reset'
}
export interface LookaheadHyper<H> {
  /** The hyperparameters of the fast steps. */
  readonly inner: H
  /** The slow step size: 0.5. */
  readonly alpha?: PerParameter
}
export interface LookaheadState<S> {
  readonly inner: S
  /** φ: the weights to evaluate. */
  readonly slow: Params
  /** How many fast steps there were since the last slow one: i32. */
  readonly since: Tensor
}

/** w₊ = w + u, u the update of `inner`; at each k-th step φ₊ = φ + α (w₊ − φ) and w₊ = φ₊.   φ = w at first
 *  State    inner's, φ, and the steps since the last of φ
 *  Cost     one tree more in memory; a slow step is chosen by selection, so there is one program for all steps
 *  Laws     alpha = 1 is inner; every = 1 scales inner's steps by α. Schedules inside count fast steps.
 *  Differs  defaults k = 5, α = 0.5 of the paper's ImageNet; its code has 0.8. Its third policy for the memory, interpolation, is not there.
 *  Source   Zhang, Lucas, Hinton, Ba 2019, Alg. 1
 *  @example const ahead = lookahead({ every: 1 })(sgd)
 *  ahead.update(array([2]), ahead.init(array([1])), array([1]), { inner: { lr: 1 }, alpha: 0.25 })[0] // => f32[1] [-0.5] */
export const lookahead = ({
  every = 5,
  memory = 'keep',
}: LookaheadOptions = {}): (<H, S>(inner: Optimiser<H, S>) => Averaging<LookaheadHyper<H>, LookaheadState<S>>) => {
  if (!Number.isInteger(every) || every < 1)
    fail('lookahead', `every is a positive integer, the number of fast steps to a slow one, got ${every}.`)
  return <H, S>(inner: Optimiser<H, S>) => ({
    init: eager((params: unknown) => {
      const w = parametersOf('lookahead', params)
      return { inner: inner.init(params), slow: copied(w), since: zeros([], { dtype: 'i32' }) }
    }) as <P>(params: P) => LookaheadState<S>,

    update: eager(
      <P>(gradient: P, state: LookaheadState<S>, params: P, { inner: fastHyper, ...rest }: LookaheadHyper<H>) => {
        const w = parametersOf('lookahead', params)
        const own = hyperOf<{ readonly alpha: PerParameter }>('lookahead', { alpha: 0.5 }, rest as never, w)
        const phi = alike('lookahead', 'slow of the state', state.slow, w)
        const [fast, next] = inner.update(gradient, state.inner, params, fastHyper)
        const u = alike('lookahead', 'the tree of updates', fast, w)
        const count = add(state.since, 1)
        const due = equal(count, every)
        const slow = phi.map((x, i) => where(due, add(x, mul(own[i]!.alpha, sub(add(w.leaves[i]!, u[i]!), x))), x))
        // added to w, a slow step gives φ₊ but for one rounding
        const updates = slow.map((x, i) => where(due, sub(x, w.leaves[i]!), u[i]!))
        return [
          rebuild<P>(w, updates),
          {
            inner: memory === 'keep' ? next : chosen(due, inner.init(params), next),
            slow: rebuild<Params>(w, slow),
            since: where(due, 0, count),
          },
        ] as const
      },
    ) as Optimiser<LookaheadHyper<H>, LookaheadState<S>>['update'],

    weights: (state, params) => keptWeights('lookahead', state.slow, params),
  })
}

/** The one state or the other. */
const chosen = <S>(condition: Tensor, yes: S, no: S): S => {
  const { leaves, structure } = flattenTree(no)
  const others = flattenTree(yes).leaves
  return unflatten(
    structure,
    leaves.map((x, i) => where(condition, others[i] as Tensor, x as Tensor)),
  ) as S
}
