/** The average of the weights: against the sum that it is, and at its ends. */

import { grad } from '@neumann/autodiff'
import { jit, type Tensor } from '@neumann/linalg-gpu'
import { test } from 'uvu'
import { applyUpdates, ema, momentum, sgd } from '../index.js'
import { agrees, elements, f64, gradientAt, near, walked, weights } from '../support.testing.js'

const plainMomentum = () => {
  let velocity = 0
  return (g: number) => (velocity = 0.75 * velocity - 0.125 * g)
}
const hyper = (decay?: number) => ({ inner: { lr: 0.125, mu: 0.75 }, ...(decay === undefined ? {} : { decay }) })

const averageAfter = (steps: number, decay?: number) => {
  const smooth = ema(momentum)
  let w = weights()
  let state = smooth.init(w)
  for (let step = 0; step < steps; step++) {
    const [u, next] = smooth.update(gradientAt(w), state, w, hyper(decay))
    ;[w, state] = [applyUpdates(w, u), next]
  }
  return smooth.weights(state, w)
}

test('the weights go the way of the inner optimiser', () => {
  agrees(ema(momentum), hyper(0.875), plainMomentum)
})

test('the average is the sum with weights (1 − δ) δᵏ and δⁿ of the first', () => {
  const path = [elements(weights()), ...walked(plainMomentum, 20)]
  const sum = (decay: number) =>
    path[0]!.map((_, i) =>
      path.reduce((total, w, k) => total + (k === 0 ? decay ** 20 : (1 - decay) * decay ** (20 - k)) * w[i]!, 0),
    )
  near(averageAfter(20, 0.875), sum(0.875), 1e-13)
  near(averageAfter(20), sum(0.999), 1e-13)
  near(averageAfter(20, 1), path[0], 0)
  near(averageAfter(20, 0), path[20], 1e-13)
})

test('the derivative of the average by its decay', () => {
  // e₂ = δ² w₀ + (1 − δ) δ w₁ + (1 − δ) w₂, with w = 1, ½, ¼:  2 δ + ½ (1 − 2 δ) − ¼
  const smooth = ema(sgd)
  const average = (decay: Tensor): Tensor => {
    let w = f64(1)
    let state = smooth.init(w)
    for (let step = 0; step < 2; step++) {
      const [u, next] = smooth.update(w, state, w, { inner: { lr: 0.5 }, decay })
      ;[w, state] = [applyUpdates(w, u), next]
    }
    return smooth.weights(state, w)
  }
  near(grad(average)(f64(0.75)), 1.5 - 0.25 - 0.25, 1e-15)
  near(grad(grad(average))(f64(0.75)), 1, 1e-15)
})

test('its state shares no memory with the weights: both may be donated', () => {
  const smooth = ema(sgd)
  const w = f64([1, 2])
  const step = jit(
    (w: Tensor, state: ReturnType<typeof smooth.init>) => smooth.update(w, state, w, { inner: { lr: 0.5 } }),
    { donate: [0, 1] },
  )
  near(step(w, smooth.init(w))[0], [-0.5, -1], 0)
})

test.run()
