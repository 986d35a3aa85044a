/** What optimisers do with trees, hyperparameters, wrong calls, memory, batches. */

import { grad, vmap } from '@neumann/autodiff'
import {
  array,
  dispose,
  jit,
  liveBuffers,
  mul,
  neg,
  type Tensor,
  type TensorLike,
  treeLeaves,
} from '@neumann/linalg-gpu'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import {
  adam,
  applyUpdates,
  chain,
  clipByGlobalNorm,
  cosine,
  ema,
  leafwise,
  lookahead,
  masked,
  momentum,
  type Optimiser,
  type PerParameter,
  scheduled,
  sgd,
  weightDecay,
} from './index.js'
import {
  agrees,
  elements,
  f32,
  f64,
  gradientAt,
  messageOf,
  near,
  objective,
  trained,
  weights,
} from './support.testing.js'

const throws = (f: () => unknown, message: string): void => assert.is(messageOf(f), message)

const params = { w: f32([1, 2]), b: f32(3) }
const g = { w: f32([0.5, 1]), b: f32(-1) }

test('one optimiser serves trees of any form, a single tensor too', () => {
  near(sgd.update(f32([1]), {}, f32([0]), { lr: 2 })[0], [-2], 0)
  const [u] = sgd.update(g, {}, params, { lr: 2 })
  assert.equal(elements(u.w), [-1, -2])
  assert.equal(elements(u.b), [2])
  near(sgd.update([], {}, [], { lr: 1 })[0], [], 0)
  near(sgd.update({ a: null, b: f32(1) }, {}, { a: null, b: f32(0) }, { lr: 1 })[0], [-1], 0)
})

test('an optimiser of one’s own is the rule of one parameter', () => {
  const halving = leafwise<{ readonly lr: PerParameter }, 'last'>('halving', {
    memory: ['last'],
    hyper: { lr: 'required' },
    leaf: (g, { last }, { lr }) => [neg(mul(lr, mul(0.5, last))), { last: g }],
  })
  agrees(halving, { lr: 0.25 }, () => {
    let last = 0
    return (g) => {
      const u = -0.125 * last
      last = g
      return u
    }
  })
})

test('a hyperparameter takes the dtype of the parameter, and gets its gradient in its own', () => {
  const lr = f64(0.1)
  const [u] = sgd.update({ a: f32(1), b: f64(1) }, {}, { a: f32(0), b: f64(0) }, { lr })
  assert.is(u.a.dtype, 'f32')
  near(u.a, -Math.fround(0.1), 0)
  near(u.b, -0.1, 0)
  const slope = grad((lr: Tensor) => objective(trained(sgd, weights('f32'), { lr }, 2)))(lr)
  assert.is(slope.dtype, 'f64')
})

test('a schedule of step sizes is compiled once, as numbers and as tensors', () => {
  let traces = 0
  const step = jit((w: Tensor, lr: TensorLike) => {
    traces++
    return applyUpdates(w, sgd.update(w, {}, w, { lr })[0])
  })
  let w = f64([1])
  for (const lr of [0, 0.5, 1 / 3, 1, 2]) w = step(w, lr)
  near(w, 0, 1e-16)
  assert.is(traces, 1)
  for (const lr of [0.1, 0.2]) step(w, array(lr))
  assert.is(traces, 2)
})

test('a batch of hyperparameters by vmap is a loop over them', () => {
  const rates = [0.0625, 0.125, 0.25]
  const run = (lr: Tensor) => objective(trained(adam, weights(), { lr, epsilon: 0.01 }, 5))
  near(
    vmap(run)(f64(rates)),
    rates.map((lr) => elements(run(f64(lr)))[0]!),
    1e-14,
  )
  near(
    vmap(grad(run))(f64(rates)),
    rates.map((lr) => elements(grad(run)(f64(lr)))[0]!),
    1e-13,
  )
})

test('the state may be donated', () => {
  const w = weights()
  const gradient = gradientAt(w)
  let state = adam.init(w)
  ;[, state] = adam.update(gradient, state, w, { lr: 0.1 })
  const made = adam.update(gradient, state, w, { lr: 0.1 })
  const step = jit((s: typeof state) => adam.update(gradient, s, w, { lr: 0.1 })[1], { donate: 0 })
  const once = elements(adam.update(gradient, made[1], w, { lr: 0.1 })[1])
  near(step(made[1]), once, 1e-15)
})

