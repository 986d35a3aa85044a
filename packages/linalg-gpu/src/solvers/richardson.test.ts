import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { array, item, jit, scope, type Tensor } from '../index.js'
import { wasmDevice } from '../wasm/index.js'
import {
  chebyshev,
  diagonalOperator,
  identity,
  matrix,
  type RichardsonOptions,
  richardson,
  scaled,
  vectorSpace,
} from './index.js'
import {
  type Answer,
  answerOf,
  apply,
  type Dense,
  draws,
  geometric,
  minus,
  normals,
  size,
  tensorOf,
  ulp,
  type Vector,
  withEigenvalues,
} from './systems.testing.js'

const solved = (options: RichardsonOptions, a: Dense, b: Vector, start?: Vector): Answer =>
  answerOf(richardson(options)(matrix(tensorOf(a, 'f64')))(tensorOf(b, 'f64'), start && tensorOf(start, 'f64')))
const close = (got: Vector, expected: Vector, tolerance: number): void =>
  assert.ok(size(minus(got, expected)) <= tolerance * size(expected), `${got} instead of ${expected}`)

const a = [[4, 1], [1, 3]] // biome-ignore format: a matrix

test('each step is x + α (b − A x), from a start too', () => {
  for (const start of [[0, 0], [2, -1]]) {
    let x: Vector = start
    for (let k = 1; k <= 5; k++) {
      x = x.map((value, i) => value + 0.2 * minus([1, 2], apply(a, x))[i]!)
      const got = solved({ step: 0.2, maxIterations: k, tolerance: 0 }, a, [1, 2], start[0] ? start : undefined)
      close(got.x, x, 8 * ulp.f64)
      assert.equal([got.status, got.iterations], ['maxIterations', k])
    }
  } // biome-ignore format: vectors
})

test('the best step, 2/(λmin + λmax), takes no more steps than ((κ − 1)/(κ + 1))ᵏ says', () => {
  const random = draws(2)
  for (const condition of [2, 10, 50]) {
    const own = withEigenvalues(geometric(8, condition), random)
    const got = solved({ step: 2 / (1 + 1 / condition) }, own, normals(8, random))
    const rate = (condition - 1) / (condition + 1)
    assert.is(got.status, 'converged')
    // to half of the tolerance, of 1e-10
    assert.ok(
      got.iterations <= Math.ceil(Math.log(0.5e-10) / Math.log(rate)) + 1,
      `κ = ${condition}: ${got.iterations}`,
    )
    assert.is(got.products, got.iterations + 1, 'one more for the true residual')
    const [least, greatest] = got.curvature as [number, number]
    assert.ok(least >= 1 / condition - 1e-12 && greatest <= 1 + 1e-12)
  }
})

test('a preconditioner takes the scale of the unknowns away', () => {
  const d = [1e4, 1, 1e-4]
  const own = d.map((x, i) => d.map((_, j) => (i === j ? x : i + j === 1 ? 0.3 : 0)))
  const jacobi = diagonalOperator(tensorOf(d.map((x) => 1 / x), 'f64')) // biome-ignore format: one call
  const options = { step: 0.9, preconditioner: jacobi }
  const got = answerOf(richardson(options)(matrix(tensorOf(own, 'f64')))(tensorOf(apply(own, [1, 2, 3]), 'f64')))
  assert.is(got.status, 'converged')
  assert.ok(got.iterations < 60)
  assert.is.not(solved({ step: 1e-4 }, own, apply(own, [1, 2, 3])).status, 'converged')
})

test('a step that is too long, or has the wrong sign, is diverged, with the best iterate', () => {
  for (const step of [0.6, 10, -0.1, 1e200]) {
    const got = solved({ step }, a, [1, 2])
    assert.is(got.status, 'diverged', `${step}`)
    assert.ok(got.x.every(Number.isFinite))
    assert.ok(got.residual <= 1, `${got.residual}`)
    assert.ok(got.iterations < 50)
  }
  // slow growth, seen at the end
  const slow = solved({ step: -1e-4, maxIterations: 10 }, a, [1, 2])
  assert.equal([slow.status, slow.x, slow.residual], ['diverged', [0, 0], 1])
})

test('growth that passes is not taken for divergence', () => {
  // b − A x grows thirtyfold before it falls
  const got = solved({ step: 0.5 }, [[1, -30], [0, 1]], [0, 1]) // biome-ignore format: a matrix
  assert.is(got.status, 'converged')
  close(got.x, [30, 1], 1e-8)
})

test('what A maps to nothing is singular, with what could be solved', () => {
  const got = solved({ step: 0.3 }, [[2, 0], [0, 0]], [3, 1]) // biome-ignore format: a matrix
  assert.is(got.status, 'singular')
  close(got.x, [1.5, got.x[1]!], 1e-9)
  assert.ok(Math.abs(got.residual - 1 / Math.sqrt(10)) < 1e-12)
})

test('a preconditioner that makes nothing of every residual is singular, at once, and has no curvature', () => {
  const preconditioner = scaled(0, identity(vectorSpace(tensorOf([1, 2], 'f64'))))
  for (const solver of [
    richardson({ step: 0.3, preconditioner }),
    chebyshev({ least: 1, greatest: 5, preconditioner }),
  ]) {
    const got = answerOf(solver(matrix(tensorOf(a, 'f64')))(tensorOf([1, 2], 'f64')))
    assert.equal([got.status, got.iterations, got.x, got.curvature], ['singular', 1, [0, 0], [Infinity, -Infinity]])
  }
})

test('another step, or another interval, is no other program', async () => {
  const device = await wasmDevice({ threads: 1 })
  const [A, b] = [array([[4, 1], [1, 3]], { device }), array([1, 2], { device })] // biome-ignore format: a matrix
  const solvers = (s: number) => [richardson({ step: s / 10 }), chebyshev({ least: s, greatest: s + 4 })] as const
  const run = (s: number): void => scope(() => solvers(s).forEach((solver) => item(solver(matrix(A))(b).status)))
  run(1.5)
  const { programs } = device.compilations()
  run(1.6)
  run(1.7)
  assert.is(device.compilations().programs, programs)
  device.dispose()
})

test('a step may be a traced scalar', () => {
  const program = jit((step: Tensor) => richardson({ step })(matrix(tensorOf(a, 'f64')))(tensorOf([5, 4], 'f64')))
  const got = answerOf(program(array(0.25, { dtype: 'f64' })))
  assert.is(got.status, 'converged')
  close(got.x, [1, 1], 1e-9)
  assert.is(answerOf(program(array(NaN, { dtype: 'f64' }))).status, 'nonfinite')
})

test('options that mean nothing are refused', () => {
  assert.throws(() => richardson({ step: 0 }), /richardson: step is a finite number other than 0, got 0/)
  assert.throws(() => richardson({ step: NaN }), /got NaN/)
  assert.throws(() => richardson({ step: array([1]) }), /a number or a scalar, got a tensor of shape \[1\]/)
  assert.throws(() => solved({ step: 1, maxIterations: -1 }, a, [1, 2]), /maxIterations is an integer ≥ 0, got -1/)
})

test.run()
