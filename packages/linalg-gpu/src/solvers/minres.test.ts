import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { array, type Tensor } from '../index.js'
import { type LinearOptions, matrix, minres, type Operator } from './index.js'
import {
  type Answer,
  answerOf,
  apply,
  type Dense,
  diagonalOf,
  draws,
  eliminated,
  minus,
  normals,
  type Precision,
  residualOf,
  size,
  tensorOf,
  times,
  transposed,
  type Vector,
  withEigenvalues,
} from './systems.testing.js'

type Options = LinearOptions & { readonly preconditioner?: Operator<Tensor> }
const solved = (a: Dense, b: Vector, options: Options = {}, dtype: Precision = 'f64'): Answer =>
  answerOf(minres(options as LinearOptions)(matrix(tensorOf(a, dtype)))(tensorOf(b, dtype)))
const near = (x: Vector, y: Vector, bound: number): void =>
  assert.ok(size(minus(x, y)) <= bound * size(y), `${x} is not ${y}`)

/** The least ‖b − A x‖ over x in span {b, A b, …, Aᵏ⁻¹b}, by the normal equations of that basis. */
const leastResidual = (a: Dense, b: Vector, k: number): number => {
  const images: number[][] = []
  for (let v: number[] = [...b], i = 0; i < k; i++) {
    v = apply(a, v)
    images.push(v.map((value) => value / size(v)))
  }
  const y = eliminated(times(images, transposed(images)), apply(images, b))
  return size(minus(b, apply(transposed(images), y)))
}

test('each iterate has the least residual of its space: the normal equations of the space say so too', () => {
  const random = draws(1)
  const a = withEigenvalues([3, 2, 1, -1, -2, -2.5], random)
  const b = normals(6, random)
  for (const k of [1, 2, 3, 4]) {
    const got = solved(a, b, { maxIterations: k })
    // the basis of powers loses digits with every power: 2 of 16 each
    near([got.residual * size(b)], [leastResidual(a, b, k)], 10 ** (2 * k - 15))
    near([residualOf(a, got.x, b)], [got.residual * size(b)], 1e-14)
  }
})

test('as many steps as there are eigenvalues, of either sign', () => {
  const random = draws(2)
  for (const values of [[-2], [3, -1], [3, -1, 0.5]]) {
    const all = Array.from({ length: 9 }, (_, i) => values[i % values.length]!)
    const a = withEigenvalues(all, random)
    const b = normals(9, random)
    const got = solved(a, b)
    assert.equal([got.status, got.iterations, got.products], ['converged', values.length, values.length + 1])
    near(got.x, eliminated(a, b), 1e-10 * 6)
    // xᵀA x / xᵀx of any direction lies between the eigenvalues
    assert.ok(got.curvature[0]! >= Math.min(...values) - 1e-14 && got.curvature[1]! <= Math.max(...values) + 1e-14)
  }
})

test('a saddle where conjugate gradients cannot begin: bᵀA b = 0', () => {
  const got = solved(diagonalOf([1, -1]), [1, 1])
  assert.is(got.status, 'converged')
  near(got.x, [1, -1], 1e-15)
})

test('a preconditioner for |A| saves steps, and the target stays one for the residual itself', () => {
  const random = draws(3)
  const values = Array.from({ length: 14 }, (_, i) => (i % 3 ? 1 : -1) * 10 ** (i / 3))
  const a = values.map((value, i) => values.map((_, j) => (i === j ? value : 0.05)))
  const b = normals(14, random)
  const preconditioner = matrix(tensorOf(diagonalOf(values.map((value) => 1 / Math.abs(value))), 'f64'))
  const plain = solved(a, b, { maxIterations: 1000 })
  const better = solved(a, b, { preconditioner })
  assert.equal([plain.status, better.status], ['converged', 'converged'])
  assert.ok(better.iterations < plain.iterations / 2, `${better.iterations} of ${plain.iterations}`)
  assert.ok(residualOf(a, better.x, b) <= 1.001e-10 * size(b))
  // one step more or less than needed shows: the residual of the step before was too long
  const short = solved(a, b, { preconditioner, maxIterations: better.iterations - 1 })
  assert.is(short.status, 'maxIterations')
})

test('a preconditioner that is not positive definite is a breakdown', () => {
  const a = diagonalOf([1, 2, 3])
  for (const values of [
    [-1, -1, -1],
    [0, 0, 0],
    [1, 1, -1],
  ]) {
    const preconditioner = matrix(tensorOf(diagonalOf(values), 'f64'))
    assert.is(solved(a, [3, 1, 1], { preconditioner }).status, 'breakdown', String(values))
  }
})

test('no solution: singular, with the least residual, which is the part of b that A does not reach', () => {
  for (const dtype of ['f64', 'f32'] as const)
    for (let seed = 0; seed < 12; seed++) {
      const random = draws(seed)
      // whole numbers: f32 holds the singular matrix exactly
      const values = [2, -1, 3, 0]
      const u = [1, 1, 1, 1]
      const reflected = diagonalOf(values).map((row, i) =>
        row.map((_, j) =>
          [0, 1, 2, 3].reduce(
            (sum, k) => sum + ((i === k ? 1 : 0) - u[i]! / 2) * values[k]! * ((j === k ? 1 : 0) - u[j]! / 2),
            0,
          ),
        ),
      )
      // the null direction is the reflected fourth axis: (−1, −1, −1, 1) / 2
      const inside = apply(reflected, normals(4, random).map(Math.round))
      const b = inside.map((value, i) => value + [-1, -1, -1, 1][i]!)
      const got = solved(reflected, b, {}, dtype)
      assert.is(got.status, 'singular', `${dtype} ${seed}`)
      const bound = dtype === 'f64' ? 1e-12 : 1e-5
      assert.ok(Math.abs(got.residual * size(b) - 2) < bound * size(b), `${got.residual * size(b)} of 2`)
      assert.ok(size(got.x) < 10 * size(b), `no step along the null direction: ${got.x}`)
    }
  assert.equal(solved(diagonalOf([0, 0]), [1, 2]).status, 'singular')
})

test('a matrix that is not symmetric is a breakdown, and no claim', () => {
  const got = solved([[2, 5], [-5, 2]], [1, 2]) // biome-ignore format: a matrix
  assert.equal([got.status, got.residual <= 1], ['breakdown', true])
})

test('more than rounding allows is a breakdown, with the best x', () => {
  const random = draws(4)
  const a = withEigenvalues([1, -0.1, 0.01, -0.001], random)
  const b = normals(4, random)
  const got = solved(a, b, { tolerance: 0, maxIterations: 1000 })
  assert.ok(got.status === 'breakdown' || got.status === 'singular', got.status)
  near(got.x, eliminated(a, b), 1000 * 8 * 2 ** -52)
})

test('in f32 too', () => {
  const a = array([[0, 2], [2, 3]]) // biome-ignore format: a matrix
  const got = answerOf(minres({ tolerance: 1e-6 })(matrix(a))(array([2, 5])))
  assert.is(got.status, 'converged')
  near(got.x, [1, 1], 4 * 1e-6)
})

test.run()
