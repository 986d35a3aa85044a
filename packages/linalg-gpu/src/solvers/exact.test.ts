import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { array, jit, type Tensor, zeros } from '../index.js'
import {
  damped,
  diagonalOperator,
  exact,
  type Facts,
  type LinearOptions,
  matrix,
  type Operator,
  operator,
  vectorSpace,
} from './index.js'
import {
  type Answer,
  answerOf,
  apply,
  type Dense,
  diagonalOf,
  draws,
  eliminated,
  geometric,
  minus,
  normals,
  type Precision,
  residualOf,
  roundedMatrix,
  roundedTo,
  size,
  tensorOf,
  ulp,
  type Vector,
  withEigenvalues,
  withSingularValues,
} from './systems.testing.js'

const solved = (
  a: Dense,
  b: Vector,
  facts: Facts = {},
  dtype: Precision = 'f64',
  options: LinearOptions = {},
): Answer => answerOf(exact(options)(matrix(tensorOf(a, dtype), facts))(tensorOf(b, dtype)))
const lower = (a: Dense): Dense => a.map((row, i) => row.map((x, j) => (j <= i ? x : 0)))
const upper = (a: Dense): Dense => a.map((row, i) => row.map((x, j) => (j >= i ? x : 0)))
/** A diagonal that keeps a triangular matrix well conditioned. */
const heavy = (a: Dense): Dense =>
  a.map((row, i) => row.map((x, j) => (i === j ? Math.sign(x) * (6 + Math.abs(x)) : x)))

const n = 6
const random = draws(21)
const general = withSingularValues(geometric(n, 30), n, n, random)
const positive = withEigenvalues(geometric(n, 30), random)
const cases: readonly (readonly [string, Dense, Facts])[] = [
  ['LU', general, {}],
  ['LU of a symmetric indefinite matrix', withEigenvalues([3, -2, 1, -1, 0.5, 2], random), { symmetric: true }],
  ['Cholesky', positive, { symmetric: true, definite: 'positive' }],
  ['Cholesky of the negative', positive.map((row) => row.map((x) => -x)), { symmetric: true, definite: 'negative' }],
  ['LU of what may be singular', positive, { symmetric: true, definite: 'nonnegative' }],
  ['lower', lower(heavy(general)), { triangular: 'lower' }],
  ['upper', upper(heavy(general)), { triangular: 'upper' }],
  ['diagonal', diagonalOf([1, -2, 3, 0.5, 7, -1]), { diagonal: true }],
]
const withoutDense = ({ dense: _, ...rest }: Operator): Operator => rest

for (const [name, made, facts] of cases)
  test(`${name}: the solution is that of an elimination by hand, and costs a product, in f64 and f32`, () => {
    for (const dtype of ['f64', 'f32'] as const) {
      const a = roundedMatrix(dtype, made)
      const b = roundedTo(dtype, normals(n, random))
      const got = solved(a, b, facts, dtype)
      const x = eliminated(a, b)
      assert.is(got.status, 'converged')
      // condition numbers up to 30, n = 6 steps of rounding
      assert.ok(size(minus(got.x, x)) <= 30 * 6 * ulp[dtype] * size(x), `${got.x} ${x}`)
      assert.ok(Math.abs(got.residual - residualOf(a, got.x, b) / size(b)) < 30 * 6 * ulp[dtype])
      assert.equal([got.iterations, got.products], [1, facts.diagonal ? 2 : 1])
      const byColumns = answerOf(
        jit((b: Tensor) => exact()(withoutDense(matrix(tensorOf(a, dtype), facts)))(b))(tensorOf(b, dtype)),
      )
      assert.equal([byColumns.status, byColumns.products], ['converged', facts.diagonal ? 2 : n + 1])
      assert.ok(size(minus(byColumns.x, x)) <= 30 * 6 * ulp[dtype] * size(x))
    }
  })

test('rounds of refinement take away what the factors are off by', () => {
  // symmetric but for a 10⁻⁴th, of which the factors know nothing: each round leaves a 3 · 10⁻³rd at most
  const a = positive.map((row, i) => row.map((x, j) => x + (i < j ? 1e-4 : i > j ? -1e-4 : 0)))
  const b = normals(n, random)
  const facts: Facts = { symmetric: true, definite: 'positive' }
  const rough = solved(a, b, facts, 'f64', { tolerance: 0.1 })
  assert.is(rough.iterations, 1)
  const fine = solved(a, b, facts, 'f64', { maxIterations: 10 })
  assert.is(fine.status, 'converged')
  assert.ok(
    fine.iterations > 2 && fine.residual < 1e-10 && rough.residual > 1e-6,
    `${fine.iterations} ${rough.residual}`,
  )
  assert.is(fine.products, fine.iterations)
  assert.ok(size(minus(fine.x, eliminated(a, b))) <= 30 * 1.1e-10 * size(b))
  assert.is(solved(a, b, facts, 'f64', { maxIterations: 2 }).status, 'maxIterations')
})

