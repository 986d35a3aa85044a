import { mul } from '@neumann/linalg-gpu'
import { cg, exact, gmres, type LinearSolver, neumann } from '@neumann/linalg-gpu/solvers'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { brokenCg, type Mistakes } from './crossCheck/brokenSolvers.testing.js'
import { crossCheck } from './crossCheck/crossCheck.js'
import { implicit } from './estimators/implicit.js'
import { type Fixture, logistic, quadratic, R1, ridge } from './fixtures/index.js'
import { near } from './support.testing.js'

const problems = {
  R1: [R1(), 2],
  quadratic: [quadratic({ dimension: 6, conditionNumber: 10 }), 6],
  ridge: [ridge({ examples: 6, features: 4 }), 4],
  logistic: [logistic({ examples: 10, features: 4 }), 4],
} as unknown as Readonly<Record<string, readonly [Fixture<unknown>, number]>>

/** Checked against two right solvers, and against the other equation. */
const suspected = ({ problem, optimum }: Fixture<unknown>, suspect: LinearSolver) =>
  crossCheck({
    suspect: implicit(suspect),
    cg: implicit(cg()),
    exact: implicit(exact()),
    fixedPoint: implicit(gmres(), { form: 'fixedPoint' }),
  })(problem)(optimum)

test('the solver of the plants, without a mistake, is conjugate gradients: it agrees', async () => {
  for (const [name, [fixture, n]] of Object.entries(problems)) {
    const { agreed, lines } = await suspected(fixture, brokenCg({ iterations: n }))
    assert.ok(agreed, `${name}: ${lines.join('\n')}`)
  }
})

const plants: Readonly<Record<string, Omit<Mistakes, 'iterations'>>> = {
  'a direction from a stale residual': { staleResidual: true },
  'damping in the denominator of the step only': { dampedDenominator: 1e-2 },
  'a floor of 1e-2 under the denominators': { floor: 1e-2 },
}

for (const [plant, mistake] of Object.entries(plants))
  test(`planted: ${plant} is caught on every problem, and nothing else is`, async () => {
    for (const [name, [fixture, n]] of Object.entries(problems)) {
      // objectives of a hundredth: where a floor hides
      const { problem } = fixture
      const small = { ...problem, outer: (w: never, h: never, v: never) => mul(0.01, problem.outer(w, h, v)) }
      const { disagreeing, estimates, lines } = await suspected(
        { ...fixture, problem: small } as never,
        brokenCg({ iterations: n, ...mistake }),
      )
      assert.equal(disagreeing, ['suspect'], `${name}: ${lines.join('\n')}`)
      assert.ok(estimates.suspect.difference > 1e-4, `${name}: ${estimates.suspect.difference}`)
      // the solver says that it converged; the certificate, which has its own residual, does not believe it
      assert.is(estimates.suspect.certificate.status, 'breakdown', name)
    }
  })

test('planted: a series without its step in front is caught, and by how much it is too long', async () => {
  const { problem, optimum } = R1()
  const scaled: LinearSolver = (operator) => (b, start) => {
    const found = neumann({ terms: 60, step: 0.1 })(operator)(b, start)
    return { ...found, x: mul(10, found.x as never) as never }
  }
  const { disagreeing, estimates } = await suspected({ problem, optimum } as never, scaled)
  assert.equal(disagreeing, ['suspect'])
  near(estimates.suspect.difference, 0.9, 1e-6)
})

test.run()