test('outside traces, combinations too leave nothing but their results', () => {
  const w = weights()
  const gradient = gradientAt(w)
  const left = <H, S>(optimiser: Optimiser<H, S>, hyper: H): void => {
    const start = optimiser.init(w)
    const [, state] = optimiser.update(gradient, start, w, hyper)
    const before = liveBuffers().count
    const made = optimiser.update(gradient, state, w, hyper)
    // symbolic zeros have no buffer
    const held = treeLeaves<Tensor>(made as never).filter((x) => x.device !== undefined)
    assert.is(liveBuffers().count - before, held.length)
    dispose([made, state, start])
  }
  left(adam, { lr: 0.1 })
  left(lookahead({ every: 2, memory: 'reset' })(adam), { inner: { lr: 0.1 } })
  left(ema(momentum), { inner: { lr: 0.1 } })
  left(scheduled(adam, { lr: cosine({ from: 1, steps: 5 }) }), {})
  left(chain(clipByGlobalNorm, weightDecay, sgd), [{ maxNorm: 1 }, { weightDecay: 0.1 }, { lr: 0.1 }])
  left(masked(momentum, { bias: false, layers: true }, 'zero'), { lr: 0.1 })
})

test('wrong calls say what is wrong, where, and what to do', () => {
  throws(
    () => sgd.update(g, {}, params, {} as never),
    'sgd: the hyperparameter lr is missing, and has no default: pass { lr: … }.',
  )
  throws(
    () => sgd.update(g, {}, params, undefined as never),
    'sgd: the hyperparameter lr is missing, and has no default: pass { lr: … }.',
  )
  throws(
    () => momentum.update(g, momentum.init(params), params, { lr: 1, beta: 0.9 } as never),
    'momentum: there is no hyperparameter beta: there are lr, mu.',
  )
  throws(() => sgd.update(g, {}, params, { lr: 'fast' as never }), 'sgd: lr .b is a number or a tensor, got "fast".')
  throws(
    () => sgd.update(g, {}, params, { lr: { w: 1 } }),
    'sgd: lr has the form {w: *}, the parameters have {b: *, w: *}: give one value for all, or a tree like the parameters.',
  )
  throws(
    () => sgd.update(g, {}, params, { lr: { w: [1, 2], b: 1 } }),
    'sgd: lr has the form {b: *, w: [*, *]}, the parameters have {b: *, w: *}: give one value for all, or a tree like the parameters.',
  )
  throws(
    () => sgd.update(g, {}, params, { lr: f32([1, 2]) }),
    'sgd: lr .b is f32[2], which does not broadcast to its parameter, f32[]: give a scalar, or one value for each element.',
  )
  throws(
    () => sgd.update({ w: g.w } as never, {}, params, { lr: 1 }),
    'sgd: the gradient has the form {w: *}, the parameters have {b: *, w: *}.',
  )
  throws(
    () => sgd.update({ w: f32([1]), b: g.b }, {}, params, { lr: 1 }),
    'sgd: the gradient has f32[1] .w, where the parameters have f32[2].',
  )
  throws(
    () => sgd.update({ w: f64([1, 2]), b: g.b }, {}, params, { lr: 1 }),
    'sgd: the gradient has f64[2] .w, where the parameters have f32[2].',
  )
  throws(
    () => sgd.init({ n: array([1], { dtype: 'i32' }) }),
    'sgd: the parameter .n is i32[1]: parameters are f32 or f64. Keep it out of the tree; of f16 keep f32 weights, and cast them in the model.',
  )
  assert.match(
    messageOf(() => sgd.init(array([1], { dtype: 'f16' }))),
    'the parameter is f16[1]: parameters are f32 or f64.',
  )
  throws(
    () => adam.update(g, adam.init(params), params, { lr: 1, beta: 0.9 } as never),
    'adam: there is no hyperparameter beta: there are lr, beta1, beta2, epsilon.',
  )
  throws(
    () => momentum.update(g, {} as never, params, { lr: 1 }),
    'momentum: the state {  } has no v: it is what init or the last update returned.',
  )
  throws(
    () => momentum.update(g, momentum.init(params.w), params, { lr: 1 }),
    'momentum: v of the state has the form *, the parameters have {b: *, w: *}.',
  )
  throws(
    () => applyUpdates(params, { w: f32([1]), b: f32(1) }),
    'applyUpdates: the tree of updates has f32[1] .w, where the parameters have f32[2].',
  )
})

test.run()
