/** Heavy ball and Nesterov: against plain numbers, and their laws. */

import { test } from 'uvu'
import { momentum, nesterov, sgd } from '../index.js'
import { agrees, differentiable, near, trained, weights } from '../support.testing.js'

test('25 steps of the heavy ball are those of plain numbers', () => {
  // in the form of Sutskever et al.: the velocity holds the step size
  agrees(momentum, { lr: 0.125, mu: 0.75 }, () => {
    let velocity = 0
    return (g) => (velocity = 0.75 * velocity - 0.125 * g)
  })
})

test('25 steps of Nesterov are those of plain numbers', () => {
  // Sutskever's form again: with V the velocity, the weights that are kept are θ + μ V, so u = (1 + μ) V₊ − μ V
  agrees(nesterov, { lr: 0.125, mu: 0.75 }, () => {
    let velocity = 0
    return (g) => {
      const before = velocity
      velocity = 0.75 * before - 0.125 * g
      return 1.75 * velocity - 0.75 * before
    }
  })
})

test('mu is 0.9 where it is not given, and 0 is gradient descent', () => {
  const end = (optimiser: typeof momentum, mu?: number) =>
    trained(optimiser, weights(), mu === undefined ? { lr: 0.125 } : { lr: 0.125, mu }, 5)
  for (const optimiser of [momentum, nesterov]) {
    near(end(optimiser), end(optimiser, 0.9), 0)
    near(end(optimiser, 0), trained(sgd, weights(), { lr: 0.125 }, 5), 0)
  }
})

test('derivatives by step size and momentum, to order 2, in both modes', () => {
  differentiable(momentum, { lr: 0.125, mu: 0.75 })
  differentiable(nesterov, { lr: 0.125, mu: 0.75 })
})

test.run()
