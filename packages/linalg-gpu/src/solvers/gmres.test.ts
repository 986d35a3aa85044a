import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { array, type Tensor } from '../index.js'
import { type GmresOptions, gmres, matrix, type Operator } from './index.js'
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
  withSingularValues,
} from './systems.testing.js'

type Options = GmresOptions & { readonly preconditioner?: Operator<Tensor> }
const solved = (a: Dense, b: Vector, options: Options = {}, dtype: Precision = 'f64'): Answer =>
  answerOf(gmres(options as GmresOptions)(matrix(tensorOf(a, dtype)))(tensorOf(b, dtype)))
const near = (x: Vector, y: Vector, bound: number): void =>
  assert.ok(size(minus(x, y)) <= bound * size(y), `${x} is not ${y}`)

/** min ‖b − A x‖ over x in span {b, A b, …, Aᵏ⁻¹b}, by the normal equations of that basis: its x. */
const leastIn = (a: Dense, b: Vector, k: number): number[] => {
  const powers = [b.map((value) => value / size(b))]
  while (powers.length < k) {
    const next = apply(a, powers.at(-1)!)
    powers.push(next.map((value) => value / size(next)))
  }
  const images = powers.map((v) => apply(a, v))
  return apply(transposed(powers), eliminated(times(images, transposed(images)), apply(images, b)))
}

/** xᵢ ← xᵢ₊₁, around: e₀ is reached only by the last power. */
const shift = (n: number): number[][] =>
  Array.from({ length: n }, (_, i) => Array.from({ length: n }, (_, j) => (j === (i + 1) % n ? 1 : 0)))
const first = (n: number): number[] => Array.from({ length: n }, (_, i) => (i === 0 ? 1 : 0))

test('each iterate has the least residual of its space: the normal equations of the space say so too', () => {
  const random = draws(1)
  const a = withSingularValues([3, 2, 1.5, 1, 0.7, 0.5], 6, 6, random)
  const b = normals(6, random)
  for (const k of [1, 2, 3, 4]) {
    const got = solved(a, b, { maxIterations: k })
    assert.equal([got.status, got.iterations], ['maxIterations', k])
    // the basis of powers loses digits with every power: 2 of 16 each
    near(got.x, leastIn(a, b, k), 10 ** (2 * k - 15))
  }
})

test('a restart is the same on what is left: twice two steps', () => {
  const random = draws(2)
  const a = withSingularValues([3, 2, 1.5, 1, 0.7], 5, 5, random)
  const b = normals(5, random)
  const half = leastIn(a, b, 2)
  const rest = leastIn(a, minus(b, apply(a, half)), 2)
  const got = solved(a, b, { restart: 2, maxIterations: 4 })
  near(got.x, half.map((value, i) => value + rest[i]!), 1e-11) // biome-ignore format: short
  // a product a step, one a cycle, one for the residual that is reported
  assert.equal([got.iterations, got.products], [4, 7])
})

test('as many steps as the minimal polynomial has degrees, though rounding leaves a direction behind', () => {
  const random = draws(3)
  const p = withSingularValues([2, 1, 1, 0.5, 1, 2], 6, 6, random)
  for (const values of [[2], [2, -1], [3, 1, -2]]) {
    const d = diagonalOf(Array.from({ length: 6 }, (_, i) => values[i % values.length]!))
    // P D P⁻¹, column by column
    const inverse = transposed(p.map((_, i) => eliminated(p, p.map((_, j) => (i === j ? 1 : 0))))) // biome-ignore format: short
    const a = times(times(p, d), inverse)
    const b = normals(6, random)
    const got = solved(a, b)
    assert.equal([got.status, got.iterations], ['converged', values.length])
    near(got.x, eliminated(a, b), 1e-9)
  }
})

