import { hessianOperator } from '@neumann/autodiff/solvers'
import { array, div, mul, square, sum, type Tensor } from '@neumann/linalg-gpu'
import {
  cg,
  exact,
  gmres,
  type LinearSolver,
  matrix,
  neumann,
  type Operator,
  scaled,
} from '@neumann/linalg-gpu/solvers'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { decode } from '../certificate/decode.js'
import { R1, R1Data, type R1Fixture, ridge } from '../fixtures/index.js'
import { near, numbers, relativeError } from '../support.testing.js'
import type { Estimator } from './estimator.js'
import { guarded } from './guarded.js'
import { type ImplicitMemory, implicit } from './implicit.js'

type R1Estimator = Estimator<R1Fixture['optimum'], Tensor, ImplicitMemory>

const on = (make: (problem: R1Fixture['problem']) => R1Estimator, dtype: 'f32' | 'f64' = 'f64') => {
  const { problem, optimum } = R1({ dtype })
  const estimate = make(problem)
  return estimate(estimate.init(optimum), optimum)
}

test('R1: exact solvers give the closed form, in f64 and f32', () => {
  for (const [dtype, tolerance] of [
    ['f64', 1e-10],
    ['f32', 1e-4],
  ] as const)
    for (const solver of [exact(), cg()]) near(on(implicit(solver), dtype).gradient, R1({ dtype }).exact, tolerance)
})

test('R1: the table of Neumann series of section 1.6', () => {
  for (const [k, gradient, error] of [
    [0, [0.0081484835, -0.2346763241], 0.423499],
    [1, [0.0545948393, -0.285522861], 0.239799],
    [2, [0.0780624717, -0.3179864192], 0.132592],
    [3, [0.0911896786, -0.3357435944], 0.07349],
    [5, [0.1024849434, -0.3510550512], 0.022566],
    [10, [0.1072290834, -0.3574852797], 0.001179],
    [20, [0.107489919, -0.3578388172], 3.219e-6],
  ] as const) {
    const got = on(implicit(neumann({ terms: k + 1, step: 0.1, tolerance: 0 })))
    near(got.gradient, gradient, 1e-10, `K = ${k}`)
    assert.ok(Math.abs(relativeError(got.gradient, R1().exact) - error) < 1e-6)
  }
})

test('R1: the damped solves, and the fixed-point form, which agree with the Hessian form', () => {
  near(on(implicit(exact(), { damping: 0.01 })).gradient, [0.107165724, -0.3571983416])
  near(on(implicit(exact(), { damping: 1 })).gradient, [0.0814848348, -0.3042100498])
  near(on(implicit(gmres(), { form: 'fixedPoint' })).gradient, R1().exact)
  near(
    on(implicit(cg(), { form: 'fixedPoint', facts: { symmetric: true, definite: 'positive' } })).gradient,
    R1().exact,
  )
})

test('R1: conjugate gradients cut off after one iteration, of which two are all', async () => {
  const one = on(implicit(cg({ maxIterations: 1 })))
  near(one.gradient, [0.0106313012, -0.3061814747])
  const { status, residual, products } = await decode(one.certificate)
  assert.is(status, 'truncated')
  // the specification's is not divided by ‖∂F/∂w‖
  near(residual * Math.hypot(4 / 47, 72 / 47), 0.6079211303)
  // one iteration, the solver's own residual, and the product that gives M too
  assert.is(products, 3)
  near(on(implicit(cg({ maxIterations: 2 }))).gradient, R1().exact)
  near(on(implicit(exact(), { damping: 0.1 })).gradient, [0.1043126827, -0.35153878])
})

test('R1: the identity in the place of the inverse, and its scale', () => {
  const identity = on(implicit(neumann({ terms: 1, step: 1 })))
  near(identity.gradient, [0.0814848348, -2.3467632413])
  near(on(implicit(neumann({ terms: 1, step: 0.1 }))).gradient, mul(0.1, identity.gradient))
})

test('R1: weights of examples, labels and inputs, the table of section 0.5', () => {
  for (const [dtype, tolerance] of [
    ['f64', 1e-10],
    ['f32', 1e-4],
  ] as const) {
    const { problem, optimum } = ridge({ ...R1Data, dtype })
    const estimate = implicit(cg())(problem)
    near(
      estimate(estimate.init(optimum), optimum).gradient,
      {
        decay: [0.1074906331, -0.357839785],
        inputs: [
          [0.1027132716, 0.0959325005],
          [-0.1472120821, -0.0283174248],
          [-0.4998507075, -0.2484998507],
          [-0.0444988105, 0.0676150757],
        ],
        labels: [-0.1122679946, 0.1213218651, 0.4671797193, 0.0090538705],
        weights: [-0.0047773615, 0.0335571116, 0.2186798686, 0.0028895331],
      },
      tolerance,
    )
  }
})

test('at the edge of stability, where an even series is blind, the certificate says so', async () => {
  // the false stationary point of section 1.5: αλmax = 2 to ten digits, and a gradient of about zero that is wrong
  const { problem, at } = R1()
  const lambda = [0.440689388, 2.5860248548] as const
  const [a, d] = [6 + Math.exp(lambda[0]), 6 + Math.exp(lambda[1])]
  const weights = array([(9 * d - 27) / (a * d - 9), (9 * a - 27) / (a * d - 9)], { dtype: 'f64' })
  const hyper = array(lambda, { dtype: 'f64' })
  const point = { ...at(weights), hyper }
  const estimate = implicit(neumann({ terms: 6, step: 0.1, tolerance: 0 }))(problem)
  const { gradient, certificate } = estimate(estimate.init(point), point)
  const { stability, status } = await decode(certificate)
  assert.ok(Math.abs(stability - 2) < 1e-3, `${stability}`)
  assert.ok(status === 'diverged' || status === 'unstable', status)
  const right = implicit(exact())(problem)
  assert.ok(relativeError(gradient, right(right.init(point), point).gradient) > 0.5)
})

