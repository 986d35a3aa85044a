import { vjp } from '@neumann/autodiff'
import { add, array, jit, mul, square, sum, type Tensor, tanh, zeros } from '@neumann/linalg-gpu'
import { exact, neumann } from '@neumann/linalg-gpu/solvers'
import { adam } from '@neumann/precond'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { decode } from '../certificate/decode.js'
import { R1 } from '../fixtures/r1.js'
import { fromLoss } from '../problem/fromLoss.js'
import { whole } from '../problem/lens.js'
import type { Problem } from '../problem/problem.js'
import { near, numbers } from '../support.testing.js'
import { implicit } from './implicit.js'
import { replay } from './replay.js'
import { batches, descentR1, scheduledR1 } from './trajectories.testing.js'
import { unrolled } from './unrolled.js'

/** T, w_T, E, dE/dλ, dE/dη, cut after one step, cut after two: section 4.6. */
const table = [
  [1, [0.9, 0.9], 0.82, [0, 0], 14.4, [0, 0], [0, 0]],
  [2, [0.9, 0.81], 0.6661, [0.018, -0.2916], -2.916, [0.018, -0.2916], [0.018, -0.2916]],
  [3, [0.927, 0.792], 0.632593, [0.05985, -0.321516], -0.97362, [0.01314, -0.256608], [0.05985, -0.321516]],
  [
    5,
    [0.94806, 0.77391],
    0.6016344517,
    [0.090909207, -0.3519972828],
    -0.53379513,
    [0.009769914, -0.2415527892],
    [0.055703691, -0.2955241044],
  ],
  [
    10,
    [0.9569563245, 0.7663729491],
    0.5891802551,
    [0.1062919089, -0.3580621215],
    -0.0546393777,
    [0.0082347861, -0.2350334828],
    [0.0546556147, -0.286040512],
  ],
  [
    30,
    [0.9574468049, 0.7659574499],
    0.5885015895,
    [0.1074906136, -0.3578398019],
    -1.220278e-6,
    [0.0081484841, -0.2346763268],
    [0.0545948397, -0.2855228649],
  ],
] as const

test('R1: the table of section 4.6, whole and cut, in f64 and f32, whatever is kept', () => {
  for (const [dtype, tolerance] of [
    ['f64', 1e-10],
    ['f32', 1e-5],
  ] as const)
    for (const [T, w, value, lambda, lr, one, two] of table) {
      const { problem, hyper, run } = descentR1(dtype)
      const { trajectory } = run(T)
      near(
        replay(problem.update, trajectory.start, hyper, { batches: trajectory.batches, steps: T }).weights,
        w,
        tolerance,
      )
      for (const keep of ['all', 'states', 'sqrt'] as const) {
        const got = unrolled({ keep })(problem)(null, run(T))
        near(got.value, [value], tolerance)
        near(got.gradient, { lambda, lr }, tolerance, `T = ${T}, ${keep}`)
        const cut = (steps: number) => unrolled({ keep, steps })(problem)(null, run(T)).gradient.lambda
        near(cut(1), one, tolerance, `T = ${T}, cut after one, ${keep}`)
        if (T > 1) near(cut(2), two, tolerance, `T = ${T}, cut after two, ${keep}`)
      }
    }
})

test('the momentum run of section 3.7: by its rates, momenta, penalties and first state', () => {
  for (const [dtype, tolerance] of [
    ['f64', 1e-9],
    ['f32', 1e-5],
  ] as const) {
    const { problem, point } = scheduledR1(dtype)
    const { value, gradient } = unrolled()(problem)(null, point)
    near(value, [1.3546257184], tolerance)
    near(
      gradient,
      {
        alpha: [-1.1668235904, 0.080118072, 0.838645056],
        gamma: [1.374138432, -1.928094984, 3.499779744],
        lambda: [-0.0486782496, -0.5536206144],
        start: { w: [-0.5315852608, -0.6381655776], v: [-0.3710739168, 0.2336600736] },
      },
      tolerance,
    )
    // what was left out before the last two steps includes the first state
    const cut = unrolled({ steps: 2 })(problem)(null, point).gradient
    near(cut.start, { w: [0, 0], v: [0, 0] }, 0)
    near(cut.alpha, [0, 0.080118072, 0.838645056], tolerance)
  }
})

test('ever longer runs come to the implicit gradient', () => {
  const { problem, optimum, exact: closed } = R1()
  // 0.554 is the slower factor of the descent: 0.554^60 is 4e-16
  near(unrolled({ steps: 60 })(problem)(null, optimum).gradient, closed, 1e-13)
  near(implicit(exact())(problem)({ adjoint: null, probe: null }, optimum).gradient, closed, 1e-13)
})

test('cut after k steps at the optimum it is the Neumann series of k terms', async () => {
  const { problem, optimum } = R1()
  const settled = { ...optimum, trajectory: { start: optimum.state, batches: null } }
  for (const terms of [1, 2, 5]) {
    const series = implicit(neumann({ terms, step: 0.1, tolerance: 0 }))(problem)
    const want = series(series.init(optimum), optimum)
    near(unrolled({ steps: terms })(problem)(null, settled).gradient, want.gradient, 1e-14, `${terms} terms`)
    // the residual of the series is what unrolling does not carry on
    const longer = { ...settled, trajectory: { start: optimum.state, batches: batches(9) } } as never
    const { certificate } = unrolled({ steps: terms })(problem)(null, longer)
    const [got, expected] = [await decode(certificate), await decode(want.certificate)]
    assert.is(got.status, 'truncated')
    assert.ok(Math.abs(got.residual - expected.residual) < 1e-13, `${got.residual} for ${expected.residual}`)
    assert.is(got.products, terms)
  }
})

