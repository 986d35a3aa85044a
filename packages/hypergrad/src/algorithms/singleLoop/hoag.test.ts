import { array, clip, item, jit, onDevice, type Tensor } from '@neumann/linalg-gpu'
import { exact, statusOf } from '@neumann/linalg-gpu/solvers'
import { wasmDevice } from '@neumann/linalg-gpu/wasm'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { implicit } from '../../estimators/implicit.js'
import { R1 } from '../../fixtures/r1.js'
import { near, numbers } from '../../support.testing.js'
import { hoag } from './hoag.js'
import { projected } from './projected.js'
import { scalarProblem } from './scalar.testing.js'

// searches in loops: the plain device is slow
const device = await wasmDevice()
const solution = [1.5 / 0.7625, (0.75 * 1.5) / 0.7625, 1 - (0.375 * 1.5) / 0.7625]

test('HOAG finds the solution of section 9.8, from a curvature that is far too small and from one that is too large', () =>
  onDevice(device, () => {
    for (const [dtype, curvature, tolerance] of [
      ['f64', 0.02, 1e-8],
      ['f64', 20, 1e-8],
      ['f32', 0.02, 1e-4],
    ] as const) {
      const { problem, all, zero } = scalarProblem(dtype)
      const { init, step } = hoag({ curvature })(problem)
      const jitted = jit(step)
      let state = init(zero)
      let refused = 0
      for (let t = 0; t < 150; t++) {
        const [next, { accepted }] = jitted(state, all)
        if (numbers(accepted)[0] === 0) refused++
        state = next
      }
      near([state.accepted.hyper, state.weights, state.adjoint], solution, tolerance, `${dtype} ${curvature}`)
      // the curvature of h is .7625: a step of 50 is refused, and L doubled until it is not
      if (curvature < 1) assert.ok(refused >= 5, `${refused} refused`)
    }
  }))

test('HOAG on R1 stays in its box and stops where the exact gradient says so', () =>
  onDevice(device, () => {
    const { problem, lambda, at } = R1()
    const { init, step } = projected((x: Tensor) => clip(x, -6, 6))(hoag({ curvature: 0.5 })(problem))
    const jitted = jit(step)
    let state = init({ weights: array([0, 0], { dtype: 'f64' }), hyper: lambda })
    let value = Infinity
    for (let t = 0; t < 180; t++) {
      const [next, report] = jitted(state, { inner: null, outer: null })
      state = next
      if (t === 0) {
        near(report.direction, R1().exact, 2e-3)
        assert.is(statusOf(item(report.search)), 'converged')
        assert.is(statusOf(item(report.solve)), 'converged')
      }
      if (numbers(report.accepted)[0] === 1) {
        // errors of z, at first 1e-3, move F by their product with v
        assert.ok(numbers(report.value)[0]! < value + 1e-4 * 0.9 ** t)
        value = numbers(report.value)[0]!
      }
    }
    const point = { ...at(state.weights), hyper: state.accepted.hyper }
    const estimate = implicit(exact())(problem)
    const [first, second] = numbers(estimate(estimate.init(point), point).gradient)
    assert.is(numbers(state.accepted.hyper)[1], 6)
    assert.ok(second! < 0, 'F would fall beyond the box')
    assert.ok(Math.abs(first!) < 1e-8, `${first}`)
  }))

test('a curvature that is none is refused', () => {
  assert.throws(() => hoag({ curvature: -1 }), /hoag.*curvature/)
})

test.run()
