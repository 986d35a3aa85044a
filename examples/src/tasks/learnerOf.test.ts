import { grad } from '@neumann/autodiff'
import { add, array, dot, mul, sub, type Tensor, toNested } from '@neumann/linalg-gpu'
import { chain, sgd, weightDecay } from '@neumann/precond'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { learnerOf } from './learnerOf.js'
import type { Rule } from './task.js'

type Batch = { readonly slope: Tensor }

const learner = learnerOf<Tensor, Batch>({
  init: () => array([1, 2]),
  loss: (w, { slope }) => dot(w, slope),
  score: (w) => ({ loss: dot(w, w) }),
})({
  optimiser: chain(weightDecay, sgd) as Rule['optimiser'],
  settings: ({ lr, decay }) => [{ weightDecay: decay }, { lr }],
})

const batch = { slope: array([3, -1]) }

test('the inner loss has the gradient that the update goes down, with one decay or with one for each weight', () => {
  const state = learner.begin(array(0))
  for (const decay of [array(0.5), array([0.5, 2])]) {
    const hyper = { lr: array(0.25), decay }
    const by = grad((w: Tensor) => learner.problem.inner!(w, hyper, batch))(state.weights)
    assert.equal(toNested(by), toNested(add(batch.slope, mul(decay, state.weights))))
    const next = learner.problem.update(state, hyper, batch)
    assert.equal(toNested(next.weights), toNested(sub(state.weights, mul(0.25, by))))
  }
})

test('the objective has no decay in it', () => {
  const { weights } = learner.begin(array(0))
  assert.is(toNested(learner.problem.outer(weights, { lr: array(1), decay: array(9) }, batch)), 1)
})

test('scores are of the weights, and leave the state as it is', () => {
  const state = learner.begin(array(0))
  const [means, next] = learner.score(state, batch)
  assert.is(toNested(means['loss']!), 5)
  assert.is(next, state)
})

test.run()