test('a whole run is exact, and says so; a hyperparameter that no step sees is named', async () => {
  const { problem, run, put } = descentR1()
  const { status, residual } = await decode(unrolled()(problem)(null, run(4)).certificate)
  assert.equal([status, residual], ['converged', 0])
  const wider = { ...run(4), hyper: { ...run(4).hyper, unused: put([1, 2]) } }
  const lost = await decode(unrolled()(problem as never)(null, wider as never).certificate)
  assert.is(lost.status, 'disconnected')
  assert.equal(lost.disconnected, ['.unused'])
})

test('the direct part is there, and the objective is that of the replayed end', () => {
  const { problem, run } = descentR1()
  const other = {
    ...problem,
    outer: (w: Tensor, h: { readonly lr: Tensor; readonly lambda: Tensor }) =>
      add(problem.outer(w, h, null), mul(3, h.lr)),
  }
  const [got, want] = [unrolled()(other)(null, run(5)), unrolled()(problem)(null, run(5))]
  near(got.gradient.lr, add(want.gradient.lr, 3), 1e-14)
  near(got.value, add(want.value, 0.3), 1e-14)
})

test('Adam inside: finite at a second moment of zero, its counter without a derivative, in jit as outside', async () => {
  const problem = fromLoss({
    // the first weight has no gradient: its second moment stays zero
    inner: (w: Tensor, { scale }: { readonly scale: Tensor; readonly lr: Tensor }, batch: Tensor) =>
      sum(mul(square(add(w, batch)), mul(scale, array([0, 1, 2], { dtype: 'f64' })))),
    outer: (w: Tensor, _: { readonly scale: Tensor; readonly lr: Tensor }, _v: null) => sum(square(w)),
    optimiser: adam,
    settings: ({ lr }) => ({ lr }),
  })
  const f64 = (x: number | readonly number[]): Tensor => array(x as never, { dtype: 'f64' })
  const point = {
    hyper: { scale: f64(0.7), lr: f64(0.1) },
    validation: null,
    trajectory: { start: problem.begin(f64([1, 2, -1])), batches: f64([0.1, -0.2, 0.3, 0.1, 0]) },
  }
  for (const keep of ['all', 'states', 'sqrt'] as const) {
    const estimate = unrolled({ keep })(problem)
    const got = estimate(null, point)
    assert.ok(numbers(got.gradient).every(Number.isFinite))
    assert.is((await decode(got.certificate)).status, 'converged')
    near(jit(estimate)(null, point).gradient, got.gradient, 1e-14)
  }
})

test('a network of tanh agrees with one pull through the loop, written out', () => {
  const weights = array(
    [
      [0.4, -0.3],
      [0.2, 0.9],
    ],
    { dtype: 'f64' },
  )
  const problem: Problem<Tensor, Tensor, Tensor, Tensor, null> = {
    update: (s, h, x) => tanh(add(mul(h, s), add(x, sum(mul(weights, s), { axis: 1 })))),
    weights: whole(),
    outer: (s) => sum(square(s)),
  }
  const xs = [
    [0.1, 0.2],
    [-0.5, 0.4],
    [0.3, 0.3],
  ]
  const [h, s0] = [array([0.5, -0.7], { dtype: 'f64' }), zeros([2], { dtype: 'f64' })]
  const { pull } = vjp(
    (hyper: Tensor) =>
      problem.outer(
        xs.reduce((s, x) => problem.update(s, hyper, array(x, { dtype: 'f64' })), s0),
        hyper,
        null,
      ),
    [h],
  )
  const trajectory = { start: s0, batches: array(xs, { dtype: 'f64' }) }
  near(unrolled()(problem)(null, { hyper: h, validation: null, trajectory }).gradient, pull(1)[0], 1e-14)
})

test('bad options and trajectories are refused with the remedy', () => {
  const { problem, run } = descentR1()
  const { problem: silent, optimum } = R1()
  assert.throws(() => unrolled({ keep: 'some' as never }), /unrolled: keep is 'all', 'states' or 'sqrt', got some/)
  assert.throws(
    () => unrolled()(silent)(null, optimum),
    /unrolled: the batches of the trajectory hold no tensors.*give steps/,
  )
  assert.throws(() => unrolled({ steps: 9 })(problem)(null, run(3)), /unrolled: steps is 9, the trajectory has 3/)
  assert.throws(() => unrolled({ steps: 0 })(problem)(null, run(3)), /unrolled: steps is an integer ≥ 1, got 0/)
  const ragged = { ...run(3), trajectory: { ...run(3).trajectory, batches: [zeros([3]), zeros([2])] } }
  assert.throws(
    () => unrolled()(problem as never)(null, ragged as never),
    /leading axes of the trajectory's batches differ: \[3\] \[2\]/,
  )
})

test.run()
