/** AdaGrad: against plain numbers. */

import { test } from 'uvu'
import { adagrad } from '../index.js'
import { agrees, differentiable, near, trained, weights } from '../support.testing.js'

test('25 steps are those of plain numbers', () => {
  agrees(adagrad, { lr: 0.25, initial: 0.125, epsilon: 0.01 }, () => {
    const squares = [0.125]
    return (g) => {
      squares.push(g * g)
      return (-0.25 * g) / (Math.sqrt(squares.reduce((a, b) => a + b)) + 0.01)
    }
  })
})

test('the defaults are those of PyTorch', () => {
  const end = (more: object) => trained(adagrad, weights(), { lr: 0.25, ...more }, 5)
  near(end({}), end({ initial: 0, epsilon: 1e-10 }), 0)
})

test('derivatives by all hyperparameters, to order 2, in both modes', () => {
  differentiable(adagrad, { lr: 0.25, initial: 0.125, epsilon: 0.25 })
})

test.run()
