import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { array, jit, type Tensor } from '../index.js'
import { type ChebyshevOptions, chebyshev, diagonalOperator, matrix, richardson } from './index.js'
import {
  type Answer,
  answerOf,
  apply,
  type Dense,
  diagonalOf,
  draws,
  geometric,
  minus,
  normals,
  size,
  tensorOf,
  type Vector,
  withEigenvalues,
} from './systems.testing.js'

const solved = (options: ChebyshevOptions, a: Dense, b: Vector): Answer =>
  answerOf(chebyshev(options)(matrix(tensorOf(a, 'f64')))(tensorOf(b, 'f64')))

/** The Chebyshev polynomial of the first kind. */
const chebyshevOf = (k: number, x: number): number =>
  Math.abs(x) <= 1 ? Math.cos(k * Math.acos(x)) : Math.sign(x) ** k * Math.cosh(k * Math.acosh(Math.abs(x)))

test('after k steps the residual along an eigenvector is T_k((θ − μ)/δ)/T_k(θ/δ)', () => {
  const [least, greatest] = [1, 7]
  const [center, radius] = [4, 3]
  const values = [1, 1.7, 3, 4, 6.5, 7]
  const b = values.map((_, i) => 1 + i / 3)
  for (const k of [1, 2, 3, 8]) {
    const got = solved({ least, greatest, maxIterations: k, tolerance: 0 }, diagonalOf(values), b)
    assert.is(got.iterations, k)
    values.forEach((mu, i) => {
      const expected = chebyshevOf(k, (center - mu) / radius) / chebyshevOf(k, center / radius)
      const left = (b[i]! - mu * got.x[i]!) / b[i]!
      assert.ok(Math.abs(left - expected) < 1e-14 * k, `k = ${k}, μ = ${mu}: ${left}, ${expected}`)
    })
  }
})

test('steps grow with √κ, where those of Richardson’s iteration grow with κ', () => {
  const random = draws(9)
  for (const condition of [10, 100, 1000]) {
    const a = withEigenvalues(geometric(10, condition), random)
    const b = normals(10, random)
    const [least, greatest] = [0.9999 / condition, 1.0001]
    const got = solved({ least, greatest }, a, b)
    const rate = (Math.sqrt(condition) - 1) / (Math.sqrt(condition) + 1)
    assert.is(got.status, 'converged')
    assert.ok(
      got.iterations <= Math.ceil(Math.log(0.25e-10) / Math.log(rate)) + 3,
      `κ = ${condition}: ${got.iterations}`,
    )
    assert.is(got.products, got.iterations + 1)
  }
})

test('an interval of one point is Richardson’s iteration', () => {
  const a = [[4, 1], [1, 3]] // biome-ignore format: a matrix
  const got = solved({ least: 5, greatest: 5, maxIterations: 7, tolerance: 0 }, a, [1, 2])
  const other = answerOf(
    richardson({ step: 1 / 5, maxIterations: 7, tolerance: 0 })(matrix(tensorOf(a, 'f64')))(tensorOf([1, 2], 'f64')),
  )
  assert.ok(size(minus(got.x, other.x)) < 1e-15)
})

test('a negative spectrum has a negative interval', () => {
  const got = solved({ least: -5, greatest: -2 }, [[-4, 1], [1, -3]], [3, 2]) // biome-ignore format: a matrix
  assert.is(got.status, 'converged')
  assert.ok(size(minus(got.x, [-1, -1])) < 1e-9)
})

test('a wrong interval: diverged where an eigenvalue lies beyond it, only slow where one lies before it', () => {
  const a = diagonalOf([0.1, 1, 2, 5])
  const b = [1, 2, 3, 4]
  const above = solved({ least: 0.1, greatest: 3 }, a, b)
  assert.is(above.status, 'diverged')
  assert.ok(above.residual <= 1 && above.x.every(Number.isFinite))
  assert.is(solved({ least: 1, greatest: 5 }, diagonalOf([-0.5, 1, 5]), [1, 1, 1]).status, 'diverged', 'beyond 0')
  const slow = solved({ least: 1, greatest: 5, maxIterations: 20 }, a, b)
  assert.is(slow.status, 'maxIterations')
  assert.is(solved({ least: 1, greatest: 5 }, a, b).status, 'converged')
  assert.is(solved({ least: 1, greatest: 5 }, diagonalOf([0, 1, 5]), [1, 1, 1]).status, 'singular')
})

test('with a preconditioner the interval is that of M A', () => {
  const d = [1e3, 1, 1e-3]
  const a = diagonalOf(d)
  a[0]![1] = a[1]![0] = 3
  const preconditioner = diagonalOperator(tensorOf(d.map((x) => 1 / x), 'f64')) // biome-ignore format: one call
  // eigenvalues of [[1, 3/1000], [3, 1]]: 1 ± √0.009
  const options = { least: 0.9, greatest: 1.1, preconditioner }
  const got = answerOf(chebyshev(options)(matrix(tensorOf(a, 'f64')))(tensorOf(apply(a, [1, 2, 3]), 'f64')))
  assert.is(got.status, 'converged')
  assert.ok(got.iterations < 20)
  assert.ok(size(minus(got.x, [1, 2, 3])) < 1e-6)
})

test('bounds may be traced, and one of them alone', () => {
  const program = jit((greatest: Tensor) => chebyshev({ least: 2, greatest })(matrix([[4, 1], [1, 3]]))(array([5, 4]))) // biome-ignore format: a matrix
  assert.is(answerOf(program(array(5))).status, 'converged')
  assert.is.not(answerOf(program(array(-2))).status, 'converged', 'an interval around 0')
  assert.is(answerOf(program(array(NaN))).status, 'nonfinite')
})

test('bounds that are none are refused', () => {
  assert.throws(
    () => chebyshev({ least: 2, greatest: 1 }),
    /chebyshev: the interval \[2, 1\] goes from a number to a greater one of the same sign/,
  )
  assert.throws(() => chebyshev({ least: -1, greatest: 1 }), /use minres/)
  assert.throws(() => chebyshev({ least: 0, greatest: 1 }), /chebyshev: least is a finite number other than 0, got 0/)
  assert.throws(
    () => chebyshev({ least: 1, greatest: Infinity }),
    /greatest is a finite number other than 0, got Infinity/,
  )
})

test.run()
