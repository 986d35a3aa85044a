import {
  add,
  array,
  type Device,
  exp,
  full,
  jit,
  liveBuffers,
  matmul,
  mean,
  mul,
  plain,
  square,
  sub,
  sum,
  type Tensor,
  tanh,
  zeros,
} from '@neumann/linalg-gpu'
import { momentum as heavyBall } from '@neumann/precond'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { decode } from '../certificate/decode.js'
import { R1Data } from '../fixtures/r1.js'
import { fromLoss } from '../problem/fromLoss.js'
import { momentumProblem } from '../reversible/momentumProblem.js'
import { toRational } from '../reversible/rational.js'
import { near, relativeError } from '../support.testing.js'
import { reversible } from './reversible.js'
import { unrolled } from './unrolled.js'

type F = 'f32' | 'f64'

interface Hyper {
  readonly lr: Tensor
  readonly momentum: Tensor
  readonly lambda: Tensor
  readonly weights: Tensor
  readonly velocity: Tensor
}

/** R1 by momentum; λ is all that a run begins with and is told. */
const momentumR1 = ({ dtype = 'f64', device }: { readonly dtype?: F; readonly device?: Device } = {}) => {
  const put = (x: unknown): Tensor => array(x as never, { dtype, ...(device && { device }) })
  const [X, y, Xv, yv] = [put(R1Data.X), put(R1Data.y), put(R1Data.Xv), put(R1Data.yv)]
  const half = (residual: Tensor): Tensor => mul(0.5, sum(square(residual)))
  const problem = momentumProblem({
    inner: (w: Tensor, { lambda }: Hyper, _: null) =>
      add(half(sub(matmul(X, w), y)), mul(0.5, sum(mul(exp(lambda), square(w))))),
    outer: (w: Tensor, _: Hyper, _v: null) => half(sub(matmul(Xv, w), yv)),
    settings: ({ lr, momentum }) => ({ lr, momentum }),
    start: ({ weights, velocity }) => ({ weights, velocity }),
  })
  const at = (lr: unknown, momentum: unknown, weights: readonly number[] = [0, 0]) => {
    const hyper: Hyper = {
      lr: put(lr),
      momentum: put(momentum),
      lambda: put([0, Math.log(2)]),
      weights: put(weights),
      velocity: put([0, 0]),
    }
    return { hyper, trajectory: { start: problem.begin(hyper.weights), batches: null }, validation: null }
  }
  return { problem, at, put }
}

test('worked numbers 3.7 c: all derivatives of three steps on R1, in f64 and f32', async () => {
  for (const [dtype, tolerance] of [
    ['f64', 1e-10],
    ['f32', 1e-5],
  ] as const) {
    const { problem, at } = momentumR1({ dtype })
    const { gradient, value, run, certificate } = reversible()(problem)(null, at([0.5, 0.4, 0.3], [0.9, 0.8, 0.7]))
    near(
      gradient,
      {
        lr: [-1.1668235904, 0.080118072, 0.838645056],
        momentum: [1.374138432, -1.928094984, 3.499779744],
        weights: [-0.5315852608, -0.6381655776],
        velocity: [-0.3710739168, 0.2336600736],
        lambda: [-0.0486782496, -0.5536206144],
      },
      tolerance,
      dtype,
    )
    near(value, 1.3546257184, tolerance)
    assert.is(run.astray, 0)
    assert.is(run.stopped, null)
    const seen = await decode(certificate)
    assert.is(seen.status, 'converged')
    assert.is(seen.residual, 0)
    assert.is(seen.products, 3)
  }
})

test('with the fractions of the paper it is the derivative of the run with these', () => {
  const { problem, at } = momentumR1()
  const momenta = [0.9, 0.8, 0.7]
  const asPaper = reversible({ fraction: toRational })(problem)(null, at([0.5, 0.4, 0.3], momenta))
  const rounded = momenta.map((gamma) => toRational(gamma).n / 65536)
  const stored = unrolled({ steps: 3 })(problem)(null, at([0.5, 0.4, 0.3], rounded))
  // n − 1 units of 2⁻⁵² of packing noise a step are 1.5e-11
  near(asPaper.gradient, stored.gradient, 1e-9)
  assert.ok(relativeError(asPaper.gradient, reversible()(problem)(null, at([0.5, 0.4, 0.3], momenta)).gradient) > 1e-5)
})

