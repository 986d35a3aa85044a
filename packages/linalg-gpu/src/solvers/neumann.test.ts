import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { array, jit, map, stack, type Tensor, toNested } from '../index.js'
import { item } from '../run/read.js'
import { matrix, type NeumannOptions, type NeumannSolution, neumann, richardson } from './index.js'
import {
  type Answer,
  answerOf,
  apply,
  type Dense,
  draws,
  minus,
  normals,
  orthogonal,
  roundedTo,
  size,
  tensorOf,
  times,
  transposed,
  ulp,
  type Vector,
  withEigenvalues,
} from './systems.testing.js'

interface Series extends Answer {
  readonly contraction: number
  readonly alternation: number
  readonly step: number
}
const read = (solution: NeumannSolution<Tensor>): Series => ({
  ...answerOf(solution),
  contraction: item(solution.contraction) as number,
  alternation: item(solution.alternation) as number,
  step: item(solution.step) as number,
})
const series = (options: NeumannOptions, a: Dense, b: Vector, start?: Vector): Series =>
  read(neumann(options)(matrix(tensorOf(a, 'f64')))(tensorOf(b, 'f64'), start && tensorOf(start, 'f64')))
const close = (got: Vector, expected: Vector, tolerance: number, message = ''): void =>
  assert.ok(size(minus(got, expected)) <= tolerance * size(expected), `${message}: ${got} instead of ${expected}`)

/** R1: the Hessian and the right side of a regression with two weights, and its solution; eigenvalues 4.4586187349 and 10.5413812651. */
const hessian = [[7, 3], [3, 8]] as const // biome-ignore format: a matrix
const right = [-4 / 47, 72 / 47] as const
const solution = [-248 / 2209, 516 / 2209] as const

test('the hypergradients of R1 by 1, 2, 3, 4, 6, 11 and 21 terms are those of the specification', () => {
  // −e^λ w q with e^λ = (1, 2) and w = (45/47, 36/47)
  const hyper = ([p, q]: Vector): Vector => [(-45 / 47) * p!, -2 * (36 / 47) * q!]
  const table: readonly (readonly [number, number, number])[] = [
    [1, 0.0081484835, -0.2346763241],
    [2, 0.0545948393, -0.285522861],
    [3, 0.0780624717, -0.3179864192],
    [4, 0.0911896786, -0.3357435944],
    [6, 0.1024849434, -0.3510550512],
    [11, 0.1072290834, -0.3574852797],
    [21, 0.107489919, -0.3578388172],
  ]
  for (const [terms, ...expected] of table) {
    const got = series({ terms, step: 0.1, tolerance: 0 }, hessian, right)
    // ten digits are printed
    hyper(got.x).forEach((value, i) => assert.ok(Math.abs(value - expected[i]!) <= 6e-11, `${terms} terms: ${value}`))
    assert.is(got.iterations, terms)
    assert.is(got.products, terms, 'one product a term, that for the true residual included')
    assert.is(got.status, 'maxIterations')
  }
})

test('each eigenvector is filtered by (1 − (1 − αμ)^terms)/μ', () => {
  const random = draws(7)
  const values = [0.05, 0.4, 1, 1.9]
  const q = orthogonal(4, random)
  const a = times(q.map((row) => row.map((x, j) => x * values[j]!)), transposed(q)) // biome-ignore format: one product
  for (const terms of [1, 2, 5, 12])
    values.forEach((mu, j) => {
      const vector = q.map((row) => row[j]!)
      const got = series({ terms, step: 0.9, tolerance: 0 }, a, vector)
      const factor = (1 - (1 - 0.9 * mu) ** terms) / mu
      // each term adds an error of a few roundings of the longest
      close(got.x, vector.map((x) => factor * x), 40 * terms * ulp.f64 * Math.max(1, 1 / factor), `${terms} ${mu}`) // biome-ignore format: one call
      // what rounding puts along other eigenvectors outlives a term that falls fast
      const rate = Math.abs(1 - 0.9 * mu)
      assert.ok(Math.abs(got.contraction - rate) < (100 * ulp.f64) / rate ** terms, `${got.contraction}`)
      assert.is(Math.sign(Math.round(got.alternation * 1e6)), Math.sign(1 - 0.9 * mu))
      assert.ok(Math.abs(got.residual - Math.abs(1 - 0.9 * mu) ** terms) < 1e-13)
    })
})

