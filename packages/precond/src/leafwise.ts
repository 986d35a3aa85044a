/** Optimisers that treat each parameter by itself: almost all of first order. */

import { add, type Tensor, type TensorLike, zeros, zerosLike } from '@neumann/linalg-gpu'
import { eager, fail, showValue } from '@neumann/linalg-gpu/program'
import { type Defaults, hyperOf, type Tensors } from './hyper.js'
import type { Optimiser, Params } from './optimiser.js'
import { alike, parametersOf, rebuild } from './trees.js'

/** The state of a leafwise optimiser: trees like the parameters. */
export type Memory<M extends string> = { readonly [K in M]: Params }

export interface LeafRule<H, M extends string> {
  /** What is remembered of each parameter, zeros at first. */
  readonly memory: readonly M[]
  readonly hyper: Defaults<H>
  /** One parameter's step. All tensors have the dtype of the parameter `w`; hyperparameters broadcast to it. */
  readonly leaf: (
    g: Tensor,
    memory: { readonly [K in M]: Tensor },
    hyper: Tensors<H>,
    w: Tensor,
  ) => readonly [update: Tensor, memory: { readonly [K in M]: Tensor }]
}

/** An optimiser from the rule of one parameter.
 *  Fails    where gradient or state are not like the parameters, a hyperparameter is missing, unknown, or does not fit
 *  @example const signs = leafwise<{ readonly lr: PerParameter }, never>('signs', {
 *    memory: [],
 *    hyper: { lr: 'required' },
 *    leaf: (g, _, { lr }) => [neg(mul(lr, sign(g))), {}],
 *  })
 *  signs.update(array([3, -2]), signs.init(array([0, 0])), array([0, 0]), { lr: 0.5 })[0] // => f32[2] [-0.5, 0.5] */
export const leafwise = <H, M extends string>(
  name: string,
  { memory, hyper: defaults, leaf }: LeafRule<H, M>,
): Optimiser<H, Memory<M>> => ({
  init: eager((params) => {
    const w = parametersOf(name, params)
    return Object.fromEntries(memory.map((key) => [key, rebuild(w, w.leaves.map(zerosLike))])) as Memory<M>
  }) as Optimiser<H, Memory<M>>['init'],

  update: eager(<P>(gradient: P, state: Memory<M>, params: P, hyper: H) => {
    const w = parametersOf(name, params)
    const g = alike(name, 'the gradient', gradient, w)
    const own = hyperOf(name, defaults, hyper, w)
    const before = memory.map((key) => {
      if (state?.[key] === undefined)
        fail(name, `the state ${showValue(state)} has no ${key}: it is what init or the last update returned.`)
      return alike(name, `${key} of the state`, state[key], w)
    })
    const steps = w.leaves.map((x, i) =>
      leaf(g[i]!, Object.fromEntries(memory.map((key, k) => [key, before[k]![i]!])) as Record<M, Tensor>, own[i]!, x),
    )
    const updates: P = rebuild(
      w,
      steps.map(([update]) => update),
    )
    const after = memory.map((key) => [
      key,
      rebuild(
        w,
        steps.map(([, next]) => next[key]),
      ),
    ])
    return [updates, Object.fromEntries(after) as Memory<M>] as const
  }) as Optimiser<H, Memory<M>>['update'],
})

/** The state of an optimiser that counts its steps. */
export interface Counted<S> {
  /** How many there were: i32. */
  readonly step: Tensor
  readonly inner: S
}

/** An optimiser that is told which step it takes, as the hyperparameter t = 1, 2, …, with the counter in its state.
 *  @example const slower = counted(leafwise<{ readonly t: TensorLike }, never>('slower', {
 *    memory: [],
 *    hyper: { t: 'counted' },
 *    leaf: (g, _, { t }) => [neg(div(g, t)), {}],
 *  }))
 *  const w = array(0)
 *  const [, state] = slower.update(array(6), slower.init(w), w, {})
 *  slower.update(array(6), state, w, {})[0] // => f32[] -3 */
export const counted = <H, S>(inner: Optimiser<H & { readonly t: TensorLike }, S>): Optimiser<H, Counted<S>> => ({
  init: (params) => ({ step: zeros([], { dtype: 'i32' }), inner: inner.init(params) }),
  update: eager((gradient, state: Counted<S>, params, hyper: H) => {
    const step = add(state.step, 1)
    const [updates, next] = inner.update(gradient, state.inner, params, { ...hyper, t: step })
    return [updates, { step, inner: next }]
  }) as Optimiser<H, Counted<S>>['update'],
})
