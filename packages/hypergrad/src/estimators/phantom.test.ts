import { add, array, div, jit, matmul, mul, square, sub, sum, type Tensor } from '@neumann/linalg-gpu'
import { exact, gmres, neumann } from '@neumann/linalg-gpu/solvers'
import { adam } from '@neumann/precond'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { decode } from '../certificate/decode.js'
import {
  type Affine,
  filterTable,
  linearExample,
  linearTable,
  tanhExample,
  tanhTable,
} from '../equilibrium/examples.testing.js'
import { fromLoss } from '../problem/fromLoss.js'
import { whole } from '../problem/lens.js'
import type { Problem } from '../problem/problem.js'
import { elements, near, numbers, relativeError } from '../support.testing.js'
import { implicit } from './implicit.js'
import { type PhantomOptions, phantom } from './phantom.js'

const forms = ['neumann', 'unrolled'] as const
const dtypes = [
  ['f64', 5e-8],
  ['f32', 1e-4],
] as const

const cosine = (got: unknown, want: unknown): number => {
  const [a, b] = [numbers(got), numbers(want)]
  return a.reduce((s, v, i) => s + v * b[i]!, 0) / (Math.hypot(...a) * Math.hypot(...b))
}
const about = (got: number, want: number, tolerance: number, note: string): void =>
  assert.ok(Math.abs(got - want) <= tolerance, `${note}: ${got}, expected ${want}`)

/** z*, by enough repetitions that the last changes nothing. */
const settled = ({ cell, hyper, zero }: ReturnType<typeof tanhExample>, turns = 400): Tensor => {
  let z = zero
  for (let i = 0; i < turns; i++) z = cell(z, hyper)
  return z
}
const exactly = (
  problem: Problem<Tensor, Tensor, Affine, null, null>,
  point: ReturnType<ReturnType<typeof tanhExample>['at']>,
) => {
  const estimate = implicit(exact(), { form: 'fixedPoint' })(problem)
  return estimate(estimate.init(point), point)
}

test('the linear example: z*, the exact gradients, and every row of the table, in both forms, in f64 and f32', () => {
  for (const [dtype, tolerance] of dtypes) {
    const own = linearExample({ dtype })
    const point = own.at(settled(own, 60))
    near(point.state, [2.972973, 2.4324324], tolerance)
    const { gradient } = exactly(own.problem, point)
    near(gradient.u, [2.1621622, -0.8108108], tolerance)
    near(gradient.W, [6.4280497, 5.2593134, -2.4105186, -1.9722425], tolerance)
    for (const form of forms)
      for (const [damping, terms, want, angle, error] of linearTable) {
        const note = `${dtype} ${form} λ = ${damping}, k = ${terms}`
        const { u, W } = phantom({ terms, damping, form })(own.problem)(null, point).gradient
        near(u, want, tolerance, note)
        // ∂L/∂W = p z*ᵀ
        const [p, z] = [elements(u), elements(point.state)]
        near(
          W,
          p.flatMap((a) => z.map((b) => a * b)),
          tolerance,
          note,
        )
        about(cosine(u, gradient.u), angle, dtype === 'f64' ? 5e-7 : 1e-5, note)
        about(relativeError(u, gradient.u), error, dtype === 'f64' ? 5e-7 : 1e-4, note)
      }
  }
})

test('the tanh example at z*: the exact gradient, every row, and both forms equal to machine precision', () => {
  for (const [dtype, tolerance] of dtypes) {
    const own = tanhExample({ dtype })
    const point = own.at(settled(own))
    near(point.state, [-0.0854400377, -0.5145880388], dtype === 'f64' ? 5e-11 : 1e-6)
    const { u } = exactly(own.problem, point).gradient
    near(u, [2.9438127888, 1.3679417165], dtype === 'f64' ? 1e-10 : 1e-4)
    for (const [damping, terms, want, angle] of tanhTable) {
      const [frozen, stepped] = forms.map(
        (form) => phantom({ terms, damping, form })(own.problem)(null, point).gradient,
      )
      near(frozen!.u, want, tolerance, `λ = ${damping}, k = ${terms}`)
      about(cosine(frozen!.u, u), angle, 5e-6, `λ = ${damping}, k = ${terms}`)
      // each of k steps rounds products of a few numbers
      near(stepped, frozen, dtype === 'f64' ? 1e-13 : 1e-5, `λ = ${damping}, k = ${terms}`)
    }
  }
})

