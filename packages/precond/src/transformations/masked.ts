/** An optimiser for some of the parameters. */

import { zerosLike } from '@neumann/linalg-gpu'
import { eager, fail, paths, showValue, tensorsOf } from '@neumann/linalg-gpu/program'
import type { Optimiser } from '../optimiser.js'
import { alike, type Leaves, parametersOf, rebuild, spread } from '../trees.js'

/** Which parameters: a tree of booleans like them (or one that ends earlier), or a question to each path, such as `.layers[0].w`. */
export type Mask = boolean | readonly Mask[] | { readonly [key: string]: Mask } | ((path: string) => boolean)

/** `inner` on the parameters that the mask selects. The others' gradients `pass` to the next link of a chain, or their updates are `zero`,
 *  which freezes them. There is no default: passed on to the weights by mistake they would be added.
 *  State    that of inner, on a tree with null where the mask says false: nothing is kept for the others
 *  Hyper    that of inner; trees of them are like all parameters
 *  Differs  optax's `masked` is `pass`; its `partition` is a chain of masked ones
 *  @example const params = { w: array([1, 1]), b: array([1]) }
 *  const onlyWeights = masked(sgd, (path) => path === '.w', 'zero')
 *  onlyWeights.update({ w: array([1, 2]), b: array([3]) }, onlyWeights.init(params), params, { lr: 0.5 })[0] // => { b: f32[1] [0], w: f32[2] [-0.5, -1] } */
export const masked = <H, S>(inner: Optimiser<H, S>, mask: Mask, others: 'pass' | 'zero'): Optimiser<H, S> => ({
  init: (params) => {
    const w = parametersOf('masked', params)
    return inner.init(selected(w, selection(mask, w)))
  },
  update: eager(<P>(gradient: P, state: S, params: P, hyper: H) => {
    const w = parametersOf('masked', params)
    const chosen = selection(mask, w)
    const g = { leaves: alike('masked', 'the gradient', gradient, w), structure: w.structure }
    const [updates, next] = inner.update(selected(g, chosen), state, selected(w, chosen), hyper)
    const { leaves } = tensorsOf('masked', updates)
    let at = 0
    const merged = g.leaves.map((x, i) => (chosen[i] ? leaves[at++] : others === 'pass' ? x : zerosLike(x)))
    return [rebuild<P>(w, merged), next] as const
  }) as Optimiser<H, S>['update'],
})

const selection = (mask: Mask, w: Leaves): readonly boolean[] =>
  (typeof mask === 'function'
    ? paths(w.structure).map((path) => mask(path))
    : spread('masked', 'the mask', mask, w)
  ).map((value) =>
    typeof value === 'boolean'
      ? value
      : fail('masked', `the mask says true or false of each parameter, got ${showValue(value)}.`),
  )

/** The tree with null in the places that are not chosen. */
const selected = (tree: Leaves, chosen: readonly boolean[]): unknown =>
  rebuild(
    tree,
    tree.leaves.map((x, i) => (chosen[i] ? x : null)),
  )