test('k terms, and m more from there, are k + m terms', () => {
  const whole = series({ terms: 9, step: 0.12, tolerance: 0 }, hessian, right)
  const first = series({ terms: 4, step: 0.12, tolerance: 0 }, hessian, right)
  const rest = series({ terms: 5, step: 0.12, tolerance: 0 }, hessian, right, first.x)
  close(rest.x, whole.x, 20 * ulp.f64)
  assert.is(rest.products, 6, 'the residual of the start is one')
})

test('it is Richardson’s iteration with as many steps', () => {
  for (const terms of [1, 2, 7]) {
    const one = series({ terms, step: 0.11, tolerance: 0 }, hessian, right)
    const other = answerOf(
      richardson({ step: 0.11, maxIterations: terms, tolerance: 0 })(matrix(tensorOf(hessian, 'f64')))(
        tensorOf(right, 'f64'),
      ),
    )
    close(one.x, other.x, 20 * ulp.f64)
    assert.ok(Math.abs(one.residual - other.residual) < 1e-15)
  }
})

test('the residual is that of x, and enough terms converge', () => {
  const got = series({ terms: 100, step: 0.1 }, hessian, right)
  assert.is(got.status, 'converged')
  assert.ok(got.iterations < 45, 'it ends when the tolerance is reached')
  close(got.x, solution, 2.4 * 1e-10)
  assert.ok(Math.abs(got.residual - size(minus(right, apply(hessian, got.x))) / size(right)) < 1e-15)
  assert.ok(Math.abs(got.contraction - 0.5541381265) < 1e-9)
  assert.ok(got.alternation > 0.999999)
})

test('a step that is too long is measured and said: α = 0.2, radius 1.108', () => {
  const got = series({ terms: 51, step: 0.2 }, hessian, right)
  assert.is(got.status, 'diverged')
  assert.ok(Math.abs(got.contraction - 1.108276253) < 1e-6, String(got.contraction))
  assert.ok(got.alternation < -0.99)
  // α λmax, which the curvature shows
  assert.ok(Math.abs(0.2 * got.curvature[1]! - 2.108) < 1e-3)
  // the sum of least residual, which is that of one term here
  close(got.x, right.map((x) => 0.2 * x), 4 * ulp.f64) // biome-ignore format: one call
  assert.is(got.iterations, 1)
  assert.ok(Math.abs(got.residual - size(minus(right, apply(hessian, got.x))) / size(right)) < 1e-15)
  for (const terms of [3, 6, 10]) assert.is(series({ terms, step: 0.2 }, hessian, right).status, 'diverged', `${terms}`)
})

test('with `trust` all terms are summed, as the definition has it, and the status says that they grow', () => {
  const got = series({ terms: 51, step: 0.2, trust: true }, hessian, right)
  let [term, sum]: [Vector, Vector] = [right, right]
  for (let k = 1; k < 51; k++) {
    term = minus(term, apply(hessian, term).map((x) => 0.2 * x)) // biome-ignore format: one call
    sum = sum.map((x, i) => x + term[i]!)
  }
  close(got.x, sum.map((x) => 0.2 * x), 400 * ulp.f64) // biome-ignore format: one call
  assert.is(got.status, 'diverged')
  assert.is(got.iterations, 51)
  const flat = series({ terms: 5, step: 0.5, trust: true }, [[0]], [3])
  assert.equal([flat.x, flat.status, flat.residual], [[7.5], 'singular', 1])
})