/** A net with two tensors of weights, settings of every form, batches, and λ in loss, objective and settings. */
const net = (dtype: F = 'f64') => {
  const put = (x: unknown): Tensor => array(x as never, { dtype })
  const wave = (rows: number, columns: number, phase: number): number[][] =>
    Array.from({ length: rows }, (_, i) => Array.from({ length: columns }, (_, j) => Math.sin(3 * i + 1.7 * j + phase)))
  type W = { readonly a: Tensor; readonly b: Tensor }
  type H = { readonly log: { readonly a: Tensor; readonly b: Tensor }; readonly gamma: Tensor; readonly decay: Tensor }
  interface Batch {
    readonly x: Tensor
    readonly y: Tensor
  }
  const loss = ({ a, b }: W, { x, y }: Batch): Tensor => mean(square(sub(matmul(tanh(matmul(x, a)), b), y)))
  const problem = momentumProblem({
    inner: (w: W, { decay }: H, batch: Batch) =>
      add(loss(w, batch), mul(decay, add(sum(square(w.a)), sum(square(w.b))))),
    outer: (w: W, { decay }: H, batch: Batch) => add(loss(w, batch), mul(0.1, square(decay))),
    settings: ({ log, gamma }) => ({ lr: { a: exp(log.a), b: exp(log.b) }, momentum: gamma }),
  })
  const steps = 40
  const hyper: H = {
    log: { a: put(wave(1, steps, 0)[0]!.map((x) => x / 4 - 1)), b: put(-1.5) },
    gamma: put(0.85),
    decay: put(0.02),
  }
  const batches: Batch = {
    x: put(Array.from({ length: steps }, (_, t) => wave(4, 3, t))),
    y: put(Array.from({ length: steps }, (_, t) => wave(4, 1, 2 * t))),
  }
  const validation: Batch = { x: put(wave(5, 3, 0.5)), y: put(wave(5, 1, 0.2)) }
  const start = problem.begin({ a: put(wave(3, 4, 2)), b: put(wave(4, 1, 4)) })
  return { problem, point: { hyper, trajectory: { start, batches }, validation }, steps }
}

test('law: it equals the stored reverse mode of the same steps', () => {
  for (const [dtype, tolerance] of [
    ['f64', 1e-9],
    ['f32', 1e-4],
  ] as const) {
    const { problem, point, steps } = net(dtype)
    const { gradient, value, run } = reversible()(problem)(null, point)
    const stored = unrolled()(problem)(null, point)
    near(gradient, stored.gradient, tolerance, dtype)
    near(value, stored.value, tolerance)
    assert.ok(relativeError(gradient, stored.gradient) < 10 * tolerance)
    assert.is(run.astray, 0)
    assert.is(run.steps, steps)
    assert.is(run.plainBytes, 8 * 16 * steps)
    assert.ok(Math.abs(run.bits - Math.log2(1 / 0.85)) < 0.05, `${run.bits} bits`)
  }
})

test('equal arguments give equal bits, and nothing is kept alive', () => {
  const { problem, point } = net()
  const estimate = reversible()(problem)
  const device = point.hyper.decay.device!
  const first = estimate(estimate.init(point), point)
  const before = liveBuffers(device).count
  const second = estimate(null, point)
  near(first.gradient, second.gradient, 0)
  // four leaves of the gradient, the value, and what of the certificate is no constant
  assert.ok(liveBuffers(device).count - before <= 4 + 1 + 13, `${liveBuffers(device).count - before} buffers`)
})

test('device memory does not grow with the number of steps', () => {
  const { problem, at } = momentumR1()
  const peak = (steps: number): number => {
    const point = at(Array(steps).fill(0.1), 0.9)
    const device = point.hyper.lr.device!
    reversible()(problem)(null, point)
    device.resetPeak()
    const { bytes } = device.memory()
    reversible()(problem)(null, point)
    return device.memory().peak - bytes
  }
  // the settings themselves are two numbers a step, and their derivatives as many
  assert.ok(peak(64) - peak(16) <= 48 * 8 * 16, `${peak(16)}, ${peak(64)}`)
})

test('a hyperparameter that nothing sees is disconnected; one that only the settings see is not', async () => {
  const { problem, at, put } = momentumR1()
  const point = at([0.1, 0.1], 0.5)
  const idle = { ...point, hyper: { ...point.hyper, idle: put(3) } }
  const { certificate } = reversible()(problem)(null, idle)
  const { status, disconnected } = await decode(certificate)
  assert.is(status, 'disconnected')
  assert.equal(disconnected, ['.idle'])
})

