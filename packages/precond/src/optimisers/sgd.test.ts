/** Gradient descent: against plain numbers, with one step size and with one for each weight. */

import { grad } from '@neumann/autodiff'
import { test } from 'uvu'
import { sgd } from '../index.js'
import { agrees, differentiable, f64, near, objective, trained, type Weights, weights } from '../support.testing.js'

const rates = [0.5, 0.125, 0.25, 0.0625, 0.375]
const lr: Weights = { bias: f64(0.5), layers: [{ w: f64([0.125, 0.25, 0.0625]) }, f64([0.375])] }

test('25 steps are those of plain numbers', () => {
  agrees(sgd, { lr: 0.125 }, () => (g) => -0.125 * g)
})

test('a branch, a leaf or an element may have a step size of its own', () => {
  agrees(sgd, { lr: { bias: 0.5, layers: 0.125 } }, (i) => (g) => -[0.5, 0.125, 0.125, 0.125, 0.125][i]! * g)
  agrees(sgd, { lr }, (i) => (g) => -rates[i]! * g)
})

test('derivatives by the step size, to order 2, in both modes', () => differentiable(sgd, { lr: 0.125 }))

test('the derivative by the step size of a weight is that of this weight alone', () => {
  const loss = (lr: Weights) => objective(trained(sgd, weights(), { lr }, 1))
  // d/dlr (w − lr g + ¼)² = −2 (w − lr g + ¼) g, with g = a (w − c) + s sin 3w by hand
  const g = [-1.0695182992219803, 4.4887650588325485, 0, 0, 0.8737474933020273]
  const w = [-0.75, 1.5, 0, -2.25, 0.5]
  near(
    grad(loss)(lr),
    g.map((s, i) => -2 * (w[i]! - rates[i]! * s + 0.25) * s),
    1e-14,
  )
})

test.run()
