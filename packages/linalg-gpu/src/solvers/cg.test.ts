import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { array, mul, type Tensor } from '../index.js'
import { type CgOptions, cg, compensatedDot, type Dot, matrix, type Operator, vectors } from './index.js'
import {
  type Answer,
  answerOf,
  apply,
  type Dense,
  diagonalOf,
  dot,
  draws,
  eliminated,
  minus,
  normals,
  type Precision,
  residualOf,
  size,
  tensorOf,
  type Vector,
  withEigenvalues,
} from './systems.testing.js'

type Options = CgOptions & { readonly preconditioner?: Operator<Tensor> }
const solved = (a: Dense, b: Vector, options: Options = {}, start?: Vector, dtype: Precision = 'f64'): Answer =>
  answerOf(
    cg(options as CgOptions)(matrix(tensorOf(a, dtype)))(
      tensorOf(b, dtype),
      start === undefined ? undefined : tensorOf(start, dtype),
    ),
  )
const near = (x: Vector, y: Vector, bound = 1e-14): void =>
  assert.ok(size(minus(x, y)) <= bound * size(y), `${x} is not ${y}`)

const a = [
  [4, 1],
  [1, 3],
] as const
const b = [1, 2] as const

test('the iterates of the textbook, by hand: from (2, 1) a step of 73/331, then the solution (1/11, 7/11)', () => {
  const one = solved(a, b, { maxIterations: 1 }, [2, 1])
  assert.equal([one.status, one.iterations, one.products], ['maxIterations', 1, 3])
  near(one.x, [2 - (73 / 331) * 8, 1 - (73 / 331) * 3])
  // the first direction is the residual: rᵀA r / rᵀr = 331/73
  near(one.curvature, [331 / 73, 331 / 73])
  const two = solved(a, b, {}, [2, 1])
  assert.equal([two.status, two.iterations], ['converged', 2])
  near(two.x, [1 / 11, 7 / 11])
})

test('as many steps as there are eigenvalues, however many unknowns: a direction made of a stale residual needs more', () => {
  const random = draws(1)
  for (const values of [[3], [1, 5], [1, 2, 7], [0.5, 1, 4, 9]]) {
    const all = Array.from({ length: 12 }, (_, i) => values[i % values.length]!)
    const matrixOf = withEigenvalues(all, random)
    const right = normals(12, random)
    const got = solved(matrixOf, right)
    assert.equal([got.status, got.iterations, got.products], ['converged', values.length, values.length + 1])
    near(got.x, eliminated(matrixOf, right), 1e-10 * 18)
  }
})

test('the error falls as fast as Chebyshev promises, in the norm of A', () => {
  const random = draws(2)
  const n = 20
  const values = Array.from({ length: n }, (_, i) => 1 + (24 * i) / (n - 1))
  const system = withEigenvalues(values, random)
  const x = normals(n, random)
  const energy = (e: Vector): number => Math.sqrt(dot(e, apply(system, e)))
  const rate = (Math.sqrt(25) - 1) / (Math.sqrt(25) + 1)
  for (const k of [1, 2, 4, 8, 12]) {
    const got = solved(system, apply(system, x), { maxIterations: k })
    assert.ok(energy(minus(got.x, x)) <= 2 * rate ** k * energy(x), `after ${k} steps`)
  }
})

test('a preconditioner that is the inverse needs one step; a good one fewer than none', () => {
  const random = draws(3)
  const values = Array.from({ length: 16 }, (_, i) => 10 ** (i / 3))
  const system = values.map((value, i) => values.map((_, j) => (i === j ? value : 0.1)))
  const right = normals(16, random)
  const diagonal = matrix(tensorOf(diagonalOf(values.map((value) => 1 / value)), 'f64'))
  const exact = values.map((_, i) => eliminated(system, values.map((_, j) => (i === j ? 1 : 0)))) // biome-ignore format: the inverse, column by column
  const inverse = matrix(tensorOf(exact, 'f64'))
  const plain = solved(system, right)
  const better = solved(system, right, { preconditioner: diagonal })
  const best = solved(system, right, { preconditioner: inverse })
  assert.equal([plain.status, better.status, best.status], ['converged', 'converged', 'converged'])
  assert.ok(best.iterations === 1 && better.iterations < plain.iterations / 2, `${better.iterations}`)
  near(better.x, eliminated(system, right), 1e-10 * 1e5)
})

test('a preconditioner as small as A is large: its squares underflow in f32, its steps do not', () => {
  const scale = 1e24
  const system = a.map((row) => row.map((value) => value * scale))
  const preconditioner = matrix(array([[0.3 / scale, 0], [0, 0.3 / scale]])) // biome-ignore format: a matrix
  const got = solved(system, b, { preconditioner }, undefined, 'f32')
  assert.equal([got.status, got.iterations], ['converged', 2])
  near(got.x.map((value) => value * scale), [1 / 11, 7 / 11], 1e-5) // biome-ignore format: short
})