test('a singular matrix is singular, whatever its facts say', () => {
  const flat = [[1, 2], [2, 4]] // biome-ignore format: a matrix
  for (const facts of [{}, { symmetric: true }, { symmetric: true, definite: 'nonnegative' }] as const) {
    const got = solved(flat, [1, 1], facts)
    assert.equal([got.status, got.x, got.residual], ['singular', [0, 0], 1], JSON.stringify(facts))
  }
  assert.is(solved([[1, 0], [3, 0]], [1, 1], { triangular: 'lower' }).status, 'singular') // biome-ignore format: a matrix
  assert.is(solved([[0]], [3]).status, 'singular')
})

test('what is singular but for rounding is singular where the right side shows it, and solved where it does not', () => {
  for (const dtype of ['f64', 'f32'] as const) {
    const q = withEigenvalues([1, 0.5, 0.2, 0], draws(5))
    const a = roundedMatrix(dtype, q)
    const hard = solved(a, [1, 2, 3, 4], {}, dtype)
    assert.is(hard.status, 'singular', dtype)
    assert.ok(hard.residual <= 1 && hard.x.every(Number.isFinite))
    const b = roundedTo(dtype, apply(a, [1, -1, 2, 1]))
    const easy = solved(a, b, {}, dtype)
    // some x of many: its residual is what counts
    if (easy.status === 'converged') assert.ok(residualOf(a, easy.x, b) <= 2e-5 * size(b))
    else assert.is(easy.status, 'singular')
  }
})

test('a zero on a diagonal: solved where b is 0 there, else singular with the rest of x', () => {
  const a = diagonalOperator(tensorOf([2, 0, 4], 'f64'))
  const good = answerOf(exact()(a)(tensorOf([1, 0, 2], 'f64')))
  assert.equal([good.status, good.x], ['converged', [0.5, 0, 0.5]])
  const bad = answerOf(exact()(a)(tensorOf([1, 1, 2], 'f64')))
  assert.equal([bad.status, bad.x], ['singular', [0.5, 0, 0.5]])
  assert.ok(Math.abs(bad.residual - 1 / Math.sqrt(6)) < 1e-15)
})

test('facts that are false are found out: indefinite, or never converged', () => {
  const saddle = [[1, 2], [2, 1]] // biome-ignore format: a matrix
  for (const definite of ['positive', 'negative'] as const) {
    const got = solved(saddle, [1, 0], { symmetric: true, definite })
    assert.equal([got.status, got.x], ['indefinite', [0, 0]])
  }
  for (const facts of [{ triangular: 'lower' }, { diagonal: true }, { triangular: 'upper' }] as const) {
    const got = solved([[3, 1], [1, 2]], [1, 5], facts) // biome-ignore format: a matrix
    assert.is.not(got.status, 'converged', JSON.stringify(facts))
    assert.ok(got.residual <= 1)
  }
})

test('condition numbers to 10⁶ in f32 and 10¹⁴ in f64 are solved to the tolerance, or said not to be', () => {
  for (const [dtype, most] of [['f32', 6], ['f64', 14]] as const)
    for (let digits = 0; digits <= most; digits += 2) {
      const own = draws(digits + 1)
      const a = roundedMatrix(dtype, withSingularValues(geometric(10, 10 ** digits), 10, 10, own))
      const b = roundedTo(dtype, apply(a, normals(10, own)))
      assert.is(solved(a, b, {}, dtype).status, 'converged', `${dtype} ${digits}`)
    } // biome-ignore format: a table
})

test('sizes that are no multiple of a block, by tree vectors, damped', () => {
  const own = draws(8)
  const a = withEigenvalues(geometric(70, 1e3), own)
  const b = normals(70, own)
  const got = answerOf(
    exact()(damped(matrix(tensorOf(a, 'f64'), { symmetric: true, definite: 'nonnegative' }), 0.1))(tensorOf(b, 'f64')),
  )
  assert.is(got.status, 'converged')
  const shifted = a.map((row, i) => row.map((x, j) => (i === j ? x + 0.1 : x)))
  assert.ok(size(minus(got.x, eliminated(shifted, b))) < 11 * 70 * ulp.f64 * size(got.x))
  const tree = diagonalOperator({ w: array([[2, 4]]), b: array(8) })
  const solution = exact()(withFacts(tree))({ w: array([[1, 1]]), b: array(1) })
  assert.equal(answerOf(solution).x, [0.125, 0.5, 0.25])
})
/** As a general operator, whose matrix is not at hand. */
const withFacts = <X>({ dense: _, ...rest }: Operator<X>): Operator<X> => ({ ...rest, facts: {} })

test('no equations, and operators that are not square', () => {
  const none = operator({ domain: vectorSpace(zeros([0])), apply: (x) => x })
  assert.equal([answerOf(exact()(none)(zeros([0]))).status, answerOf(exact()(none)(zeros([0]))).x], ['converged', []])
  assert.throws(
    () => exact()(matrix([[1, 2]]) as Operator),
    /exact: the operator maps to another space than from: f32\[1\] is not f32\[2\]/,
  )
})

test.run()