test('a solver that calls converged what is not is not believed: the residual is another one', async () => {
  const lies: LinearSolver = (operator) => (b) => {
    const found = cg({ maxIterations: 1 })(operator)(b)
    return { ...found, status: mul(0, found.status), residual: mul(0, found.residual) }
  }
  const { status, residual, advice } = await decode(on(implicit(lies)).certificate)
  assert.is(status, 'breakdown')
  near(residual * Math.hypot(4 / 47, 72 / 47), 0.6079211303)
  assert.match(advice, /residual of 0\.396/)
})

test('the residual is that of the damped system, and of the curvature that was given', async () => {
  const damped = await decode(on(implicit(exact(), { damping: 0.5 })).certificate)
  assert.is(damped.status, 'converged')
  assert.ok(damped.residual < 1e-12)
  // twice the Hessian: half the adjoint
  const { problem, optimum } = R1()
  const twice = (weights: Tensor, hyper: Tensor, train: null): Operator<Tensor> =>
    scaled(2, hessianOperator(problem.inner, weights, hyper, train))
  const estimate = implicit(exact(), { curvature: twice })(problem)
  const { gradient, certificate } = estimate(estimate.init(optimum), optimum)
  near(gradient, mul(0.5, R1().exact))
  const { residual, status } = await decode(certificate)
  assert.ok(residual < 1e-12 && status === 'converged', `${status} ${residual}`)
})

test('a guard whose power iteration met NaN or nothing goes on from the vector before', () => {
  const { problem, optimum } = R1()
  const estimate = implicit(guarded((largest) => neumann({ terms: 4, step: div(1, largest) })))(problem)
  const first = estimate(estimate.init(optimum), optimum)
  const lost = estimate(first.memory, { ...optimum, hyper: mul(NaN, optimum.hyper) })
  near(lost.memory.probe, first.memory.probe)
  near(estimate(lost.memory, optimum).certificate.stability, 1, 1e-9)
})

test('tiny objectives keep their digits in f32', () => {
  const { problem, optimum, exact: wanted } = R1({ dtype: 'f32' })
  const small = { ...problem, outer: (w: Tensor, h: Tensor, v: null) => mul(1e-30, problem.outer(w, h, v)) }
  for (const make of [implicit(cg()), implicit(gmres(), { form: 'fixedPoint' })]) {
    const estimate = make(small)
    const { gradient, certificate } = estimate(estimate.init(optimum), optimum)
    near(mul(1e30, gradient), wanted, 1e-4)
    assert.ok(numbers(certificate.residual)[0]! < 1e-5)
  }
})

test('warm: the next solve begins at the last adjoint, and is done at once', async () => {
  const { problem, optimum } = R1()
  const estimate = implicit(cg(), { start: 'warm' })(problem)
  const first = estimate(estimate.init(optimum), optimum)
  const second = estimate(first.memory, optimum)
  near(second.gradient, first.gradient)
  const [before, after] = [await decode(first.certificate), await decode(second.certificate)]
  assert.ok(after.products < before.products, `${before.products}, ${after.products}`)
})

test('a step beyond the radius is said: α λmax is 2.108', async () => {
  const given = guarded(() => neumann({ terms: 8, step: 0.2 }), { powerSteps: 20 })
  const { stability, status } = await decode(on(implicit(given)).certificate)
  assert.ok(Math.abs(stability - 2.108) < 1e-3, `${stability}`)
  assert.is(status, 'diverged')
  const automatic = guarded((largest: Tensor) => neumann({ terms: 60, step: div(1, largest) }), { powerSteps: 20 })
  const found = on(implicit(automatic))
  near(found.gradient, R1().exact, 1e-9)
  assert.is((await decode(found.certificate)).status, 'converged')
})

test('away from the optimum the certificate tells how far F would move', async () => {
  const { problem, at } = R1()
  const point = at(array([0.9, 0.9], { dtype: 'f64' }))
  const estimate = implicit(exact())(problem)
  const { value, certificate } = estimate(estimate.init(point), point)
  const { status, gap, stationarity } = await decode(certificate)
  assert.is(status, 'unstationary')
  assert.ok(stationarity > 0.1)
  // F is quadratic: the first order is right to second order in the distance
  near(Number(String(value).split(' ').at(-1)) + gap, 0.5885015844, 0.05)
})

test('weights and hyperparameters of two dtypes are refused, with the remedy', () => {
  const { problem, optimum } = R1()
  const point = { ...optimum, hyper: array([0, 1]) }
  const estimate = implicit(cg())({ ...problem, inner: (w: Tensor) => sum(square(w)) })
  assert.throws(() => estimate(estimate.init(point), point), /of two dtypes, f64\[2\] f32\[2\]: make them of one/)
})

test('a curvature that looks at weights alone fits problems of any λ and batches', () => {
  const { problem, optimum, exact: wanted } = R1()
  const h = array([7, 3, 3, 8], { shape: [2, 2], dtype: 'f64' })
  const estimate = implicit(cg(), { curvature: (_: Tensor) => matrix(h, { symmetric: true }) })(problem)
  near(estimate(estimate.init(optimum), optimum).gradient, wanted, 1e-12)
})

test.run()
