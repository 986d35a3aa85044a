import {
  add,
  array,
  cos,
  exp,
  jit,
  less,
  mul,
  sin,
  square,
  sub,
  sum,
  type Tensor,
  tanh,
  whileLoop,
  zeros,
} from '@neumann/linalg-gpu'
import { adam } from '@neumann/precond'
import fc from 'fast-check'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { decode } from '../certificate/decode.js'
import { fromLoss } from '../problem/fromLoss.js'
import { field, whole } from '../problem/lens.js'
import type { Problem } from '../problem/problem.js'
import { near } from '../support.testing.js'
import { forward } from './forward.js'
import { realTime } from './realTime.js'
import { descentR1, scheduledR1 } from './trajectories.testing.js'
import { unrolled } from './unrolled.js'

const f64 = (x: unknown): Tensor => array(x as never, { dtype: 'f64' })

test('R1: the gradients of section 4.6, in f64 and f32', () => {
  for (const [dtype, tolerance] of [
    ['f64', 1e-10],
    ['f32', 1e-5],
  ] as const)
    for (const [T, lambda, lr, value] of [
      [1, [0, 0], 14.4, 0.82],
      [2, [0.018, -0.2916], -2.916, 0.6661],
      [5, [0.090909207, -0.3519972828], -0.53379513, 0.6016344517],
      [30, [0.1074906136, -0.3578398019], -1.220278e-6, 0.5885015895],
    ] as const) {
      const { problem, run } = descentR1(dtype)
      const got = forward()(problem)(null, run(T))
      near(got.gradient, { lambda, lr }, tolerance, `T = ${T}`)
      near(got.value, [value], tolerance)
    }
})

test('forward is reverse: for random smooth updates, whole and cut, with a first state that depends on λ', () => {
  const number = fc.double({ min: -1, max: 1, noNaN: true })
  const pair = fc.tuple(number, number)
  fc.assert(
    fc.property(
      fc.tuple(pair, pair, pair),
      pair,
      number,
      fc.array(number, { minLength: 1, maxLength: 6 }),
      fc.boolean(),
      (c, u, b, xs, starts) => {
        const [a, d, e] = c.map(f64) as [Tensor, Tensor, Tensor]
        type State = { readonly p: Tensor; readonly q: Tensor }
        type Hyper = { readonly b: Tensor; readonly u: Tensor }
        const own: Problem<State, Tensor, Hyper, Tensor, Tensor> = {
          update: ({ p, q }, h, x) => ({
            p: add(sin(add(mul(a, p), mul(h.u, x))), mul(0.5, q)),
            q: mul(tanh(add(sum(mul(d, p)), h.b)), cos(add(q, mul(e, h.u)))),
          }),
          weights: field('p'),
          outer: (w, h, v) => add(sum(exp(mul(v, w))), mul(h.b, sum(sin(w)))),
        }
        const problem = starts ? { ...own, start: (h: Hyper) => ({ p: mul(h.u, h.b), q: square(h.u) }) } : own
        const point = {
          hyper: { u: f64(u), b: f64(b) },
          validation: f64([0.3, -0.8]),
          trajectory: { start: { p: f64([0.1, 0.2]), q: f64([-0.3, 0.4]) }, batches: f64(xs) },
        }
        for (const steps of [xs.length, Math.ceil(xs.length / 2)]) {
          const [got, want] = [forward({ steps })(problem)(null, point), unrolled({ steps })(problem)(null, point)]
          near(got.gradient, want.gradient, 1e-12)
          near(got.value, want.value, 1e-15)
          near(got.certificate.status, want.certificate.status, 0)
        }
      },
    ),
    { numRuns: 25 },
  )
})

test('per-step hyperparameters: all directions of the momentum run at once', () => {
  const { problem, point } = scheduledR1()
  near(forward()(problem)(null, point).gradient, unrolled()(problem)(null, point).gradient, 1e-13)
})