test('off the fixed point the unrolled form goes on towards it, and the frozen one stays', async () => {
  const own = tanhExample()
  const point = own.at(add(settled(own), array([0.3, -0.3], { dtype: 'f64' })))
  const want = [2.9438127888, 1.3679417165]
  const [frozen, stepped] = forms.map((form) => phantom({ terms: 60, damping: 0.5, form })(own.problem)(null, point))
  about(cosine(frozen!.gradient.u, want), 0.98338, 5e-6, 'frozen')
  about(cosine(stepped!.gradient.u, want), 0.99998, 5e-6, 'unrolled')
  const [before, after] = [await decode(frozen!.certificate), await decode(stepped!.certificate)]
  assert.is(before.status, 'unstationary')
  assert.is(after.status, 'truncated')
  assert.ok(after.stationarity < 1e-2 * before.stationarity)
  // the value is that at the state after the steps
  about(elements(stepped!.value)[0]!, -0.0854400377 + 0.5145880388, 1e-3, 'value')
})

test('the filter on each eigenvalue, also where damping rescues a series that grows', async () => {
  for (const [mu, ...rows] of filterTable)
    for (const [terms, damping, factor] of rows) {
      const problem: Problem<Tensor, Tensor, Tensor, null, null> = {
        update: (z, u) => add(mul(mu, z), u),
        weights: whole<Tensor>(),
        outer: (z) => z,
      }
      const point = {
        state: array(1 / (1 - mu), { dtype: 'f64' }),
        hyper: array(1, { dtype: 'f64' }),
        train: null,
        validation: null,
      }
      const { gradient, certificate } = phantom({ terms, damping })(problem)(null, point)
      near(gradient, [factor], 5e-5, `μ = ${mu}, k = ${terms}, λ = ${damping}`)
      near(gradient, [(1 - (1 - damping * (1 - mu)) ** terms) / (1 - mu)], 1e-14)
      const { contraction, residual, status } = await decode(certificate)
      const ratio = Math.abs(1 - damping * (1 - mu))
      about(contraction, ratio, 1e-13, 'contraction')
      about(residual, ratio ** terms, 1e-13, 'residual')
      assert.is(status, ratio > 1 ? 'expanding' : 'truncated')
    }
})

test('equals the Neumann series of implicit with α = λ, away from the fixed point too, and has its residual and gap', async () => {
  const own = tanhExample()
  const point = own.at(array([0.4, -0.2], { dtype: 'f64' }))
  for (const [terms, damping] of [
    [1, 1],
    [1, 0.3],
    [4, 0.7],
    [9, 0.5],
  ] as const) {
    const series = implicit(neumann({ terms, step: damping, tolerance: 0, trust: true }), { form: 'fixedPoint' })(
      own.problem,
    )
    const want = series(series.init(point), point)
    const got = phantom({ terms, damping })(own.problem)(null, point)
    near(got.gradient, want.gradient, 1e-14)
    near(got.value, want.value, 0)
    const [a, b] = [await decode(got.certificate), await decode(want.certificate)]
    near([a.residual, a.gap, a.stationarity], [b.residual, b.gap, b.stationarity], 1e-14)
    assert.is(a.products, terms)
  }
})

test('many terms are the exact gradient, and say so', async () => {
  const own = linearExample()
  const point = own.at(settled(own, 60))
  for (const form of forms) {
    const { gradient, certificate } = phantom({ terms: 60, damping: 1, form })(own.problem)(null, point)
    near(gradient, exactly(own.problem, point).gradient, 1e-12)
    assert.is((await decode(certificate)).status, 'converged')
  }
})

test('the unrolled form is the derivative of its value: against differences', () => {
  const own = tanhExample()
  const state = array([0.4, -0.2], { dtype: 'f64' })
  const estimate = phantom({ terms: 4, damping: 0.6, form: 'unrolled' })(own.problem)
  const value = (u: Tensor): number =>
    elements(estimate(null, { ...own.at(state), hyper: { ...own.hyper, u } }).value)[0]!
  const { gradient } = estimate(null, own.at(state))
  const h = 1e-4
  const slopes = [0, 1].map((i) => {
    const e = array([i === 0 ? h : 0, i === 1 ? h : 0], { dtype: 'f64' })
    return (value(add(own.hyper.u, e)) - value(sub(own.hyper.u, e))) / (2 * h)
  })
  // third derivatives of order 1 times h²
  near(gradient.u, slopes, 1e-7)
})

