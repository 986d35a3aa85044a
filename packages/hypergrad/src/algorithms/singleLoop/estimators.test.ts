import { array, key, stack, type Tensor, uniform } from '@neumann/linalg-gpu'
import { exact } from '@neumann/linalg-gpu/solvers'
import * as fc from 'fast-check'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { implicit } from '../../estimators/implicit.js'
import { R1 } from '../../fixtures/r1.js'
import { near, numbers } from '../../support.testing.js'
import { plainEstimator } from './estimator.js'
import { directions, type Variables } from './oracle.js'
import { sarahEstimator, stormEstimator } from './recursive.js'
import { sagaEstimator } from './saba.js'
import { emptyTable, fullTable, sagaStep } from './saga.js'
import { scalarProblem } from './scalar.testing.js'

const index = (i: number): Tensor => array(i, { dtype: 'i32' })

test('9.8 a: the directions of all samples, and of each pair, whose mean they are', () => {
  for (const [dtype, tolerance] of [
    ['f64', 1e-12],
    ['f32', 1e-5],
  ] as const) {
    const { problem, put, all, one } = scalarProblem(dtype)
    const at = { weights: put(0.2), adjoint: put(0.3), hyper: put(1) }
    const look = (samples: { inner: Tensor; outer: Tensor }) => {
      const { weights, adjoint, hyper } = directions(problem)(at, samples).direction
      return [weights, adjoint, hyper]
    }
    near(look(all), [-1.1, -1.2, -0.25], tolerance)
    for (const [i, j, want] of [
      [0, 0, [-0.8, -0.5, -0.2]],
      [0, 1, [-0.8, -2.5, 0]],
      [1, 0, [-1.4, 0.1, -0.5]],
      [1, 1, [-1.4, -1.9, -0.3]],
    ] as const)
      near(look({ inner: one('inner', i), outer: one('outer', j) }), want, tolerance, `${i}${j}`)
  }
})

test('with the adjoint solved, the direction of x is the gradient of the implicit function theorem', () => {
  const { problem, at, adjoint, lambda } = R1()
  for (const w of [
    [0.9, 0.1],
    [-1, 2],
  ]) {
    const weights = array(w, { dtype: 'f64' })
    const estimate = implicit(exact())(problem)
    const want = estimate(estimate.init(at(weights)), at(weights)).gradient
    // H does not depend on w here, the right side does
    const b = array([2 * (w[0]! - 1), 2 * w[1]!], { dtype: 'f64' })
    const [p, q] = numbers(b) as [number, number]
    const v = array([-(8 * p - 3 * q) / 47, -(7 * q - 3 * p) / 47], { dtype: 'f64' })
    const { direction } = directions(problem)({ weights, adjoint: v, hyper: lambda }, { inner: null, outer: null })
    near(direction.hyper, want, 1e-12)
    near(direction.adjoint, [0, 0], 1e-12)
  }
  near(adjoint, [-248 / 2209, 516 / 2209])
})

test('9.8 d: with everything for samples, all estimators give the same directions along any path', () => {
  const { problem, put, all } = scalarProblem()
  const field = directions(problem)
  const row = { inner: index(0), outer: index(0) }
  const samples = { ...all, row }
  const estimators = {
    saga: sagaEstimator(problem, { inner: { rows: 1 }, outer: { rows: 1 } }),
    storm: stormEstimator(field, 0.3),
    sarah: sarahEstimator(field, { period: 3, full: () => all }),
  }
  const path: Variables<Tensor, Tensor>[] = [0, 1, 2, 3, 4].map((k) => ({
    weights: put(Math.sin(k)),
    adjoint: put(Math.cos(3 * k)),
    hyper: put(1 + 0.3 * k),
  }))
  for (const [name, { init, next }] of Object.entries(estimators)) {
    let memory = init(path[0]!, {} as never) as never
    for (const point of path) {
      const [look, after] = next(memory, point, samples as never)
      const [want] = plainEstimator(field).next(null, point, samples)
      near(look.direction, want.direction, 1e-14, name)
      near(look.value, want.value, 1e-14, name)
      memory = after as never
    }
  }
})

