/** Types only: compiled by the type check, never run. */
import { grad } from '@neumann/autodiff'
import type { Tensor } from '@neumann/linalg-gpu'
import {
  type AdamHyper,
  type AdamState,
  adam,
  applyUpdates,
  chain,
  clipByGlobalNorm,
  ema,
  type HyperOf,
  lookahead,
  type Memory,
  momentum,
  type SgdHyper,
  type StateOf,
  scheduled,
  sgd,
} from './index.js'

type Equal<A, B> = (<T>() => T extends A ? 1 : 2) extends <T>() => T extends B ? 1 : 2 ? true : false
const is = <A, B>(_: Equal<A, B>): void => {}

interface Weights {
  readonly w: Tensor
  readonly layers: readonly [{ readonly b: Tensor }, Tensor]
}
declare const params: Weights
declare const loss: (w: Weights) => Tensor
declare const lr: Tensor

// updates have the type of the parameters, and a gradient is one of them
const [updates, state] = adam.update(grad(loss)(params), adam.init(params), params, { lr })
const next: Weights = applyUpdates(params, updates)
is<typeof state, AdamState>(true)

// a tree whose type is an interface is a hyperparameter
sgd.update(params, {}, next, { lr: params })

// @ts-expect-error lr has no default
sgd.update(params, {}, params, {})
// @ts-expect-error there is no such hyperparameter
sgd.update(params, {}, params, { lr, mu: 0.9 })
// @ts-expect-error a gradient of another form
sgd.update({ w: lr }, {}, params, { lr })

// a chain has a hyperparameter and a state for each link, in order
const both = chain(clipByGlobalNorm, momentum)
is<StateOf<typeof both>, readonly [Memory<never>, Memory<'v'>]>(true)
both.update(params, both.init(params), params, [{ maxNorm: 1 }, { lr, mu: 0.9 }])
// @ts-expect-error the links in the wrong order
both.update(params, both.init(params), params, [{ lr }, { maxNorm: 1 }])
// @ts-expect-error one link too few
both.update(params, both.init(params), params, [{ maxNorm: 1 }])

// wrappers keep those of the inner optimiser apart from their own
is<HyperOf<typeof sgd>, SgdHyper>(true)
const nested = ema(lookahead()(adam))
nested.update(params, nested.init(params), params, { inner: { inner: { lr }, alpha: 0.5 }, decay: 0.9 })
is<HyperOf<typeof nested>['inner']['inner'], AdamHyper>(true)
const kept: Weights = nested.weights(nested.init(params), params)
kept.layers[0].b

// what is scheduled is no argument any more
const planned = scheduled(momentum, { lr: () => lr })
planned.update(params, planned.init(params), params, { mu: 0.9 })
// @ts-expect-error lr is given by the schedule
planned.update(params, planned.init(params), params, { lr })
// @ts-expect-error there is no such hyperparameter to schedule
scheduled(sgd, { mu: () => lr })