test('Adam inside: the counter has no tangent, a zero second moment gives nothing infinite, in jit as outside', () => {
  const problem = fromLoss({
    inner: (w: Tensor, { scale }: { readonly scale: Tensor; readonly lr: Tensor }, x: Tensor) =>
      sum(mul(square(add(w, x)), mul(scale, f64([0, 1, 2])))),
    outer: (w: Tensor, _: { readonly scale: Tensor; readonly lr: Tensor }, _v: null) => sum(square(w)),
    optimiser: adam,
    settings: ({ lr }) => ({ lr }),
  })
  const point = {
    hyper: { scale: f64(0.7), lr: f64(0.1) },
    validation: null,
    trajectory: { start: problem.begin(f64([1, 2, -1])), batches: f64([0.1, -0.2, 0.3, 0.1, 0]) },
  }
  const estimate = forward()(problem)
  const got = estimate(null, point).gradient
  near(got, unrolled()(problem)(null, point).gradient, 1e-12)
  near(jit(estimate)(null, point).gradient, got, 1e-13)
})

test('a while loop within the update is gone through, where reverse mode refuses', () => {
  // halved until it is small: s ← λ s/2ᵏ
  const problem: Problem<Tensor, Tensor, Tensor, Tensor, null> = {
    update: (s, h) =>
      whileLoop(
        (x: Tensor) => less(0.5, x),
        (x: Tensor) => mul(0.5, x),
        mul(h, s),
      ),
    weights: whole(),
    outer: (s) => square(s),
  }
  const point = { hyper: f64(3), validation: null, trajectory: { start: f64(1), batches: zeros([2]) } }
  // 3 → .375;  1.125 → .28125: s = 3·3/32, dF/dλ = 2 s · 6/32
  near(forward()(problem)(null, point).gradient, [2 * 0.28125 * (6 / 32)], 1e-14)
  assert.throws(() => unrolled()(problem)(null, point), /while/)
})

test('the certificate counts products, names what is not seen, and knows what was cut', async () => {
  const { problem, run, put } = descentR1()
  const whole = await decode(forward()(problem)(null, run(4)).certificate)
  assert.equal([whole.status, whole.products, whole.residual], ['converged', 12, 0])
  assert.is((await decode(forward({ steps: 2 })(problem)(null, run(4)).certificate)).status, 'truncated')
  const wider = { ...run(4), hyper: { ...run(4).hyper, unused: put([1, 2]) } }
  const lost = await decode(forward()(problem as never)(null, wider as never).certificate)
  assert.equal([lost.status, lost.disconnected], ['disconnected', ['.unused']])
})

test('too many hyperparameters are refused, with the remedy', () => {
  const problem: Problem<Tensor, Tensor, Tensor, Tensor, null> = {
    update: (s, h) => sub(s, mul(0.1, h)),
    weights: whole(),
    outer: (s) => sum(s),
  }
  const point = { hyper: zeros([1001]), validation: null, trajectory: { start: zeros([1001]), batches: zeros([2]) } }
  assert.throws(() => forward()(problem)(null, point), /forward: λ has 1001 scalars.*above 1000 take unrolled/)
})

test('what reaches only weights that the objective does not look at is named, as by reverse mode', async () => {
  type Two = { readonly seen: Tensor; readonly unseen: Tensor }
  const problem: Problem<Two, Two, Two, null, null> = {
    update: (s, h) => ({ seen: mul(0.5, add(s.seen, h.seen)), unseen: mul(0.5, add(s.unseen, h.unseen)) }),
    weights: whole(),
    outer: ({ seen }) => square(seen),
  }
  const point = {
    hyper: { seen: f64(1), unseen: f64(2) },
    validation: null,
    trajectory: { start: { seen: f64(1), unseen: f64(1) }, batches: null },
  }
  const onward = realTime({ steps: 3 })(problem)
  for (const { certificate } of [
    forward({ steps: 3 })(problem)(null, point),
    onward(onward.init(point), point),
    unrolled({ steps: 3 })(problem)(null, point),
  ]) {
    const { status, disconnected } = await decode(certificate)
    assert.equal([status, disconnected], ['disconnected', ['.unseen']])
  }
})

test.run()
