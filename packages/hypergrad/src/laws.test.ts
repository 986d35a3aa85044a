/** The laws of section 12.7 of the specification, on random small problems: of every estimator that a plain point is enough for. */

import { hvp, jvp, vjp } from '@neumann/autodiff'
import { add, array, div, liveBuffers, mul, scope, sum, type Tensor, zerosLike } from '@neumann/linalg-gpu'
import { flattenTree, isTensor, unflatten } from '@neumann/linalg-gpu/program'
import { cg, exact, gmres, minres, neumann, richardson, vectors } from '@neumann/linalg-gpu/solvers'
import * as fc from 'fast-check'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { decode } from './certificate/decode.js'
import type { Estimate, Estimator } from './estimators/estimator.js'
import { forward } from './estimators/forward.js'
import { guarded } from './estimators/guarded.js'
import { implicit } from './estimators/implicit.js'
import { onePass } from './estimators/onePass.js'
import { phantom } from './estimators/phantom.js'
import { realTime } from './estimators/realTime.js'
import { unrolled } from './estimators/unrolled.js'
import { draws, normals } from './fixtures/dense.js'
import { type Fixture, logistic, quadratic, ridge } from './fixtures/index.js'
import { elements, near, numbers } from './support.testing.js'

type Any = Fixture<unknown>
type Problem = Any['problem']
type Point = Any['optimum']
type Make = (problem: Problem) => Estimator<Point, unknown, unknown>

const makes: Readonly<Record<string, Make>> = {
  exact: implicit(exact()),
  cg: implicit(cg()),
  neumann: implicit(neumann({ terms: 4, step: 0.1, tolerance: 0 })),
  guarded: implicit(guarded((largest) => neumann({ terms: 4, step: div(1, largest), tolerance: 0 }))),
  'fixed point': implicit(gmres(), { form: 'fixedPoint' }),
  damped: implicit(minres(), { damping: 0.1 }),
  onePass: onePass({ terms: 3 }),
  phantom: phantom({ terms: 3 }),
  unrolled: unrolled({ steps: 4 }),
  forward: forward({ steps: 4 }),
  realTime: realTime({ steps: 4 }),
} as never

/** A fixture and a point away from its optimum, from three integers. */
const drawn = fc
  .record({
    kind: fc.constantFrom('quadratic', 'ridge', 'logistic'),
    seed: fc.nat(1000),
    size: fc.integer({ min: 1, max: 4 }),
  })
  .map(({ kind, seed, size }) => {
    const made = {
      quadratic: () => quadratic({ seed, dimension: size, hyperparameters: 5 - size, conditionNumber: 5 }),
      ridge: () => ridge({ seed, features: size, examples: 3 }),
      logistic: () => logistic({ seed, features: size, examples: 4 }),
    }[kind] as () => unknown
    const fixture = made() as Any
    return { ...fixture, kind, seed, point: fixture.at(like(fixture.weights, seed + 1)) }
  })

/** A random tree of the form of another. */
const like = <X>(tree: X, seed: number): X => {
  const random = draws(seed)
  const { leaves, structure } = flattenTree(tree)
  const drawnLeaves = (leaves as readonly Tensor[]).map(({ shape, dtype }) =>
    array(
      Float64Array.from(
        normals(
          shape.reduce((a, b) => a * b, 1),
          random,
        ),
      ),
      { shape, dtype: dtype as 'f64' },
    ),
  )
  return unflatten(structure, drawnLeaves) as X
}

const estimated = (make: Make, problem: Problem, point: Point): Estimate<unknown, unknown> => {
  const estimate = make(problem)
  return estimate(estimate.init(point), point)
}

const withOuter = (problem: Problem, outer: Problem['outer']): Problem => ({ ...problem, outer })

const checked = (
  { runs = 1, seed = 12 }: { readonly runs?: number; readonly seed?: number },
  law: (one: Any & { readonly point: Point; readonly seed: number }) => void | Promise<void>,
) =>
  fc.assert(
    fc.asyncProperty(drawn, async (one) => {
      await law(one)
    }),
    { numRuns: runs, seed, endOnFailure: true },
  )

// of solvers that stop by a residual, times the condition numbers that are drawn
const tolerance = 1e-7

