/** Models made of models: named parts, and a function that says how values flow through them. */

import { foldIn, type Tensor } from '@neumann/linalg-gpu'
import { eager, fail, showValue } from '@neumann/linalg-gpu/program'
import { type Call, type Mode, type Model, modeOf, type StatefulModel } from './model.js'

interface Stateless<X, Y> {
  readonly init: (key: Tensor) => unknown
  readonly apply: (params: never, x: X, call?: Call) => Y
}
interface Stateful<X, Y> {
  readonly init: (key: Tensor) => unknown
  readonly initialState: () => unknown
  readonly apply: (params: never, x: X, call: never) => readonly [Y, unknown]
}
/** What a model may be made of: a model, or a function without weights, such as `relu`. */
export type Layer<X = never, Y = unknown> = Stateless<X, Y> | Stateful<X, Y> | ((x: X) => Y)
/** A list of layers, or a record, whose names the weights will have. */
export type Layers<X = never, Y = unknown> = readonly Layer<X, Y>[] | { readonly [name: string]: Layer<X, Y> }

type ParamsOf<L> = L extends { readonly init: (key: Tensor) => infer P } ? P : null
type StateOf<L> = L extends { readonly initialState: () => infer S } ? S : null
type OneOf<L extends Layers> = L extends readonly unknown[] ? L[number] : L[keyof L]

/** A layer with its weights, statistics and key in place: a function of its input. (A function has an `apply` of its own.) */
type Part<L> = L extends (x: never) => unknown
  ? L
  : L extends { readonly initialState: unknown; readonly apply: (...given: infer A) => readonly [infer Y, unknown] }
    ? (x: A[1]) => Y
    : L extends { readonly apply: (...given: infer A) => infer Y }
      ? (x: A[1]) => Y
      : never
export type Parts<L extends Layers> = { readonly [K in keyof L]: Part<L[K]> }

/** The model of such layers: its weights and statistics have the form of the layers, null for those that have none. */
export type Composed<L extends Layers, X = Tensor, Y = Tensor> = [
  Extract<OneOf<L>, { readonly initialState: unknown }>,
] extends [never]
  ? Model<{ readonly [K in keyof L]: ParamsOf<L[K]> }, X, Y>
  : StatefulModel<{ readonly [K in keyof L]: ParamsOf<L[K]> }, { readonly [K in keyof L]: StateOf<L[K]> }, X, Y>

/** A layer of any kind with nothing left out: null for weights and statistics that it does not have. */
interface Whole {
  readonly init: (key: Tensor) => unknown
  readonly initialState: () => unknown
  readonly apply: (params: unknown, x: unknown, call: Given) => readonly [unknown, unknown]
}
interface Given {
  readonly mode: Mode | undefined
  readonly key: Tensor | undefined
  readonly state: unknown
}

const hasState = (layer: Layer): boolean => typeof layer !== 'function' && 'initialState' in layer

const whole = (layer: Layer): Whole => {
  if (typeof layer === 'function')
    return { init: () => null, initialState: () => null, apply: (_, x) => [layer(x as never), null] }
  if ('initialState' in layer) return layer as unknown as Whole
  const { init, apply } = layer as unknown as Model<unknown, unknown, unknown>
  return {
    init,
    initialState: () => null,
    apply: (params, x, { mode, key }) => [apply(params, x, { mode, key }), null],
  }
}

/** What a layer has in the tree of all layers. */
const entry = (what: 'weights' | 'statistics', tree: unknown, name: string): unknown =>
  typeof tree === 'object' && tree !== null && Object.hasOwn(tree, name)
    ? (tree as { readonly [name: string]: unknown })[name]
    : fail(
        'compose',
        `${what} of layer ${name} expected, got ${showValue(tree)}: they come from ${what === 'weights' ? 'init(key)' : 'initialState(), as `state`'}.`,
      )

/** A model of several: `run` gets the layers as functions of their input, and x.
 *  Weights and statistics have the form and the names of the layers. It has statistics if one of the layers has; types know that
 *  where `layers` is a tuple or a record.
 *  Keys     the weights of layer i are drawn by foldIn(key, i), call n of layer i draws by foldIn(foldIn(key, i), n).
 *  Twice    a layer may be called several times: its weights are shared, its statistics go from one call into the next.
 *  Loops    call no layer inside `scan` or `cond` here, its statistics could not get out: use `scan` over a model's apply.
 *  @example
 *  const twice = compose({ hidden: dense(3, 3), out: dense(3, 2) }, ({ hidden, out }, x: Tensor) => out(relu(hidden(relu(hidden(x))))))
 *  const params = twice.init(key(0))
 *  params.out.weight.shape // => [ 3, 2 ]
 *  twice.apply(params, ones([4, 3])).shape // => [ 4, 2 ] */
export const compose = <const L extends Layers, X = Tensor, Y = Tensor>(
  layers: L,
  run: (parts: Parts<L>, x: X) => Y,
): Composed<L, X, Y> => {
  const names = Object.keys(layers)
  if (!Array.isArray(layers) && names.some((name) => /^\d+$/.test(name)))
    fail('compose', `a record with whole numbers as names, ${names.join(', ')}, has no order of its own: give a list.`)
  const wholes = names.map((name) => whole((layers as { readonly [name: string]: Layer })[name]!))
  /** A list for a list of layers, a record for a record. */
  const formed = (values: readonly unknown[]): unknown =>
    Array.isArray(layers) ? values : Object.fromEntries(names.map((name, i) => [name, values[i]]))

  const applied = (params: unknown, x: X, { mode, key, state }: Given): readonly [Y, unknown] => {
    modeOf('compose', { mode })
    const states = names.map((name) => (state === null ? null : entry('statistics', state, name)))
    const calls = wholes.map(() => 0)
    const parts = wholes.map((layer, i) => (input: unknown) => {
      const own = key === undefined ? undefined : foldIn(foldIn(key, i), calls[i]!++)
      const weights = entry('weights', params, names[i]!)
      const [y, next] = layer.apply(weights, input, { mode, key: own, state: states[i] })
      states[i] = next
      return y
    })
    const y = run(formed(parts) as Parts<L>, x)
    return [y, formed(states)]
  }

  const init = eager((key: Tensor) => formed(wholes.map((layer, i) => layer.init(foldIn(key, i)))))
  const model = Object.values(layers).some(hasState)
    ? { init, initialState: () => formed(wholes.map((layer) => layer.initialState())), apply: eager(applied) }
    : {
        init,
        apply: eager(
          (params: unknown, x: X, { mode, key }: Call = {}) => applied(params, x, { mode, key, state: null })[0],
        ),
      }
  return model as unknown as Composed<L, X, Y>
}

/** One layer behind the other:  y = fₙ(… f₂(f₁(x))).
 *  @example
 *  const net = sequential([dense(2, 8), tanh, dense(8, 1)])
 *  net.apply(net.init(key(0)), ones([5, 2])).shape // => [ 5, 1 ]
 *  sequential({ hidden: dense(2, 8), relu, out: dense(8, 1) }).init(key(0)).out.bias // => f32[1] [0] */
export const sequential = <const L extends Layers<Tensor, Tensor>>(layers: L): Composed<L> =>
  compose(layers, (parts, x: Tensor) =>
    (Object.values(parts) as ((x: Tensor) => Tensor)[]).reduce((value, part) => part(value), x),
  )
