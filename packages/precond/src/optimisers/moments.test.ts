/** Finite derivatives where the second moment is exactly 0, and the correction 1 − βᵗ. */

import { grad, jvp } from '@neumann/autodiff'
import { mul, sum, type Tensor } from '@neumann/linalg-gpu'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { adagrad, adam, type Optimiser, rmsprop } from '../index.js'
import { elements, f32, f64, near } from '../support.testing.js'
import { correction, overRoot, root } from './moments.js'

/** The update by `gradient` after these gradients; one weight. */
const after = <H, S>(optimiser: Optimiser<H, S>, before: readonly Tensor[], hyper: H) => {
  const w = before[0] ?? f64(0)
  return (gradient: Tensor): Tensor => {
    let state = optimiser.init(w)
    for (const g of before) state = optimiser.update(g, state, w, hyper)[1]
    return optimiser.update(gradient, state, w, hyper)[0]
  }
}

/** First and second derivative of f at x in the four orders of modes. */
const derivatives = (f: (x: Tensor) => Tensor, x: Tensor) => {
  const forward = (g: (x: Tensor) => Tensor) => (y: Tensor) => jvp(g, [y], [1]).tangent
  return {
    first: [grad(f), forward(f)].map((d) => elements(d(x))[0]!),
    second: [grad(grad(f)), forward(forward(f)), grad(forward(f)), forward(grad(f))].map((d) => elements(d(x))[0]!),
  }
}

const [lr, epsilon] = [0.5, 0.25]

test('at the first step with gradient 0 the slope by the gradient is that of −lr g / (|g| + ε)', () => {
  const cases: [string, (g: Tensor) => Tensor, number][] = [
    ['adam', after(adam, [], { lr, epsilon }), -lr / epsilon],
    // the mean of squares holds (1 − ρ) of g², but the slope at 0 does not see it
    ['rmsprop', after(rmsprop, [], { lr, rho: 0.75, epsilon }), -lr / epsilon],
    ['adagrad', after(adagrad, [], { lr, epsilon }), -lr / epsilon],
  ]
  for (const [name, update, slope] of cases) {
    const { first, second } = derivatives(update, f64(0))
    near(first, [slope, slope], 1e-15, name)
    near(second, [0, 0, 0, 0], 0, name) // the middle of the jump
    // the same as what differences say, h → 0 : −lr h / (c h + ε)
    const h = 1e-9
    near((elements(update(f64(h)))[0]! - elements(update(f64(-h)))[0]!) / (2 * h), slope, 1e-8, name)
  }
})

test('after steps whose gradients were all 0, too', () => {
  const zero = f64(0)
  // m̂ = (1 − β₁) g / (1 − β₁³)
  const slope = (-lr * (1 - 0.5)) / (1 - 0.5 ** 3) / epsilon
  const { first, second } = derivatives(after(adam, [zero, zero], { lr, epsilon, beta1: 0.5 }), zero)
  near(first, [slope, slope], 1e-14)
  near(second, [0, 0, 0, 0], 0)
})

test('hyperparameters have derivative 0 there, to order 2, also of several steps', () => {
  const zero = f64([0, 0])
  const total = (hyper: { readonly [name: string]: Tensor }) => sum(after(adam, [zero, zero], hyper as never)(zero))
  const hyper = { lr: f64(0.5), beta1: f64(0.9), beta2: f64(0.999), epsilon: f64(1e-8) }
  near(grad(total)(hyper), [0, 0, 0, 0], 0)
  const squared = (h: typeof hyper) => {
    const g = grad(total)(h)
    return Object.values(g).reduce((a, b) => mul(a, b))
  }
  near(grad(squared)(hyper), [0, 0, 0, 0], 0)
})

test('a division by zero is no step, and has no slope', () => {
  for (const update of [
    after(adam, [], { lr, epsilon: 0 }),
    after(rmsprop, [], { lr, epsilon: 0 }),
    after(adagrad, [], { lr, epsilon: 0 }),
  ]) {
    near(update(f64(0)), 0, 0)
    const { first, second } = derivatives(update, f64(0))
    near([...first, ...second], [0, 0, 0, 0, 0, 0], 0)
  }
})

test('squares that underflow in f32 leave finite steps and slopes', () => {
  for (const g of [1e-25, 1e-20, 1e-15]) {
    const update = after(adam, [f32(0)], { lr: 1, epsilon: 1e-8 })
    const { first, second } = derivatives(update, f32(g))
    assert.ok([...first, ...second, ...elements(update(f32(g)))].every(Number.isFinite), `${g}: ${first} ${second}`)
  }
})

test('NaN in the gradient stays NaN', () => {
  assert.ok(Number.isNaN(elements(after(adam, [], { lr: 1 })(f64(NaN)))[0]))
  assert.ok(Number.isNaN(elements(root(f64(NaN)))[0]))
  assert.ok(Number.isNaN(elements(overRoot(f64(1), f64(NaN), f64(1)))[0]))
})

test('the correction is accurate on both sides of its seam, and at its ends', () => {
  // by decimal arithmetic, on the numbers that 0.999 is in f64 and in f32; 2 ulp of each
  const relative = (got: Tensor, want: number) => Math.abs(elements(got)[0]! / want - 1)
  assert.ok(relative(correction(f64(0.999), f64(7)), 0.006979034965020999) <= 2 ** -52)
  assert.ok(relative(correction(f32(0.999), f32(2)), 0.001998974276542498) <= 2 ** -22)
  near(correction(f64([0, 0.25, 0.5, 0.75, 1]), f64(2)), [1, 0.9375, 0.75, 0.4375, 0], 1e-16)
  // −t βᵗ⁻¹, −t (t − 1) βᵗ⁻²
  const at = (beta: number) => derivatives((b) => correction(b, f64(3)), f64(beta))
  for (const beta of [0, 0.25, 0.5, 0.75, 1]) {
    const { first, second } = at(beta)
    near(first, [-3 * beta ** 2, -3 * beta ** 2], 1e-15)
    near(second, Array(4).fill(-6 * beta), 1e-14)
  }
})

test.run()
