/** What a model is: a pair of pure functions. Nothing is registered, nothing is remembered between calls.
 *
 *    init(key)                            → params        the first weights, a tree of tensors
 *    apply(params, x, call)               → y
 *
 *  A model with statistics (batch normalisation) takes them with the call and gives them back:
 *
 *    initialState()                       → state         before the first batch
 *    apply(params, x, { state, mode, key }) → [y, state]
 *
 *  The call says how the model is used: `mode` (`eval` where none is given) and the `key` of whatever is drawn.
 *
 *    mode     normalises by              statistics that come out      dropout
 *    train    those of the batch         moved toward the batch's      draws by the key
 *    eval     those that came in         those that came in            passes on
 *    frozen   those that came in         those that came in            draws by the key
 *
 *  In `frozen` the output for one example does not depend on the others of its batch, so that all products of one linear solve are
 *  of one linear map: give all of them the same key.
 *
 *  Laws
 *    pure        apply of equal arguments gives equal bits; init(key) too. So jit, grad, vmap and scan apply to them as to any function.
 *    form        initialState() and the state that comes out have one form, shapes and dtypes: a state is a scan's carry.
 *    kept        in `eval` and `frozen` the state that comes out is the one that went in.
 *    linear      grad by params has the form of params.
 *    dtype       weights are f32 as drawn; cast the tree of weights and statistics to compute in another dtype.
 *  Source   Bradbury et al., stax; Haiku's transform_with_state; Flax */

import type { Tensor } from '@neumann/linalg-gpu'
import { fail, showValue } from '@neumann/linalg-gpu/program'

export type Mode = 'train' | 'eval' | 'frozen'

/** How a model is used in a call. mode: `eval` by default; key: what is drawn is drawn by it. */
export interface Call {
  readonly mode?: Mode | undefined
  readonly key?: Tensor | undefined
}

/** A call of a model with statistics: the mode is not left to a default. */
export interface StatefulCall<S> extends Call {
  readonly mode: Mode
  readonly state: S
}

/** y = f(params, x). */
export interface Model<P, X = Tensor, Y = Tensor> {
  readonly init: (key: Tensor) => P
  readonly apply: (params: P, x: X, call?: Call) => Y
}

/** [y, state′] = f(params, x; state). */
export interface StatefulModel<P, S, X = Tensor, Y = Tensor> {
  readonly init: (key: Tensor) => P
  readonly initialState: () => S
  readonly apply: (params: P, x: X, call: StatefulCall<S>) => readonly [Y, S]
}

const modes: readonly unknown[] = ['train', 'eval', 'frozen']

/** The mode of a call; `eval` where none is given. */
export const modeOf = (name: string, { mode = 'eval' }: Call): Mode =>
  modes.includes(mode) ? mode : fail(name, `mode is 'train', 'eval' or 'frozen', got ${showValue(mode)}.`)
