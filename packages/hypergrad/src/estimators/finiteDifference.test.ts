import { array, mul, sin, type Tensor, zeros } from '@neumann/linalg-gpu'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { decode } from '../certificate/decode.js'
import { whole } from '../problem/lens.js'
import type { Problem } from '../problem/problem.js'
import { near, relativeError } from '../support.testing.js'
import { finiteDifference } from './finiteDifference.js'
import { descentR1, scheduledR1 } from './trajectories.testing.js'
import { unrolled } from './unrolled.js'

test('differences agree with derivatives as far as their dtype and order let them', () => {
  for (const [dtype, order, tolerance, step] of [
    // h² is 4e-11, h⁴ is 3e-13; the derivatives behind them grow like powers of 10 λmax, as wₙ is a polynomial of degree 10 in the rate
    ['f64', 2, 1e-7, undefined],
    ['f64', 4, 1e-8, undefined],
    // a step of 5e-3 (section 0.4) is a twentieth of this learning rate: h²F‴ is larger than the 1e-3 that are expected of smoother ones
    ['f32', 2, 5e-3, undefined],
    // and ε^⅕ = 0.04 would be almost half of it
    ['f32', 4, 1e-3, 0.01],
  ] as const) {
    const options = step === undefined ? { order } : { order, step }
    const { problem, run } = descentR1(dtype)
    const want = descentR1()
    for (const steps of [10, 3]) {
      const got = finiteDifference({ ...options, steps })(problem)(null, run(10))
      const exact = unrolled({ steps })(want.problem)(null, want.run(10))
      const error = relativeError(got.gradient, exact.gradient)
      assert.ok(error < tolerance, `${dtype}, order ${order}, ${steps} steps: ${error}`)
    }
    const scheduled = finiteDifference(options)(scheduledR1(dtype).problem)(null, scheduledR1(dtype).point)
    const exact = unrolled()(scheduledR1().problem)(null, scheduledR1().point)
    const error = relativeError(scheduled.gradient, exact.gradient)
    assert.ok(error < tolerance, `${dtype}, order ${order}, momentum: ${error}`)
  }
})

/** F = sin(λ s): differences are of sine itself. */
const sine: Problem<Tensor, Tensor, Tensor, Tensor, null> = {
  update: (s, h) => mul(h, s),
  weights: whole(),
  outer: (s) => sin(s),
}
const at = (x: number) => ({
  hyper: array(x, { dtype: 'f64' }),
  validation: null,
  trajectory: { start: array(1, { dtype: 'f64' }), batches: zeros([1]) },
})

test('the error is that of the formula: h² F‴/6 of order 2, h⁴ F⁗′/480 of order 4', () => {
  const h = 0.01
  const error = (order: 2 | 4): number =>
    relativeError(finiteDifference({ step: h, order })(sine)(null, at(0.7)).gradient, [Math.cos(0.7)])
  assert.ok(Math.abs(error(2) / (h ** 2 / 6) - 1) < 1e-4, `${error(2)}`)
  // (4 D(h/2) − D(h))/3 = F′ − h⁴ F⁗′/480 + …: 2e-11, of which rounding may take ε/h
  assert.ok(Math.abs(error(4) / (h ** 4 / 480) - 1) < 0.01, `${error(4)}`)
})

test('the step grows with a large λ, so that it is not lost in rounding', () => {
  const far = 1e6
  const { gradient } = finiteDifference()(sine)(null, {
    ...at(far),
    trajectory: { start: array(1e-6, { dtype: 'f64' }), batches: zeros([1]) },
  })
  assert.ok(relativeError(gradient, [1e-6 * Math.cos(1)]) < 1e-9)
})

test('runs side by side give what runs one after the other give', () => {
  const { problem, run } = descentR1()
  const gradient = (chunk: number) => finiteDifference({ chunk })(problem)(null, run(4)).gradient
  near(gradient(1), gradient(100), 1e-9)
  near(gradient(4), gradient(100), 1e-9)
})

test('it is never exact, says how far it may be off, and names what is not seen', async () => {
  const { problem, run, put } = descentR1()
  const plain = await decode(finiteDifference()(problem)(null, run(4)).certificate)
  assert.is(plain.status, 'truncated')
  const { status, residual } = await decode(finiteDifference({ order: 4 })(problem)(null, run(4)).certificate)
  assert.is(status, 'truncated')
  assert.ok(residual > 0 && residual < 1e-4, `${residual}`)
  const wider = { ...run(4), hyper: { ...run(4).hyper, unused: put([1, 2]) } }
  const lost = await decode(finiteDifference()(problem as never)(null, wider as never).certificate)
  assert.equal([lost.status, lost.disconnected], ['disconnected', ['.unused']])
  assert.throws(() => finiteDifference({ order: 3 as never }), /order is 2 or 4, got 3/)
  assert.throws(() => finiteDifference({ step: 0 }), /step is a positive number, got 0/)
})

test.run()
