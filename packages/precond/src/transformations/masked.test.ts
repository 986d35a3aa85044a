/** Masks: by trees, by paths; what becomes of the others. */

import { treeLeaves } from '@neumann/linalg-gpu'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { adam, chain, clipByGlobalNorm, masked, momentum, sgd, weightDecay } from '../index.js'
import { agrees, differentiable, f64, messageOf, near, weights } from '../support.testing.js'

const layers = { bias: false, layers: [{ w: true }, false] }
const isChosen = (i: number) => i >= 1 && i <= 3

test('the others are frozen, or their gradients pass', () => {
  agrees(masked(sgd, layers, 'zero'), { lr: 0.125 }, (i) => (g) => (isChosen(i) ? -0.125 * g : 0))
  // decay of some weights, then a step of all
  agrees(
    chain(masked(weightDecay, layers, 'pass'), sgd),
    [{ weightDecay: 0.5 }, { lr: 0.125 }],
    (i) => (g, w) => -0.125 * (g + (isChosen(i) ? 0.5 * w : 0)),
  )
})

test('two optimisers share the parameters', () => {
  const both = chain(
    masked(momentum, (path) => path.startsWith('.layers'), 'pass'),
    masked(sgd, (path) => path === '.bias', 'pass'),
  )
  agrees(both, [{ lr: 0.125, mu: 0.75 }, { lr: 0.25 }], (i) => {
    let velocity = 0
    return (g) => (i === 0 ? -0.25 * g : (velocity = 0.75 * velocity - 0.125 * g))
  })
})

test('a mask may end early, and a predicate sees each path', () => {
  const seen: string[] = []
  const some = masked(sgd, (path) => seen.push(path) > 0, 'zero')
  some.init(weights())
  assert.equal(seen, ['.bias', '.layers[0].w', '.layers[1]'])
  agrees(masked(sgd, { bias: false, layers: true }, 'zero'), { lr: 0.125 }, (i) => (g) => (i === 0 ? 0 : -0.125 * g))
  agrees(masked(sgd, true, 'zero'), { lr: 0.125 }, () => (g) => -0.125 * g)
  agrees(masked(sgd, false, 'zero'), { lr: 0.125 }, () => () => 0)
  near(masked(sgd, () => true, 'zero').update(f64(1), {}, f64(0), { lr: 2 })[0], -2, 0)
})

test('trees of hyperparameters are like all parameters, and the state holds the chosen ones only', () => {
  const some = masked(momentum, layers, 'zero')
  assert.is(treeLeaves(some.init(weights()) as never).length, 1)
  const lr = { bias: 99, layers: [{ w: f64([0.125, 0.25, 0.5]) }, 99] }
  agrees(some, { lr, mu: 0 }, (i) => (g) => (isChosen(i) ? -[0, 0.125, 0.25, 0.5][i]! * g : 0))
})

test('a norm is that of the chosen ones', () => {
  const short = masked(clipByGlobalNorm, { a: true, b: false }, 'pass')
  const w = { a: f64([0, 0]), b: f64(0) }
  near(short.update({ a: f64([3, 4]), b: f64(100) }, short.init(w), w, { maxNorm: 1 })[0], [0.6, 0.8, 100], 1e-16)
})

test('derivatives by the hyperparameters, to order 2', () => {
  differentiable(masked(adam, layers, 'zero'), { lr: 0.125, beta1: 0.75, beta2: 0.875, epsilon: 0.25 })
})

test('wrong masks', () => {
  assert.is(
    messageOf(() => masked(sgd, { bias: true }, 'zero').init(weights())),
    'masked: the mask has the form {bias: *}, the parameters have {bias: *, layers: [{w: *}, *]}: give one value for all, or a tree like the parameters.',
  )
  assert.is(
    messageOf(() => masked(sgd, (() => 1) as never, 'zero').init(f64(1))),
    'masked: the mask says true or false of each parameter, got 1.',
  )
})

test.run()
