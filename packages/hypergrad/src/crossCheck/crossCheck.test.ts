import { dispose, liveBuffers, mul } from '@neumann/linalg-gpu'
import { cg, exact, gmres, neumann } from '@neumann/linalg-gpu/solvers'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { implicit } from '../estimators/implicit.js'
import { onePass } from '../estimators/onePass.js'
import { unrolled } from '../estimators/unrolled.js'
import { momentumR1, quadratic, R1, ridge } from '../fixtures/index.js'
import { near } from '../support.testing.js'
import { consensus } from './consensus.js'
import { crossCheck } from './crossCheck.js'

test('estimators of three families agree on R1, in f64 and f32', async () => {
  for (const dtype of ['f64', 'f32'] as const) {
    const { problem, optimum, exact: wanted } = R1({ dtype })
    const check = crossCheck({ direct: implicit(exact()), cg: implicit(cg()), unrolled: unrolled({ steps: 60 }) })
    const { agreed, disagreeing, consensus: middle, estimates, lines } = await check(problem)(optimum)
    assert.ok(agreed, lines.join('\n'))
    assert.equal(disagreeing, [])
    assert.ok(middle !== null && estimates[middle].difference === 0)
    near(estimates.unrolled.gradient, wanted, dtype === 'f64' ? 1e-9 : 1e-4)
    assert.is(lines.length, 3)
    assert.match(lines[0]!, /^direct agrees within \S+ \(converged: /)
  }
})

test('the odd one out is named, with how far it is off: too few terms', async () => {
  const { problem, optimum } = R1()
  const check = crossCheck({
    early: implicit(neumann({ terms: 4, step: 0.1, tolerance: 0 })),
    cg: implicit(cg()),
    fixedPoint: implicit(gmres(), { form: 'fixedPoint' }),
  })
  const { agreed, disagreeing, estimates } = await check(problem)(optimum)
  assert.not(agreed)
  assert.equal(disagreeing, ['early'])
  // the table of section 1.6 has 0.07349
  assert.ok(Math.abs(estimates.early.difference - 0.07349) < 1e-5, `${estimates.early.difference}`)
})

test('of two that disagree nobody knows which is wrong: there is no consensus, and both are named', async () => {
  const { problem, optimum } = R1()
  const early = implicit(neumann({ terms: 2, step: 0.1 }))
  const {
    consensus: middle,
    disagreeing,
    agreed,
    lines,
  } = await crossCheck({ cg: implicit(cg()), early })(problem)(optimum)
  assert.is(middle, null)
  assert.not(agreed)
  assert.equal(disagreeing, ['cg', 'early'])
  assert.match(lines[0]!, /^cg has no majority, and is up to 0\.2\d+ away/)
  const other = implicit(exact())
  assert.ok((await crossCheck({ cg: implicit(cg()), other })(problem)(optimum)).agreed)
})

test('the tolerance is the caller’s, and a single estimator agrees with itself', async () => {
  const { problem, optimum } = R1()
  const early = implicit(neumann({ terms: 12, step: 0.1 }))
  const pair = { cg: implicit(cg()), early }
  assert.not((await crossCheck(pair)(problem)(optimum)).agreed)
  assert.ok((await crossCheck(pair, { tolerance: 0.01 })(problem)(optimum)).agreed)
  assert.ok((await crossCheck({ early })(problem)(optimum)).agreed)
})

test('a gradient that is not finite never agrees, not even with another one', async () => {
  const { problem, optimum } = R1()
  const broken = implicit(cg())
  const point = { ...optimum, hyper: mul(Number.NaN, optimum.hyper) }
  const { agreed, estimates } = await crossCheck({ one: broken, two: broken })(problem)(point)
  assert.not(agreed)
  assert.is(estimates.one.difference, Number.POSITIVE_INFINITY)
  assert.is(estimates.one.certificate.status, 'nonfinite')
})

test('bad input: a point without a field that is needed, no estimators, a bad tolerance', async () => {
  const { problem, optimum } = R1()
  const { state, hyper, train, validation } = optimum
  const check = crossCheck({ cg: implicit(cg()), onePass: onePass() })(problem)
  try {
    // @ts-expect-error onePass needs the state before the last step
    await check({ state, hyper, train, validation })
    assert.unreachable()
  } catch (error) {
    assert.match((error as Error).message, /^crossCheck: onePass needs previous, which the point does not have/)
  }
  // what no estimator needs may be missing
  assert.ok((await crossCheck({ cg: implicit(cg()) })(problem)({ state, hyper, train, validation })).agreed)
  assert.throws(() => crossCheck({})(problem), /there are no estimators/)
  assert.throws(
    () => crossCheck({ cg: implicit(cg()) }, { tolerance: Number.NaN })(problem),
    /tolerance is a number ≥ 0/,
  )
})

test('it names the estimator that forgets a factor, on problems whose λ is a tree', async () => {
  const { problem, step } = momentumR1()
  const twice: typeof onePassOf = (given) => {
    const estimate = onePassOf(given)
    return Object.assign(
      (memory: null, point: Parameters<typeof estimate>[1]) => {
        const found = estimate(memory, point)
        return { ...found, gradient: { ...found.gradient, lr: mul(0.05, found.gradient.lr) } }
      },
      { init: estimate.init, needs: estimate.needs },
    )
  }
  const { disagreeing } = await crossCheck({
    sum: onePassOf,
    series: onePass({ terms: 200 }),
    forgets: twice,
  })(problem)(step)
  assert.equal(disagreeing, ['forgets'])
})

const onePassOf = (problem: ReturnType<typeof momentumR1>['problem']) => onePass({ terms: 199 })(problem)

test('larger problems: every hyperparameter of ridge, and quadratics of condition 20', async () => {
  for (const { problem, optimum } of [ridge(), quadratic({ conditionNumber: 20 })] as unknown as readonly ReturnType<
    typeof R1
  >[]) {
    const check = crossCheck({ direct: implicit(exact()), cg: implicit(cg()), steps: unrolled({ steps: 500 }) })
    const { agreed, lines } = await check(problem)(optimum)
    assert.ok(agreed, lines.join('\n'))
  }
})

test('the consensus is the middle of the largest group, wherever it stands in the list', () => {
  const group = [
    [1, 0],
    [1, 3e-7],
    [1, 8e-7],
  ]
  for (const outliers of [
    [[2, 0]],
    [
      [2, 0],
      [3, 1],
    ],
  ])
    for (const vectors of [
      [...group, ...outliers],
      [...outliers, ...group],
    ]) {
      const { at, differences } = consensus(vectors, 1e-6)
      assert.is(vectors[at!], group[1])
      assert.is(differences.filter((d) => d > 1e-6).length, outliers.length)
    }
  // two against two
  assert.is(consensus([[1], [1], [2], [2]], 1e-6).at, null)
  assert.equal(
    consensus(
      [
        [0, 0],
        [0, 0],
      ],
      0,
    ),
    { at: 0, differences: [0, 0] },
  )
  assert.equal(consensus([[0], [1e-300]], 0.5).differences, [1, 1])
  // numbers whose squares overflow
  assert.is(consensus([[1e300], [1e300]], 0).at, 0)
})

test('a gradient may have as many entries as it likes', () => {
  const ones = new Array<number>(300_000).fill(1)
  const { at, differences } = consensus([ones, ones.map((x) => x + 1e-9), ones.map((x) => 2 * x)], 1e-6)
  assert.is(at, 0)
  assert.ok(Math.abs(differences[1]! - 1e-9) < 1e-15 && Math.abs(differences[2]! - 0.5) < 1e-15, `${differences}`)
})

test('nothing is retained but the gradients', async () => {
  const { problem, optimum } = R1()
  const check = crossCheck({ cg: implicit(cg()), one: onePass({ terms: 1 }) })(problem)
  // what compiling makes stays
  await check(optimum)
  const before = liveBuffers().count
  const { estimates } = await check(optimum)
  assert.is(liveBuffers().count, before + 2)
  dispose([estimates.cg.gradient, estimates.one.gradient])
  assert.is(liveBuffers().count, before)
})

test.run()