test('a run that leaves the range says where, and has no gradient', async () => {
  const { problem, at } = momentumR1()
  const { gradient, value, certificate, run } = reversible()(problem)(null, at(Array(50).fill(3), 0.5))
  assert.is((await decode(certificate)).status, 'nonfinite')
  assert.match(
    run.stopped!,
    /^number \d of the (weights|velocity) is not finite, or not inside ±2048, after step \d+ of 50: /,
  )
  near(value, Number.NaN)
  near(gradient.lambda, [Number.NaN, Number.NaN])
})

test('a device that does not repeat itself is found out: breakdown', async () => {
  let reads = 0
  const noisy: Device = {
    ...plain,
    name: 'noisy',
    upload: (values, type, maker) => ({ ...plain.upload(values, type, maker), device: noisy }),
    execute: (program, inputs, donated) =>
      plain.execute(program, inputs, donated).map((buffer) => ({ ...buffer, device: noisy })),
    readSync: (buffer) => plain.readSync!(buffer).map((x) => x * (1 + 1e-13 * Math.sin(reads++))) as never,
  }
  const { problem, at } = momentumR1({ device: noisy })
  const { certificate, run } = reversible()(problem)(null, at([0.3, 0.2, 0.1, 0.2], 0.9))
  const { status, residual } = await decode(certificate)
  assert.is(status, 'breakdown')
  assert.ok(run.astray > 0 && residual > 0 && residual <= 1, `${run.astray}, ${residual}`)
})

test('what cannot be run backwards is refused with the reason', () => {
  const { problem, at } = momentumR1()
  const on = (point: ReturnType<typeof at>, options = {}) => reversible(options)(problem)(null, point)
  assert.throws(() => on(at([0.1], 0)), /the momentum is 0: at 0 a step cannot be undone/)
  assert.throws(() => on(at([0.1], 1)), /the momentum is 1: /)
  assert.throws(() => on(at([0.1], 0.5, [5000, 0])), /fixedPoint: number 0 is 5000: exact storage reaches/)
  assert.throws(() => on(at(0.1, 0.5)), /give steps/)
  assert.throws(() => on(at([0.1, 0.2], [0.5, 0.5, 0.5])), /is given for \d steps, and the run has \d/)
  assert.throws(() => on(at([[0.1]], 0.5)), /lr has the shape \[1, 1\]/)
  const { problem: netProblem, point } = net()
  assert.throws(() => reversible({ steps: 10 })(netProblem)(null, point), /steps is 10, the trajectory has 40/)
  assert.throws(
    () =>
      jit((lr: Tensor) => on({ ...at([0.1], 0.5), hyper: { ...at([0.1], 0.5).hyper, lr } }).gradient)(full([1], 0.1)),
    /reversible: it reads numbers in every step, so it cannot be traced/,
  )
  const blind: Device = {
    ...plain,
    name: 'blind',
    upload: (values, type, maker) => ({ ...plain.upload(values, type, maker), device: blind }),
  }
  delete (blind as { readSync?: unknown }).readSync
  const far = {
    ...at([0.1], 0.5),
    trajectory: { start: problem.begin(array([0, 0], { dtype: 'f64', device: blind })), batches: null },
  }
  assert.throws(() => on(far), /reversible: blind cannot be read at once/)
})

test('a problem whose update is another one is refused', () => {
  const { problem, at } = momentumR1()
  const point = at([0.1, 0.1], 0.5)
  const heavy = fromLoss({
    inner: problem.inner,
    outer: problem.outer,
    optimiser: heavyBall,
    settings: () => ({ lr: 0.1, mu: 0.5 }),
  })
  const update = (state: ReturnType<typeof problem.begin>, hyper: Hyper, batch: null) => ({
    ...state,
    weights: heavy.update(heavy.begin(state.weights), hyper, batch).weights,
  })
  assert.throws(
    () => reversible()({ ...problem, update })(null, point),
    /the problem's update moves number 0 of the weights to .* make the problem with momentumProblem/,
  )
  assert.throws(() => reversible()(heavy as never), /make it with momentumProblem/)
})

test('a run of no steps is refused', () => {
  const problem = momentumProblem({
    inner: (w: Tensor, hyper: Tensor, x: Tensor) => mul(hyper, sum(square(sub(w, x)))),
    outer: (w, _, _v: null) => sum(w),
    settings: () => ({ lr: 0.1, momentum: 0.5 }),
  })
  const trajectory = { start: problem.begin(array([1, 2])), batches: zeros([0]) }
  assert.throws(
    () => reversible()(problem)(null, { hyper: array(1), trajectory, validation: null }),
    /reversible: the trajectory has no steps/,
  )
})

test.run()