test('no progress until the last step: the cyclic shift is solved by n directions and by none less', () => {
  const whole = solved(shift(6), first(6))
  assert.equal([whole.status, whole.iterations], ['converged', 6])
  near(whole.x, [0, 1, 0, 0, 0, 0], 1e-15)
  const short = solved(shift(6), first(6), { restart: 5 })
  assert.equal([short.status, short.residual, short.x], ['breakdown', 1, [0, 0, 0, 0, 0, 0]])
  assert.is(short.iterations, 5, 'a second cycle would be the first one again')
})

test('a right preconditioner: its inverse in one step, and the residual is the true one', () => {
  const random = draws(4)
  const a = withSingularValues([300, 100, 20, 5, 1, 0.1], 6, 6, random)
  const b = normals(6, random)
  const inverse = transposed(a.map((_, i) => eliminated(a, a.map((_, j) => (i === j ? 1 : 0))))) // biome-ignore format: short
  const got = solved(a, b, { preconditioner: matrix(tensorOf(inverse, 'f64')) })
  assert.equal([got.status, got.iterations], ['converged', 1])
  const rough = times(inverse, withSingularValues([1.5, 1.2, 1, 1, 0.9, 0.7], 6, 6, random))
  const one = solved(a, b, { preconditioner: matrix(tensorOf(rough, 'f64')), maxIterations: 2 })
  near([one.residual], [residualOf(a, one.x, b) / size(b)], 1e-12)
  // least over M span {b, A M b}
  const y = leastIn(times(a, rough), b, 2)
  near(one.x, apply(rough, y), 1e-9)
})

test('singular: a space that leads nowhere, at once, and after some steps', () => {
  // A e₀ = 0, and b = e₀ = A e₁: there is a solution, and no power of A finds it
  const lost = solved([[0, 1], [0, 0]], [1, 0]) // biome-ignore format: a matrix
  assert.equal([lost.status, lost.x, lost.residual], ['singular', [0, 0], 1])
  const none = solved(diagonalOf([1, 2, 0]), [1, 1, 1])
  assert.is(none.status, 'singular')
  // the least residual, that of the part which A does not reach
  near([none.residual], [1 / Math.sqrt(3)], 1e-12)
  near(none.x.slice(0, 2), [1, 0.5], 1e-12)
  assert.is(solved(diagonalOf([0, 0]), [1, 2]).status, 'singular')
  const odd = solved([[0, 1, 2], [-1, 0, 3], [-2, -3, 0]], [1, 1, 1]) // biome-ignore format: a matrix
  assert.is(odd.status, 'singular', 'skew matrices of odd size are')
})

test('skew and even: solved, though bᵀA b = 0', () => {
  const got = solved([[0, 1], [-1, 0]], [1, 2]) // biome-ignore format: a matrix
  assert.equal([got.status, got.iterations], ['converged', 2])
  near(got.x, [-2, 1], 1e-15)
})

test('more than rounding allows is a breakdown, with the best x', () => {
  const random = draws(5)
  const a = withSingularValues([1, 0.1, 0.01, 0.001], 4, 4, random)
  const b = normals(4, random)
  const got = solved(a, b, { tolerance: 0, maxIterations: 1000 })
  assert.is(got.status, 'breakdown')
  near(got.x, eliminated(a, b), 1000 * 8 * 2 ** -52)
})

test('f32, a long cycle: the basis stays orthogonal where one pass of Gram–Schmidt would not hold it', () => {
  const n = 40
  const random = draws(6)
  const values = Array.from({ length: n }, (_, i) => 1 + 1e4 * (i / (n - 1)) ** 8)
  const a = withSingularValues(values, n, n, random)
  const x = normals(n, random)
  const got = solved(a, apply(a, x), { restart: n, maxIterations: n, tolerance: 1e-6 }, 'f32')
  assert.is(got.status, 'converged', `${got.residual}`)
})

test('wrong restarts are refused', () => {
  for (const restart of [0, -1, 1.5, Number.NaN])
    assert.throws(() => gmres({ restart }), `gmres: restart is an integer > 0, got ${restart}`)
  assert.is(answerOf(gmres({ restart: 100 })(matrix(array([[2]])))(array([1]))).status, 'converged')
})

test.run()
