/** Adam and AdamW: against plain numbers, their laws, and how right f32 is at first. */

import { checkGrads, grad } from '@neumann/autodiff'
import { add, jit, type Tensor, type TensorLike, treeMap } from '@neumann/linalg-gpu'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { adam, adamw } from '../index.js'
import {
  agrees,
  differentiable,
  elements,
  f32,
  f64,
  near,
  objective,
  trained,
  type Weights,
  weights,
} from '../support.testing.js'

/** The sums that the averages are, not their recurrences. */
const oracle =
  (lr: number, beta1: number, beta2: number, epsilon: number, decay = 0) =>
  () => {
    const seen: number[] = []
    const mean = (beta: number, f: (g: number) => number): number => {
      const share = seen.map((_, k) => beta ** (seen.length - 1 - k))
      return seen.reduce((sum, g, k) => sum + share[k]! * f(g), 0) / share.reduce((a, b) => a + b)
    }
    return (g: number, w: number): number => {
      seen.push(g)
      return -lr * (mean(beta1, (x) => x) / (Math.sqrt(mean(beta2, (x) => x * x)) + epsilon) + decay * w)
    }
  }

test('25 steps are those of plain numbers', () => {
  agrees(adam, { lr: 0.125, beta1: 0.75, beta2: 0.875, epsilon: 0.01 }, oracle(0.125, 0.75, 0.875, 0.01))
  agrees(adam, { lr: 0.125, beta1: 0, beta2: 0.25, epsilon: 0.01 }, oracle(0.125, 0, 0.25, 0.01))
  const hyper = { lr: 0.125, beta1: 0.75, beta2: 0.875, epsilon: 0.01, weightDecay: 0.5 }
  agrees(adamw, hyper, oracle(0.125, 0.75, 0.875, 0.01, 0.5))
})

test('the defaults are those of the paper, and of PyTorch for the decay', () => {
  near(
    trained(adam, weights(), { lr: 0.125 }, 5),
    trained(adam, weights(), { lr: 0.125, beta1: 0.9, beta2: 0.999, epsilon: 1e-8 }, 5),
    0,
  )
  near(trained(adamw, weights(), { lr: 0.125 }, 5), trained(adamw, weights(), { lr: 0.125, weightDecay: 0.01 }, 5), 0)
  near(trained(adamw, weights(), { lr: 0.125, weightDecay: 0 }, 5), trained(adam, weights(), { lr: 0.125 }, 5), 0)
})

test('derivatives by all hyperparameters, to order 2, in both modes', () => {
  // ε is large, or the second derivative by it is larger than differences can show
  differentiable(adam, { lr: 0.125, beta1: 0.75, beta2: 0.875, epsilon: 0.25 })
  differentiable(adamw, { lr: 0.125, beta1: 0.25, beta2: 0.375, epsilon: 0.25, weightDecay: 0.5 })
})

test('derivatives by the weights that training starts from, to order 2, also of one whose gradient is always 0', () => {
  const hyper = { lr: 0.125, beta1: 0.75, beta2: 0.875, epsilon: 0.25 }
  const moved = treeMap((x: Tensor) => add(x, 0.3), weights()) // away from the one whose first gradient is 0: a kink
  checkGrads((w: Weights) => objective(trained(adam, w, hyper, 3)), [moved])
  checkGrads((w: Weights) => objective(trained(adamw, w, hyper, 3)), [moved])
})

test('the derivative by beta1 is right at beta1 = 0 too', () => {
  // one step: u = −lr g / (|g| + ε) whatever β₁. Two: m̂ = (β g₁ + g₂) / (1 + β), whose slope at 0 is g₁ − g₂
  const [g1, g2, epsilon] = [3, -2, 0.5]
  const zero = f64(0)
  const after = (steps: number) => (beta1: TensorLike) => {
    const hyper = { lr: 1, beta1, beta2: 0.5, epsilon }
    const [u, state] = adam.update(f64(g1), adam.init(zero), zero, hyper)
    return steps === 1 ? u : adam.update(f64(g2), state, zero, hyper)[0]
  }
  near(grad(after(1))(zero), 0, 1e-15)
  near(grad(grad(after(1)))(zero), 0, 1e-15)
  const root = Math.sqrt((0.25 * g1 ** 2 + 0.5 * g2 ** 2) / 0.75)
  near(grad(after(2))(zero), -(g1 - g2) / (root + epsilon), 1e-14)
  // of (β g₁ + g₂) / (1 + β) the second derivative is −2 (g₁ − g₂)
  near(grad(grad(after(2)))(zero), (2 * (g1 - g2)) / (root + epsilon), 1e-14)
})

test('f32: the first steps have lost no digits to 1 − βᵗ', () => {
  // with one gradient for all steps, u = −lr g / (|g| + ε) at each of them: a few roundings of 2⁻²⁴ away, where 1 − 0.999ᵗ alone would cost 2⁻²⁴ / 0.001
  const w = f32([0, 0])
  const step = jit((state: ReturnType<typeof adam.init>) =>
    adam.update(f32([3, -0.001]), state, w, { lr: 1, epsilon: 0 }),
  )
  let state = adam.init(w)
  for (let t = 1; t <= 20; t++) {
    const [u, next] = step(state)
    state = next
    elements(u).forEach((x, i) => {
      assert.ok(Math.abs(x - [-1, 1][i]!) <= 12 * 2 ** -24, `step ${t}: ${x}`)
    })
  }
})

test('hyperparameters of each parameter, and of each element', () => {
  const beta2 = { bias: 0.5, layers: [{ w: f64([0.25, 0.5, 0.75]) }, 0.875] }
  const own = [0.5, 0.25, 0.5, 0.75, 0.875]
  agrees(adam, { lr: 0.125, beta2, epsilon: 0.01 }, (i) => oracle(0.125, 0.9, own[i]!, 0.01)())
})

test.run()