test('in jit it is the same, and a direct part of λ counts', () => {
  const own = tanhExample()
  const problem = { ...own.problem, outer: (z: Tensor, { u }: Affine) => sum(mul(z, u)) }
  const point = own.at(array([0.4, -0.2], { dtype: 'f64' }))
  for (const form of forms) {
    const options: PhantomOptions = { terms: 3, damping: 0.7, form }
    const plain = phantom(options)(problem)(null, point)
    const jitted = jit(
      (state: Tensor, hyper: Affine) => phantom(options)(problem)(null, { ...point, state, hyper }) as never,
    )(point.state, point.hyper) as unknown as typeof plain
    near(jitted, plain, 1e-14)
    const without = phantom(options)({ ...problem, outer: (z: Tensor) => sum(mul(z, own.hyper.u)) })(null, point)
    const end =
      form === 'neumann'
        ? point.state
        : [0, 1, 2].reduce((z) => add(mul(0.3, z), mul(0.7, own.cell(z, own.hyper))), point.state)
    near(sub(plain.gradient.u, without.gradient.u), end, 1e-14)
  }
})

test('tiny gradients keep their digits in f32', () => {
  const own = linearExample({ dtype: 'f32' })
  const point = own.at(settled(own, 60))
  const tiny = { ...own.problem, outer: (z: Tensor) => mul(1e-36, own.problem.outer(z, own.hyper, null)) }
  for (const form of forms) {
    const [got, want] = [tiny, own.problem].map(
      (problem) => phantom({ terms: 9, form })(problem)(null, point).gradient.u,
    )
    near(div(got!, 1e-36), want, 1e-5)
  }
})

test('NaN and infinity are nonfinite; what reaches nothing is named', async () => {
  const own = linearExample()
  for (const form of forms) {
    const estimate = phantom({ form })(own.problem)
    const broken = estimate(null, own.at(array([Number.NaN, 1], { dtype: 'f64' })))
    assert.is((await decode(broken.certificate)).status, 'nonfinite')
    const problem: Problem<Tensor, Tensor, Affine & { readonly idle: Tensor }, null, null> = {
      ...own.problem,
      update: (z, { W, u }) => add(matmul(W, z), u),
    }
    const hyper = { ...own.hyper, idle: array(1, { dtype: 'f64' }) }
    const { certificate } = phantom({ form })(problem)(null, { ...own.at(own.zero), hyper })
    const { status, disconnected } = await decode(certificate)
    assert.is(status, 'disconnected')
    assert.equal(disconnected, ['.idle'])
  }
})

test('what is no number of terms, no damping and no form is refused', () => {
  assert.throws(() => phantom({ terms: 0 }), /phantom: terms is an integer ≥ 1, got 0/)
  assert.throws(() => phantom({ terms: 2.5 }), /terms is an integer/)
  assert.throws(() => phantom({ damping: 0 }), /phantom: damping is a number in \(0, 1\], got 0/)
  assert.throws(() => phantom({ damping: 1.5 }), /damping/)
  assert.throws(() => phantom({ form: 'half' as never }), /form is 'neumann' or 'unrolled', got half/)
})

test('a state with a counter is no fixed point, which both estimators of those say', () => {
  const problem = fromLoss({
    inner: (w: Tensor, lr: Tensor, _: null) => mul(lr, sum(square(w))),
    outer: (w: Tensor, _: Tensor, _v: null) => sum(w),
    optimiser: adam,
    settings: (lr) => ({ lr }),
  })
  const point = { state: problem.begin(array([1, 2])), hyper: array(0.1), train: null, validation: null }
  const said = /the state is f32\[2\] f32\[2\] i32\[\] f32\[2\], and a fixed point is of floats .* Take onePass/
  assert.throws(() => phantom()(problem)(null, point), said)
  const solved = implicit(gmres(), { form: 'fixedPoint' })(problem)
  assert.throws(() => solved(solved.init(point), point), said)
})

test.run()
