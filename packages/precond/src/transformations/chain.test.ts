/** Chains against the loop that a reader would write; clipping and weight decay as their links. */

import { checkGrads, grad, jacrev } from '@neumann/autodiff'
import { jit, type Tensor } from '@neumann/linalg-gpu'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import {
  adam,
  applyUpdates,
  chain,
  clipByGlobalNorm,
  clipByValue,
  globalNorm,
  momentum,
  sgd,
  weightDecay,
} from '../index.js'
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
} from '../support.testing.js'

test('clipping, decay and momentum are the loop that one would write', () => {
  const training = chain(clipByGlobalNorm, weightDecay, momentum)
  const hyper = [{ maxNorm: 1.5 }, { weightDecay: 0.25 }, { lr: 0.125, mu: 0.75 }] as const
  let w = weights()
  let state = training.init(w)
  let plain = elements(w)
  let velocity = plain.map(() => 0)
  let clipped = 0
  for (let step = 0; step < 25; step++) {
    let g = elements(gradientAt(w))
    const length = Math.hypot(...g)
    if (length > 1.5) {
      g = g.map((x) => (x * 1.5) / length)
      clipped++
    }
    g = g.map((x, i) => x + 0.25 * plain[i]!)
    velocity = velocity.map((v, i) => 0.75 * v + g[i]!)
    plain = plain.map((x, i) => x - 0.125 * velocity[i]!)

    const [u, next] = training.update(gradientAt(w), state, w, hyper)
    ;[w, state] = [applyUpdates(w, u), next]
    near(w, plain, 1e-13, `step ${step}`)
  }
  assert.ok(clipped > 0 && clipped < 25, `clipped ${clipped} times: both cases were to be seen`)
})

test('one link is that link, and chains of chains are flat', () => {
  const end = <H, S>(optimiser: Parameters<typeof trained<H, S>>[0], hyper: H) =>
    trained(optimiser, weights(), hyper, 6)
  near(end(chain(adam), [{ lr: 0.125 }]), end(adam, { lr: 0.125 }), 0)
  near(
    end(chain(chain(clipByValue, weightDecay), adam), [[{ bound: 1 }, { weightDecay: 0.5 }], { lr: 0.125 }]),
    end(chain(clipByValue, weightDecay, adam), [{ bound: 1 }, { weightDecay: 0.5 }, { lr: 0.125 }]),
    0,
  )
  near(chain().update(f64([1]), [], f64([0]), [])[0], [1], 0)
})

test('decay before gradient descent is the gradient of the penalised loss', () => {
  agrees(chain(weightDecay, sgd), [{ weightDecay: 0.5 }, { lr: 0.125 }], () => (g, w) => -0.125 * (g + 0.5 * w))
})

test('clipping by value, also by a bound for each element', () => {
  agrees(
    chain(clipByValue, sgd),
    [{ bound: 0.75 }, { lr: 0.25 }],
    () => (g) => -0.25 * Math.min(0.75, Math.max(-0.75, g)),
  )
  near(clipByValue.update(f64([3, -3]), {}, f64([0, 0]), { bound: f64([1, 2]) })[0], [1, -2], 0)
  near(grad((g: Tensor) => clipByValue.update(g, {}, g, { bound: 1 })[0])(f64(1)), 0.5, 0)
  assert.ok(Number.isNaN(elements(clipByValue.update(f64(NaN), {}, f64(0), { bound: 1 })[0])[0]))
})

test('a long gradient keeps its direction, a short one stays, whatever their magnitudes', () => {
  const by = (g: readonly number[], maxNorm: number) =>
    elements(clipByGlobalNorm.update(f32(g), {}, f32(g.map(() => 0)), { maxNorm })[0])
  near(by([3e30, 4e30], 5), [3, 4], 4 * 2 ** -24) // squares overflow in f32
  near(
    by([3e-30, -4e-30], 5e-31).map((x) => x * 1e31),
    [3, -4],
    4 * 2 ** -24,
  ) // squares underflow
  assert.equal(by([3, 4], 5), [3, 4])
  assert.equal(by([0, 0], 1), [0, 0])
  assert.equal(by([3, 4], 0), [0, 0])
  assert.ok(by([Infinity, 1], 1).some(Number.isNaN))
  assert.ok(by([NaN, 1], 1).every(Number.isNaN))
  near(globalNorm({ a: f32([3]), b: [f64(4), f64([12])] }), 13, 1e-15)
  const [mixed] = clipByGlobalNorm.update({ a: f32([3]), b: f64(4) }, {}, { a: f32([0]), b: f64(0) }, { maxNorm: 1 })
  assert.equal([mixed.a.dtype, mixed.b.dtype], ['f32', 'f64'])
  near(mixed, [0.6, 0.8], 2 ** -24)
  near(clipByGlobalNorm.update([], {}, [], { maxNorm: 1 })[0], [], 0)
})

test('the slope of clipping by norm: the projection across the gradient, the identity at 0', () => {
  const clipped = (g: Tensor) => clipByGlobalNorm.update(g, {}, g, { maxNorm: 1 })[0]
  checkGrads(clipped, [f64([0.75, -2, 1])])
  checkGrads(clipped, [f64([0.25, -0.5, 0.125])])
  near(jacrev(clipped)(f64([0, 0])), [1, 0, 0, 1], 0)
  const zero = f64([0, 0])
  const byLength = jacrev((maxNorm: Tensor) => clipByGlobalNorm.update(zero, {}, zero, { maxNorm })[0])
  near(byLength(f64(1)), [0, 0], 0)
})

test('derivatives by the hyperparameters of all links, to order 2, in both modes', () => {
  const training = chain(clipByGlobalNorm, weightDecay, momentum)
  checkGrads(
    (maxNorm: Tensor, decay: Tensor, lr: Tensor, mu: Tensor) =>
      objective(trained(training, weights(), [{ maxNorm }, { weightDecay: decay }, { lr, mu }], 4)),
    [f64(1.5), f64(0.25), f64(0.125), f64(0.75)],
  )
})

test('one trace serves a whole schedule', () => {
  const training = chain(clipByGlobalNorm, adam)
  let traces = 0
  const step = jit((w: Tensor, state: ReturnType<typeof training.init>, lr: number) => {
    traces++
    return training.update(w, state, w, [{ maxNorm: 1 }, { lr }])
  })
  let state = training.init(f64([1]))
  for (const lr of [0.5, 0.25, 0]) [, state] = step(f64([1]), state, lr)
  assert.is(traces, 1)
})

test('wrong calls', () => {
  const training = chain(clipByGlobalNorm, sgd)
  const [w, state] = [f64([1]), training.init(f64([1]))]
  assert.is(
    messageOf(() => training.update(w, state, w, [{ maxNorm: 1 }] as never)),
    'chain: has 2 links, got 2 states and the hyperparameters of 1: pass a list with an entry for each link, {} for defaults.',
  )
  assert.is(
    messageOf(() => training.update(w, state, w, [{} as never, { lr: 1 }])),
    'clipByGlobalNorm: the hyperparameter maxNorm is missing, and has no default: pass { maxNorm: … }.',
  )
})

test.run()