test('SAGA is unbiased whatever its table says, also of minibatches that differ in size', () => {
  const number = fc.double({ min: -5, max: 5, noNaN: true })
  fc.assert(
    fc.property(
      fc.integer({ min: 1, max: 4 }).chain((n) =>
        fc.record({
          table: fc.array(fc.tuple(number, number), { minLength: n, maxLength: n }),
          said: fc.array(fc.tuple(number, number), { minLength: n, maxLength: n }),
          sizes: fc.array(fc.integer({ min: 1, max: 9 }), { minLength: n, maxLength: n }),
          equal: fc.boolean(),
        }),
      ),
      ({ table, said, sizes, equal }) => {
        const n = table.length
        const total = sizes.reduce((a, b) => a + b)
        const omega = equal ? sizes.map(() => 1 / n) : sizes.map((size) => size / total)
        const f64 = (data: unknown): Tensor => array(data as never, { dtype: 'f64' })
        const shares = equal ? { rows: n } : { rows: n, shares: f64(omega) }
        const start = fullTable({ p: f64(table) }, shares)
        const expected = [0, 1].map((k) => said.reduce((sum, a, i) => sum + omega[i]! * a[k]!, 0))
        const met = [0, 0]
        for (let i = 0; i < n; i++) {
          const [out, after] = sagaStep(start, { p: f64(said[i]) }, index(i), shares)
          numbers(out).forEach((v, k) => (met[k]! += omega[i]! * v))
          // the mean is kept up to date
          near(after.mean, fullTable(after.rows, shares).mean, 1e-12)
        }
        near(met, expected, 1e-12)
      },
    ),
    { numRuns: 25, seed: 9 },
  )
})

test('after a first pass over all minibatches SABA begins with the direction of everything, whichever it draws', () => {
  const { problem, put, all, one } = scalarProblem()
  const shares = { inner: { rows: 2 }, outer: { rows: 2 } }
  const { init, next } = sagaEstimator(problem, shares)
  const at = { weights: put(0.2), adjoint: put(0.3), hyper: put(1) }
  const stacked = (which: 'inner' | 'outer'): Tensor => stack([one(which, 0), one(which, 1)])
  const memory = init(at, { pass: { inner: stacked('inner'), outer: stacked('outer') } })
  for (const [i, j] of [
    [0, 1],
    [1, 0],
  ] as const) {
    const samples = { inner: one('inner', i), outer: one('outer', j), row: { inner: index(i), outer: index(j) } }
    near(next(memory, at, samples)[0].direction, directions(problem)(at, all).direction, 1e-14)
  }
})

test('9.8 c: the first looks of SAGA from a table of zeros', () => {
  const f64 = (x: number): Tensor => array(x, { dtype: 'f64' })
  const [first, table] = sagaStep(emptyTable(f64(0), { rows: 2 }), f64(-1), index(0), { rows: 2 })
  near(first, -1)
  const [second] = sagaStep(table, f64(-1), index(0), { rows: 2 })
  near(second, -0.5)
})

test('STORM without forgetting is SARAH without restarts; full momentum is the field itself', () => {
  const { problem, put, one } = scalarProblem()
  const field = directions(problem)
  const drawn = numbers(uniform(key(3), [6, 3])).map((x) => Math.round(10 * x) / 10)
  const kept = stormEstimator(field, 0)
  const recursive = sarahEstimator(field, { period: 100, full: (samples: { inner: Tensor; outer: Tensor }) => samples })
  const forgetful = stormEstimator(field, 1)
  const at = { weights: put(0), adjoint: put(0), hyper: put(0) }
  let [a, b, c] = [kept.init(at, null), recursive.init(at, null), forgetful.init(at, null)]
  for (let t = 0; t < 6; t++) {
    const [z, v, x] = drawn.slice(3 * t, 3 * t + 3)
    const point = { weights: put(z), adjoint: put(v), hyper: put(x) }
    const samples = { inner: one('inner', t % 2), outer: one('outer', t % 3 === 0 ? 1 : 0) }
    const [lookA, nextA] = kept.next(a, point, samples)
    const [lookB, nextB] = recursive.next(b, point, samples)
    const [lookC, nextC] = forgetful.next(c, point, samples)
    near(lookA.direction, lookB.direction, 1e-13)
    near(lookC.direction, field(point, samples).direction, 1e-13)
    ;[a, b, c] = [nextA, nextB, nextC]
  }
})

test('wrong tables and periods are refused with what was given', () => {
  const { problem } = scalarProblem()
  assert.throws(
    () => sagaEstimator(problem, { inner: { rows: 0 }, outer: { rows: 1 } }),
    /rows is an integer ≥ 1.*got 0/,
  )
  assert.throws(
    () => sagaEstimator(problem, { inner: { rows: 2, shares: array([1]) }, outer: { rows: 1 } }),
    /one entry for each of 2 minibatches, got the shape \[1\]/,
  )
  assert.throws(() => sarahEstimator(directions(problem), { period: 0.5, full: (s) => s }), /period.*got 0\.5/)
})

test.run()
