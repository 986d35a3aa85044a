/** What an optimiser is: two pure functions around a state. Combinators see no more of it than this. */

import { add, type Tensor, type TensorLike, type Tree } from '@neumann/linalg-gpu'
import { eager } from '@neumann/linalg-gpu/program'
import { alike, type Leaves, parametersOf, rebuild } from './trees.js'

/** A tree of tensors, in states. In calls a tree of parameters has its own type. */
export type Params = Tree<Tensor>

/** A hyperparameter: one scalar for all parameters, or a tree like them. A scalar may also stand where the parameters
 *  have a branch, and goes for all that is below; a leaf may be anything that broadcasts to its parameter.
 *  (`object`, since a tree whose type is an interface is assignable to nothing narrower; what it holds is checked at the call.) */
export type PerParameter = TensorLike | object

/** An optimiser: updates are added to the parameters, hyperparameters `H` are an argument.
 *    state = init(w);   [u, state] = update(∂w f, state, w, hyper);   w ← w + u
 *  Both are pure, so a training loop can be traced, batched and differentiated, by the hyperparameters too. */
export interface Optimiser<H, S> {
  readonly init: <P>(params: P) => S
  readonly update: <P>(gradient: P, state: S, params: P, hyper: H) => readonly [updates: P, state: S]
}

/** An optimiser that also keeps weights of its own, which are the ones to evaluate. */
export interface Averaging<H, S> extends Optimiser<H, S> {
  /** Those weights, in the form of the parameters. */
  readonly weights: <P>(state: S, params: P) => P
}

/** Any optimiser: what a list of different ones consists of. */
export interface AnyOptimiser {
  readonly init: <P>(params: P) => unknown
  readonly update: <P>(gradient: P, state: never, params: P, hyper: never) => readonly [updates: P, state: unknown]
}
/** The hyperparameters of an optimiser. */
export type HyperOf<O> = O extends Optimiser<infer H, infer _> ? H : never
/** The state of an optimiser. */
export type StateOf<O> = O extends Optimiser<infer _, infer S> ? S : never

/** w + u, leaf by leaf.
 *  @example applyUpdates({ w: array([1, 2]) }, { w: array([0.5, -1]) }) // => { w: f32[2] [1.5, 1] } */
export const applyUpdates = eager(<P>(params: P, updates: P): P => {
  const w: Leaves = parametersOf('applyUpdates', params)
  const u = alike('applyUpdates', 'the tree of updates', updates, w)
  return rebuild(
    w,
    w.leaves.map((x, i) => add(x, u[i]!)),
  )
}) as <P>(params: P, updates: P) => P