test('law 1: push and pull of an update are adjoint, ⟨jvp(t), c⟩ = ⟨t, pull(c)⟩', () =>
  checked({ runs: 8 }, ({ problem, point, seed }) => {
    const { state, hyper } = point
    const map = (w: Tensor, h: unknown): Tensor => problem.update({ ...state, weights: w }, h, null).weights
    const [t, c] = [[like(state.weights, seed + 2), like(hyper, seed + 3)], like(state.weights, seed + 4)] as const
    const pushed = jvp(map, [state.weights, hyper], t as never).tangent as Tensor
    const pulled = (vjp(map, [state.weights, hyper]).pull as (c: Tensor) => unknown)(c)
    near(vectors.inner(pushed, c), vectors.inner(t, pulled), 1e-12)
  }))

test('law 2: products with the Hessian are symmetric, and the slope of the gradient', () =>
  checked({ runs: 8 }, ({ problem, point, seed }) => {
    const { weights } = point.state
    const f = (w: Tensor): Tensor => problem.inner(w, point.hyper, null)
    const H = hvp(f)(weights)
    const [u, v] = [like(weights, seed + 2), like(weights, seed + 3)]
    near(vectors.inner(u, H(v)), vectors.inner(v, H(u)), 1e-12)
    const h = 1e-5
    const gradient = (w: Tensor): Tensor => (vjp(f, [w]).pull as unknown as (c: number) => readonly [Tensor])(1)[0]
    const slope = vectors.times(
      1 / (2 * h),
      vectors.minus(gradient(vectors.addScaled(weights, h, u)), gradient(vectors.addScaled(weights, -h, u))),
    )
    // h² of the third derivative, and an ulp over h
    near(H(u), slope, 1e-7)
  }))

test('law 3: more effort leaves less of the residual, and a damping of 0 is none', () =>
  checked({ runs: 2 }, async ({ problem, optimum, lr }) => {
    const residual = async (make: unknown): Promise<number> =>
      (await decode(estimated(make as Make, problem, optimum).certificate)).residual
    const series: Readonly<Record<string, (effort: number) => unknown>> = {
      neumann: (terms) => implicit(neumann({ terms, step: lr, tolerance: 0 })),
      richardson: (maxIterations) => implicit(richardson({ maxIterations, step: lr, tolerance: 0 })),
      // those that minimise the residual; conjugate gradients minimise the error
      minres: (maxIterations) => implicit(minres({ maxIterations, tolerance: 0 })),
      gmres: (maxIterations) => implicit(gmres({ maxIterations, tolerance: 0 })),
      onePass: (terms) => onePass({ terms }),
    }
    for (const [name, of] of Object.entries(series)) {
      const left = await Promise.all([1, 2, 4, 8].map((effort) => residual(of(effort))))
      left.slice(1).forEach((after, i) => {
        assert.ok(after <= left[i]! + 1e-12, `${name}: ${left}`)
      })
    }
    for (const solver of [cg(), exact(), neumann({ terms: 3, step: 0.1 })]) {
      const [none, zero] = [implicit(solver), implicit(solver, { damping: 0 })] as unknown as readonly [Make, Make]
      near(estimated(zero, problem, optimum).gradient, estimated(none, problem, optimum).gradient, 1e-14)
    }
  }))