test('contraction is measured over two terms, for terms that turn are now shorter, now longer', () => {
  // I − A = [[0, 4], [1/10, 0]] has the eigenvalues ±√0.4
  const got = series({ terms: 9, step: 1, tolerance: 0 }, [[1, -4], [-0.1, 1]], [1, 0]) // biome-ignore format: a matrix
  assert.is(got.status, 'maxIterations')
  assert.ok(Math.abs(got.contraction - Math.sqrt(0.4)) < 1e-14, String(got.contraction))
  assert.is(got.alternation, 0)
})

test('terms that grow slowly and on one side are diverged as well', () => {
  const got = series({ terms: 4, step: 0.1 }, [[-0.1]], [1])
  assert.is(got.status, 'diverged')
  assert.ok(Math.abs(got.contraction - 1.01) < 1e-14)
  assert.is(got.iterations, 1)
})

test('negative curvature grows from term to term: diverged, whatever the step', () => {
  for (const step of [0.01, 0.1, 0.3]) {
    const got = series({ terms: 1000, step }, [[2, 0], [0, -1]], [1, 1]) // biome-ignore format: a matrix
    assert.is(got.status, 'diverged', `${step}`)
    assert.ok(got.x.every(Number.isFinite))
    assert.ok(got.curvature[0]! < -0.9)
  }
})

test('an eigenvalue at 2/α: sums of even length vanish along it, and that is said', () => {
  // α μ = 2 to the last bit
  const even = series({ terms: 6, step: 0.5 }, [[4]], [3])
  assert.equal([even.status, even.contraction, even.alternation], ['diverged', 1, -1])
  // beside others, which fall: the ratio of norms comes to 1 from below, the sign from term to term shows it
  const beside = series({ terms: 40, step: 0.5 }, [[4, 0], [0, 1]], [3, 1]) // biome-ignore format: a matrix
  assert.is(beside.status, 'diverged')
  // near it, a false solution of about 0 is no solution: residual, contraction and alternation tell
  const near = series({ terms: 6, step: 0.499 }, [[4]], [3])
  assert.ok(Math.abs(near.x[0]!) < 0.03 * 0.75)
  assert.is(near.status, 'maxIterations')
  assert.ok(near.residual > 0.97 && near.contraction > 0.99 && near.alternation < -0.99)
})

test('a direction that A maps to nothing is singular, with the terms until then', () => {
  const got = series({ terms: 500, step: 0.5 }, [[2, 0], [0, 0]], [3, 1]) // biome-ignore format: a matrix
  assert.is(got.status, 'singular')
  assert.ok(Math.abs(got.residual - 1 / Math.sqrt(10)) < 1e-15)
  assert.ok(got.x.every(Number.isFinite))
  // a right side without it is solved
  const solved = series({ terms: 500, step: 0.3 }, [[2, 0], [0, 0]], [3, 0]) // biome-ignore format: a matrix
  assert.is(solved.status, 'converged')
})

test('terms that grow before they fall are not taken for a series that diverges', () => {
  // I − A is nilpotent with a large corner: after two terms nothing is left
  const got = series({ terms: 5, step: 1 }, [[1, -30], [0, 1]], [0, 1]) // biome-ignore format: a matrix
  assert.equal([got.status, got.x, got.iterations], ['converged', [30, 1], 2])
})

test('rounding that does not let the residual fall is a breakdown', () => {
  // in f32 the sum keeps 7 digits, the recurrence of the terms falls on
  const a = withEigenvalues([1, 0.001], draws(3))
  const got = read(
    neumann({ terms: 1000000, step: 1.9, tolerance: 1e-7 })(matrix(tensorOf(a, 'f32')))(tensorOf([1, 2], 'f32')),
  )
  assert.is(got.status, 'breakdown')
  assert.ok(got.residual > 1e-7 && got.residual < 1e-3, String(got.residual))
})

