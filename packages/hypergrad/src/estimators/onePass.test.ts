import { add, array, matmul, mul, ones, sum, type Tensor } from '@neumann/linalg-gpu'
import { gmres } from '@neumann/linalg-gpu/solvers'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { decode } from '../certificate/decode.js'
import { momentumR1 } from '../fixtures/momentumR1.js'
import { whole } from '../problem/lens.js'
import { near, numbers } from '../support.testing.js'
import { implicit } from './implicit.js'
import { onePass } from './onePass.js'

test('the worked table of section 2.7, in f64 and f32', () => {
  for (const [dtype, tolerance] of [
    ['f64', 1e-10],
    ['f32', 1e-5],
  ] as const) {
    const { problem, step } = momentumR1({ dtype })
    for (const [terms, lr, momentum, decay] of [
      [1, 5.9205, 0.12925, -0.026],
      [2, 9.3009225, 0.21506625, -0.04017],
      [3, 11.2731715125, 0.2748279813, -0.04789265],
      [5, 13.1962318988, 0.3513865942, -0.0543953144],
      [6, 13.677048338, 0.3772158891, -0.0556454463],
      [20, 15.0782095509, 0.4906835344, -0.0571425517],
      [200, 15.1921658986, 0.5020737327, -0.0571428571],
    ] as const)
      near(onePass({ terms })(problem)(null, step).gradient, { lr, momentum, decay }, tolerance, `${terms} terms`)
  }
})

test('the residual is that of the series, and the contraction that of its last terms', async () => {
  const { problem, step } = momentumR1()
  const { certificate, value } = onePass({ terms: 60 })(problem)(null, step)
  const { status, residual, contraction, products } = await decode(certificate)
  assert.is(status, 'truncated')
  // the radius of I − ∂u/∂w
  assert.ok(Math.abs(contraction - 0.845) < 1e-6, `${contraction}`)
  assert.ok(residual < 0.845 ** 59 * 3 && residual > 0.845 ** 62 / 3, `${residual}`)
  assert.is(products, 60)
  assert.ok(String(value).startsWith('f64[]'))
})

test('one term is the slope of one step, by differences; 200 are the inverse', () => {
  const { problem, step } = momentumR1()
  const { hyper, previous } = step
  const slope = (name: keyof typeof hyper): number => {
    const h = 1e-4
    const F = (by: number): number => {
      const { weights } = problem.update(previous, { ...hyper, [name]: add(hyper[name], by) }, null)
      return numbers(problem.outer(weights, hyper, null))[0]!
    }
    return (F(h) - F(-h)) / (2 * h)
  }
  // F is quadratic in each of them: central differences leave only rounding, an ulp over the step
  near(
    onePass({ terms: 1 })(problem)(null, step).gradient,
    { lr: slope('lr'), momentum: slope('momentum'), decay: slope('decay') },
    1e-10,
  )
  // ∂u/∂w = η (A + ξ I) = [[.305, .15], [.15, .305]], and p solves it for v = (−.505, 1.545)
  const p = [
    (-0.505 * 0.305 - 1.545 * 0.15) / (0.305 ** 2 - 0.15 ** 2),
    (1.545 * 0.305 + 0.505 * 0.15) / (0.305 ** 2 - 0.15 ** 2),
  ]
  near(p, [-5.4700460829, 7.7557603687])
  near(onePass({ terms: 300 })(problem)(null, step).gradient, {
    lr: 4.95 * p[0]! + 5.45 * p[1]!,
    momentum: 0.05 * p[0]! + 0.1 * p[1]!,
    decay: -0.025 * (p[0]! + p[1]!),
  })
})

test('a learning rate for each weight: section 2.7 c, and its sum is that of one for all', () => {
  const { problem, step } = momentumR1()
  const hyper = { ...step.hyper, lr: mul(step.hyper.lr, ones([2], { dtype: 'f64' })) }
  const { gradient } = onePass({ terms: 5 })(problem)(null, { ...step, hyper })
  near(gradient.lr, [-13.246728333, 26.4429602318])
  near(mul(gradient.lr, 0.05 * Math.LN10), [-1.5250859595, 3.0443583022])
  near(sum(gradient.lr), 13.1962318988)
})

test('at the optimum of the decayed problem: section 2.7 d, and the augmented state of the implicit estimator', () => {
  const { problem, hyper } = momentumR1()
  const w = array([90 / 91, 90 / 91], { dtype: 'f64' })
  const state = problem.begin(w)
  const point = { state, previous: state, hyper, train: null, validation: null }
  for (const [terms, decay] of [
    [1, -0.0967274484],
    [5, -0.2023661524],
    [20, -0.2125866624],
    [100, -0.2125877986],
  ] as const)
    near(onePass({ terms })(problem)(null, point).gradient, { lr: 0, momentum: 0, decay }, 1e-10, `${terms} terms`)
  // J of (w, b) is not symmetric: conjugate gradients on it would be wrong
  const estimate = implicit(gmres(), { form: 'fixedPoint' })(problem)
  near(estimate(estimate.init(point), point).gradient, { lr: 0, momentum: 0, decay: -0.2125877986 })
})

test('transformed hyperparameters: the last columns of the table', () => {
  const { problem, step } = momentumR1()
  const { lr, momentum, decay } = onePass({ terms: 5 })(problem)(null, step).gradient
  near(
    [mul(lr, 0.05 * Math.LN10), mul(momentum, 0.25), mul(decay, 0.1 * Math.LN10)],
    [1.5192723427, 0.0878466485, -0.012524984],
  )
})

test('terms that grow are said, terms that only rounding moves are not, and a series that ended is converged', async () => {
  for (const dtype of ['f64', 'f32'] as const) {
    const { problem, step } = momentumR1({ dtype })
    const by = async (lr: number, terms = 5) =>
      decode(
        onePass({ terms })(problem)(null, { ...step, hyper: { ...step.hyper, lr: array(lr, { dtype }) } }).certificate,
      )
    // η λmax = .3 · 9.1
    assert.is((await by(0.3)).status, 'expanding')
    assert.is((await by(1e-9)).status, 'truncated')
    assert.is((await by(0)).status, 'truncated')
    assert.is((await by(0.1, 400)).status, 'converged')
  }
})

test('an update that only turns neither grows nor shrinks: rounding does not make it expand', async () => {
  for (const dtype of ['f64', 'f32'] as const) {
    const turn = array(
      [
        [Math.cos(1), Math.sin(1)],
        [-Math.sin(1), Math.cos(1)],
      ],
      { dtype },
    )
    const problem = {
      update: (w: Tensor, h: Tensor) => add(matmul(turn, w), h),
      weights: whole<Tensor>(),
      outer: (w: Tensor) => sum(w),
    }
    const point = { previous: array([1, 2], { dtype }), hyper: array([0, 0], { dtype }), train: null, validation: null }
    let above = 0
    for (let terms = 2; terms < 20; terms++) {
      const { status, contraction } = await decode(onePass({ terms })(problem)(null, point).certificate)
      assert.is(status, 'truncated')
      if (contraction > 1) above++
    }
    assert.ok(above > 0, 'rounding went up at least once')
  }
})

test.run()