test('a preconditioner that is not positive definite is a breakdown, before or after a step', () => {
  for (const m of [
    [
      [-1, 0],
      [0, -1],
    ],
    [
      [0, 0],
      [0, 0],
    ],
    [
      [0, 1],
      [-1, 0],
    ],
  ]) {
    // biome-ignore format: matrices
    const got = solved(a, b, { preconditioner: matrix(tensorOf(m, 'f64')) })
    assert.equal([got.status, got.x, got.residual], ['breakdown', [0, 0], 1], String(m))
  }
  const late = solved(diagonalOf([1, 2, 3]), [3, 1, 1], {
    preconditioner: matrix(tensorOf(diagonalOf([1, 1, -1]), 'f64')),
  })
  assert.is(late.status, 'breakdown')
  const broken = solved(a, b, { preconditioner: matrix(tensorOf([[NaN, 0], [0, 1]], 'f64')) }) // biome-ignore format: a matrix
  assert.equal([broken.status, broken.x], ['nonfinite', [0, 0]])
})

test('negative curvature is said, at the first direction and later, with the iterate before it', () => {
  // bᵀA b = 0 − nothing is learnt; bᵀA b < 0; and one step down before the bad direction
  const saddle = solved(diagonalOf([1, -1]), [1, 1])
  assert.equal([saddle.status, saddle.x, saddle.residual], ['indefinite', [0, 0], 1])
  const hill = solved(diagonalOf([-2, -1]), [1, 1])
  assert.equal([hill.status, hill.x], ['indefinite', [0, 0]])
  near(hill.curvature, [-1.5, -1.5])
  const late = solved(diagonalOf([3, 2, -1]), [1, 1, 0.1])
  assert.is(late.status, 'indefinite')
  assert.ok(late.iterations > 1 && late.curvature[0]! < 0 && late.curvature[1]! > 0)
  assert.ok(size(late.x) > 0, 'what was found on the way down is kept')
  near([late.residual], [residualOf(diagonalOf([3, 2, -1]), late.x, [1, 1, 0.1]) / size([1, 1, 0.1])])
})

test('an indefinite matrix whose solution lies where it is positive is solved all the same: b decides what is met', () => {
  const got = solved(diagonalOf([3, 2, -1]), [1, 1, 0])
  assert.is(got.status, 'converged')
  near(got.x, [1 / 3, 1 / 2, 0])
})

test('a direction that A maps to nothing is singular, with a residual that says what is left', () => {
  const got = solved(diagonalOf([1, 2, 0]), [1, 1, 1])
  assert.is(got.status, 'singular')
  assert.ok(got.x.every(Number.isFinite))
  near([got.residual], [residualOf(diagonalOf([1, 2, 0]), got.x, [1, 1, 1]) / Math.sqrt(3)])
  assert.is(solved([[0, 0], [0, 0]], b).status, 'singular') // biome-ignore format: a matrix
})

test('more than rounding allows is a breakdown, with the best x', () => {
  const random = draws(4)
  const system = withEigenvalues([1, 0.1, 0.01, 0.001], random)
  const right = normals(4, random)
  const got = solved(system, right, { tolerance: 0, maxIterations: 1000 })
  assert.ok(got.status === 'breakdown' || got.status === 'indefinite' || got.status === 'singular', got.status)
  // κ ulps
  near(got.x, eliminated(system, right), 1000 * 8 * 2 ** -52)
})

test('an operator that is not symmetric is not said to be solved unless it is', () => {
  const skewed = [
    [2, 5],
    [-5, 2],
  ]
  const got = solved(skewed, b)
  assert.is.not(got.status, 'converged')
  near([got.residual], [residualOf(skewed, got.x, b) / size(b)], 1e-12)
})

test('a recurrence that runs away from finite products is a breakdown, not nonfinite', () => {
  // a skew system along which pᵀA p is nothing but rounding: steps without end, until their squares overflow
  const random = draws(337)
  const g = [0, 1, 2, 3].map(() => normals(4, random))
  const skew = g.map((row, i) => row.map((value, j) => value - g[j]![i]!))
  const got = solved(skew, normals(4, random), {}, undefined, 'f32')
  assert.ok(['breakdown', 'indefinite'].includes(got.status), got.status)
  assert.ok(got.x.every(Number.isFinite))
})

test('the recurrence takes all its products from `dot`', () => {
  const random = draws(7)
  const matrixOf = withEigenvalues([1, 2, 3, 5, 8], random)
  const right = normals(5, random)
  const plain = solved(matrixOf, right)
  const compensated = solved(matrixOf, right, { dot: compensatedDot })
  assert.is(compensated.status, 'converged')
  near(compensated.x, plain.x)
  // twice every product: α and β are ratios of two, so only what is compared with a length shows it
  const doubled: Dot = (x, y) => mul(2, vectors.inner(x, y))
  const scaled = solved(matrixOf, right, { dot: doubled, maxIterations: 3 })
  near(scaled.x, solved(matrixOf, right, { maxIterations: 3 }).x)
  const none = solved(matrixOf, right, { dot: (x, y) => mul(0, vectors.inner(x, y)) })
  assert.is(none.status, 'breakdown')
})

test.run()