// a problem for each estimator and law: the estimators are many, and the seeds differ
for (const [i, [name, make]] of Object.entries(makes).entries()) {
  const seed = 100 + i
  test(`law 4, ${name}: the indirect part is linear in the cotangent: of a sum of objectives it is the sum`, () =>
    checked({ seed }, ({ problem, point, seed }) => {
      const other = like(point.state.weights, seed + 5)
      const second: Problem['outer'] = (w) => sum(mul(other, w))
      const both: Problem['outer'] = (w, h, v) => add(mul(2, problem.outer(w, h, v)), mul(-3, second(w, h, v)))
      const of = (outer: Problem['outer']): unknown => estimated(make, withOuter(problem, outer), point).gradient
      const expected = vectors.plus(vectors.times(2, of(problem.outer)), vectors.times(-3, of(second)))
      near(of(both), expected, tolerance, name)
    }))

  test(`law 7, ${name}: c F has c times the gradient, F + const the same, F + ⟨a, λ⟩ has a more`, () =>
    checked({ seed }, ({ problem, point, seed }) => {
      const { outer } = problem
      const plain = estimated(make, problem, point)
      const by = (change: (value: Tensor, h: unknown) => Tensor): Estimate<unknown, unknown> =>
        estimated(
          make,
          withOuter(problem, (w, h, v) => change(outer(w, h, v), h)),
          point,
        )
      // of 1e-12 too: what is linear must not underflow into a tolerance
      for (const c of [-3, 1e-12])
        near(vectors.times(1 / c, by((value) => mul(c, value)).gradient), plain.gradient, tolerance, `${name} · ${c}`)
      near(by((value) => add(value, 100)).gradient, plain.gradient, tolerance, `${name} + 100`)
      const a = like(point.hyper, seed + 6)
      near(by((value, h) => add(value, vectors.inner(a, h))).gradient, vectors.plus(plain.gradient, a), tolerance, name)
      near(by((value) => add(value, 100)).value, add(plain.value, 100), 1e-12)
    }))

  test(`law 6, ${name}: equal arguments give equal bits, and nothing is retained but what is returned`, () =>
    checked({ seed }, ({ problem, point }) => {
      scope(() => {
        const estimate = make(problem)
        const memory = estimate.init(point)
        estimate(memory, point)
        const before = liveBuffers().count
        const first = estimate(memory, point)
        const leaves = new Set(flattenTree(first).leaves.filter(isTensor))
        for (const leaf of flattenTree([memory, point]).leaves) if (isTensor(leaf)) leaves.delete(leaf)
        const made = liveBuffers().count - before
        assert.ok(made <= leaves.size, `${name}: ${made} buffers for ${leaves.size} results`)
        const second = estimate(memory, point)
        assert.equal(numbers(second.gradient), numbers(first.gradient))
        assert.equal(numbers(second.certificate), numbers(first.certificate))
        assert.equal(numbers(second.memory), numbers(first.memory))
      })
    }))

  test(`law 8, ${name}: a hyperparameter that no step sees has the gradient ∂F/∂λ, to the last bit, and counts as reaching by it`, () =>
    checked({ seed }, async ({ problem, point, seed }) => {
      type Split = { readonly seen: unknown; readonly other: Tensor }
      const [other, slope] = [like(point.state.weights, seed + 7), like(point.state.weights, seed + 8)]
      const of = (h: unknown): Split => h as Split
      const split = (sees: boolean): Problem => ({
        ...problem,
        inner: (w, h, t) => problem.inner(w, of(h).seen, t),
        update: (s, h, t) => problem.update(s, of(h).seen, t),
        outer: (w, h, v) => add(problem.outer(w, of(h).seen, v), sees ? vectors.inner(slope, of(h).other) : 0),
      })
      const hyper = { seen: point.hyper, other }
      const [seen, unseen] = [true, false].map((sees) => estimated(make, split(sees), { ...point, hyper } as Point))
      assert.equal(numbers(of(seen!.gradient).other), numbers(slope))
      assert.equal((await decode(seen!.certificate)).disconnected, [])
      assert.equal(numbers(of(unseen!.gradient).other), numbers(zerosLike(slope)))
      const { status, disconnected } = await decode(unseen!.certificate)
      assert.is(status, 'disconnected')
      assert.equal(
        disconnected.map((path) => path.replace(/^λ?\./, '')),
        ['other'],
      )
    }))
}

test('law 5: k terms of the series and then m more are k + m', () =>
  checked({ runs: 2 }, async ({ problem, optimum, lr }) => {
    const series = (terms: number, start: 'cold' | 'warm') =>
      implicit(neumann({ terms, step: lr, tolerance: 0, trust: true }), { start })(problem)
    for (const [k, m] of [
      [1, 1],
      [3, 2],
      [2, 7],
    ] as const) {
      const [whole, first, second] = [series(k + m, 'cold'), series(k, 'warm'), series(m, 'warm')]
      const half = first(first.init(optimum), optimum)
      const chained = second(half.memory, optimum)
      const once = whole(whole.init(optimum), optimum)
      near(chained.gradient, once.gradient, 1e-12, `${k} + ${m}`)
      near(chained.certificate.residual, once.certificate.residual, 1e-12)
    }
    // and of frozen pulls: the series of one-pass is that of ∂u/∂w with a step of 1
    const pulls = estimated(onePass({ terms: 5 }) as never, problem, optimum)
    const [solved] = [
      implicit(neumann({ terms: 5, step: 1, tolerance: 0, trust: true }), { form: 'fixedPoint' })(problem),
    ]
    near(pulls.gradient, solved(solved.init(optimum), optimum).gradient, 1e-12)
    assert.ok(elements(pulls.certificate.residual)[0]! >= 0)
  }))

test.run()
