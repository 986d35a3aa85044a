/** RMSProp: against plain numbers; what happens where the mean of squares is 0 stands in moments.test.ts. */

import { test } from 'uvu'
import { rmsprop } from '../index.js'
import { agrees, differentiable, near, trained, weights } from '../support.testing.js'

test('25 steps are those of plain numbers', () => {
  agrees(rmsprop, { lr: 0.0625, rho: 0.75, epsilon: 0.01 }, () => {
    const squares: number[] = []
    return (g) => {
      squares.push(g * g)
      // the mean of squares written out, not as a recurrence
      const mean = squares.reduce((sum, s, k) => sum + 0.25 * 0.75 ** (squares.length - 1 - k) * s, 0)
      return (-0.0625 * g) / (Math.sqrt(mean) + 0.01)
    }
  })
})

test('the defaults are those of PyTorch', () => {
  const end = (more: object) => trained(rmsprop, weights(), { lr: 0.0625, ...more }, 5)
  near(end({}), end({ rho: 0.99, epsilon: 1e-8 }), 0)
})

test('derivatives by all hyperparameters, to order 2, in both modes', () => {
  differentiable(rmsprop, { lr: 0.0625, rho: 0.75, epsilon: 0.25 })
})

test.run()
