/** Scheduled hyperparameters: the loop with the schedule written out, and derivatives through schedules. */

import { checkGrads } from '@neumann/autodiff'
import type { Tensor } from '@neumann/linalg-gpu'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { constant, exponential, linear, momentum, scheduled, sgd } from '../index.js'
import { agrees, elements, f64, objective, trained, weights } from '../support.testing.js'

test('the step size of step t is the schedule’s at t − 1', () => {
  agrees(scheduled(sgd, { lr: linear({ from: f64(0.25), to: f64(0.0625), steps: 8 }) }), {}, () => (g, _, t) => {
    const lr = 0.25 - (0.1875 * Math.min(t - 1, 8)) / 8
    return -lr * g
  })
})

test('several schedules; the other hyperparameters stay arguments', () => {
  const training = scheduled(momentum, { lr: exponential({ from: f64(0.125), rate: f64(0.875) }) })
  agrees(training, { mu: 0.5 }, () => {
    let velocity = 0
    return (g, _, t) => -0.125 * 0.875 ** (t - 1) * (velocity = 0.5 * velocity + g)
  })
  const both = scheduled(momentum, { lr: constant(0.125), mu: constant(0) })
  agrees(both, {}, () => (g) => -0.125 * g)
  const state = both.update(f64(1), both.init(f64(1)), f64(1), {})[1]
  assert.equal(elements(state.step), [1])
})

test('derivatives by what a schedule closes over, to order 2, in both modes', () => {
  checkGrads(
    (from: Tensor, rate: Tensor, mu: Tensor) =>
      objective(trained(scheduled(momentum, { lr: exponential({ from, rate }) }), weights(), { mu }, 4)),
    [f64(0.125), f64(0.75), f64(0.5)],
  )
})

test.run()