test('an automatic α is near 1/λmax, from a right side that does not see it too, and below 0 for a negative operator', () => {
  const random = draws(11)
  const a = withEigenvalues([9, 8, 5, 1, 0.5, 0.1], random)
  for (const b of [normals(6, random), apply(a, normals(6, random))]) {
    const { step, status, products, iterations } = series({ terms: 2000 }, a, b)
    assert.is(status, 'converged')
    // the power method is never above λmax, and after 16 steps hardly below 4/5 of it
    assert.ok(step >= 1 / 9 - 1e-12 && step < 1.25 / 9, String(step))
    assert.is(products, iterations + 1 + 16)
  }
  const blind = series({ terms: 200 }, [[100, 0], [0, 1]], [0, 1]) // biome-ignore format: a matrix
  assert.ok(Math.abs(blind.step - 0.01) < 1e-6, String(blind.step))
  const negative = matrix(tensorOf([[-3, 1], [1, -2]], 'f64'), { symmetric: true, definite: 'negative' }) // biome-ignore format: a matrix
  const got = read(neumann({ terms: 300 })(negative)(tensorOf([1, 1], 'f64')))
  assert.ok(got.step < 0)
  close(got.x, [-0.6, -0.8], 1e-9)
  assert.is(series({ terms: 3 }, [[0]], [1]).step, 1, 'nothing to go by')
})

test('step is traced and batched: one loop for several steps', () => {
  const sums = jit((steps: Tensor) =>
    map(
      (step: Tensor) =>
        neumann({ terms: 2, step, tolerance: 0 })(matrix(tensorOf(hessian, 'f64')))(tensorOf(right, 'f64')).x,
      steps,
    ),
  )
  const got = toNested(sums(array([0.1, 0.05], { dtype: 'f64' }))) as number[][]
  close(got[0]!, series({ terms: 2, step: 0.1, tolerance: 0 }, hessian, right).x, 4 * ulp.f64)
  close(got[1]!, series({ terms: 2, step: 0.05, tolerance: 0 }, hessian, right).x, 4 * ulp.f64)
  assert.ok(stack([array(1)]))
})

test('options that mean nothing are refused', () => {
  assert.throws(() => neumann({ terms: 0 }), /neumann: terms is an integer ≥ 1, got 0/)
  assert.throws(() => neumann({ terms: 2.5 }), /got 2.5/)
  assert.throws(() => neumann({ terms: 1, powerSteps: 0 }), /neumann: powerSteps is an integer ≥ 1, got 0/)
  assert.throws(() => neumann({ terms: 1, step: 0 }), /neumann: step is a finite number other than 0, got 0/)
  assert.throws(
    () => neumann({ terms: 1, step: array([1, 2]) }),
    /step is a number or a scalar, got a tensor of shape \[2\]/,
  )
})

test('a sum that the dtype cannot hold is nonfinite, and the start is what is returned', () => {
  const solve = neumann({ terms: 8, step: 1e10 })(matrix(tensorOf([[1e-10, 0], [0, 1e-12]], 'f32'))) // biome-ignore format: a matrix
  const got = answerOf(solve(tensorOf([1, 1e37], 'f32')))
  assert.equal([got.status, got.x, got.residual], ['nonfinite', [0, 0], 1])
  const warm = answerOf(solve(tensorOf([1, 1e37], 'f32'), tensorOf([0, 1e37], 'f32')))
  assert.equal([warm.status, warm.x], ['nonfinite', roundedTo('f32', [0, 1e37])])
})

test('a start that is not finite, or so far off that b is lost beside it, is no start', () => {
  const cold = series({ terms: 5, step: 0.1, tolerance: 0 }, hessian, right)
  for (const start of [
    [NaN, 0],
    [0, Infinity],
    [1e300, 0],
  ])
    assert.equal(series({ terms: 5, step: 0.1, tolerance: 0 }, hessian, right, start).x, cold.x, `${start}`)
})

test.run()
