import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { array, item, jit, matmul, type Tensor, transpose } from '../index.js'
import { type LeastSquares, type LsmrOptions, lsmr, matrix, type Operator, vectorSpace } from './index.js'
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
  size,
  tensorOf,
  times,
  transposed,
  type Vector,
  withSingularValues,
} from './systems.testing.js'

type Read = Answer & { readonly gradient: number }
const read = (solution: LeastSquares<Tensor>): Read => ({ ...answerOf(solution), gradient: item(solution.gradient) })
const solved = (a: Dense, b: Vector, options: LsmrOptions = {}, start?: Vector, dtype: Precision = 'f64'): Read =>
  read(
    lsmr(options)(matrix(tensorOf(a, dtype)))(
      tensorOf(b, dtype),
      start === undefined ? undefined : tensorOf(start, dtype),
    ),
  )
const near = (x: Vector, y: Vector, bound: number): void =>
  assert.ok(size(minus(x, y)) <= bound * size(y), `${x} is not ${y}`)

/** (AᵀA + λ²) x = Aᵀb by elimination. */
const normalEquations = (a: Dense, b: Vector, damp = 0): number[] => {
  const t = transposed(a)
  const gram = times(t, a).map((row, i) => row.map((value, j) => value + (i === j ? damp * damp : 0)))
  return eliminated(gram, apply(t, b))
}

test('where not even a first step can be taken nothing is said to be solved', () => {
  // A v of rounding size in f32's smallest numbers: the step along it is infinite
  const a = [[-18, 119], [100, -874]].map((row) => row.map((value) => value * 2 ** -149)) // biome-ignore format: a matrix
  const got = solved(a, [-1.347140714952344e-13, 9.609459495490968e-13], { tolerance: 0.5 }, undefined, 'f32')
  assert.equal([got.x, got.residual], [[0, 0], 1])
  assert.ok(got.gradient > 0.5, `${got.gradient}`)
  assert.is.not(got.status, 'converged')
})

test('a diagonal operator needs no transpose of its own', () => {
  const { transpose: _, ...parts } = matrix(tensorOf(diagonalOf([2, 4]), 'f64'), { diagonal: true })
  near(answerOf(lsmr()(parts)(tensorOf([2, 12], 'f64'))).x, [1, 3], 1e-9)
})

test('a line through points, by hand', () => {
  const got = solved([[1, 0], [1, 1], [1, 2]], [1, 2, 4]) // biome-ignore format: a matrix
  assert.is(got.status, 'converged')
  near(got.x, [5 / 6, 3 / 2], 1e-13)
  // what is left is (1, −2, 1) / 6
  near([got.residual], [1 / Math.sqrt(6) / Math.sqrt(21)], 1e-13)
  assert.ok(got.gradient < 1e-10)
})

test('more rows than columns: the normal equations say the same; fewer: the shortest of the solutions', () => {
  const random = draws(1)
  for (const condition of [1, 10, 100, 1000]) {
    const tall = withSingularValues(geometric(5, condition), 12, 5, random)
    const b = normals(12, random)
    const got = solved(tall, b, { maxIterations: 500 })
    assert.is(got.status, 'converged', `κ = ${condition}`)
    // ‖AᵀA (x − x*)‖ ≤ tolerance ‖A‖ ‖r‖
    assert.ok(size(minus(got.x, normalEquations(tall, b))) <= condition ** 2 * 1.1e-10 * size(b), `κ = ${condition}`)
    const wide = transposed(tall)
    const c = normals(5, random)
    const shortest = apply(tall, eliminated(times(wide, tall), c))
    const flat = solved(wide, c, { maxIterations: 500 })
    assert.is(flat.status, 'converged', `κ = ${condition}`)
    assert.ok(size(minus(flat.x, shortest)) <= condition * 1.1e-10 * size(c), `κ = ${condition}`)
  }
})

test('columns that depend on one another: of the many nearest the shortest; from a start, the one nearest to it', () => {
  const random = draws(2)
  const a = withSingularValues([2, 1, 0.5, 0], 7, 4, random)
  const b = normals(7, random)
  const got = solved(a, b)
  assert.is(got.status, 'converged')
  // the shortest is the limit of a small damping: off by λ²/σ²
  near(got.x, normalEquations(a, b, 1e-4), 1e-7)
  const start = normals(4, random)
  const other = solved(a, b, {}, start)
  const moved = solved(a, minus(b, apply(a, start)))
  near(minus(other.x, start), moved.x, 1e-8)
})

test('damping: the normal equations with λ², from 0 and from anywhere; a traced λ too', () => {
  const random = draws(3)
  const a = withSingularValues([3, 1, 0.1, 0.01], 6, 4, random)
  const b = normals(6, random)
  for (const damp of [1e-2, 0.3, 5]) {
    const want = normalEquations(a, b, damp)
    const condition = (9 + damp * damp) / (1e-4 + damp * damp)
    for (const start of [undefined, normals(4, random)]) {
      const got = solved(a, b, { damp }, start)
      assert.is(got.status, 'converged', `λ = ${damp}`)
      assert.ok(size(minus(got.x, want)) <= condition * 1.1e-10 * (size(b) + damp * size(want)), `λ = ${damp}`)
      // the residual is that of A alone
      near([got.residual], [size(minus(b, apply(a, got.x))) / size(b)], 1e-12)
    }
    const traced = jit((damp: Tensor) => lsmr({ damp })(matrix(tensorOf(a, 'f64')))(tensorOf(b, 'f64')).x)
    near(Array.from(read({ ...lsmr({ damp })(matrix(tensorOf(a, 'f64')))(tensorOf(b, 'f64')), x: traced(array(damp, { dtype: 'f64' })) }).x), want, 1e-7) // biome-ignore format: one call
  }
})

test('converged in the sense of least squares is true of a gradient computed anew', () => {
  const random = draws(4)
  for (const dtype of ['f64', 'f32'] as const) {
    const tolerance = dtype === 'f64' ? 1e-10 : 1e-5
    // in f32 what rounding makes of a longer x, κ ulps of it, would be more than the tolerance
    const a = withSingularValues(geometric(6, dtype === 'f64' ? 1e3 : 10), 10, 6, random)
    const b = normals(10, random)
    const got = solved(a, b, { maxIterations: 500 }, undefined, dtype)
    assert.is(got.status, 'converged', dtype)
    const r = minus(b, apply(a, got.x))
    // ‖A‖ = 1; A, b and x are off by ulps
    const rounding = dtype === 'f64' ? 1e-15 : 1e-6
    assert.ok(size(apply(transposed(a), r)) <= tolerance * size(r) + rounding * (size(got.x) + size(b)), dtype)
    assert.ok(got.gradient <= tolerance)
  }
})

test('a right side that A does not reach at all: 0, at once', () => {
  const got = solved([[1], [0]], [0, 3]) // biome-ignore format: a matrix
  assert.equal([got.x, got.status, got.residual, got.iterations], [[0], 'converged', 1, 0])
  assert.equal(solved(diagonalOf([0, 0]), [1, 2]).status, 'converged')
})

test('the iterates are those of MINRES on the normal equations: least ‖Aᵀr‖ of the space', () => {
  const random = draws(5)
  const a = withSingularValues([3, 2, 1, 0.5], 6, 4, random)
  const b = normals(6, random)
  const t = transposed(a)
  const gram = times(t, a)
  const right = apply(t, b)
  for (const k of [1, 2, 3]) {
    const got = solved(a, b, { maxIterations: k })
    assert.is(got.status, 'maxIterations')
    const images: number[][] = []
    for (let v = right, i = 0; i < k; i++) {
      v = apply(gram, v)
      images.push(v.map((value) => value / size(v)))
    }
    const y = eliminated(times(images, transposed(images)), apply(images, right))
    const least = size(minus(right, apply(transposed(images), y)))
    near([size(apply(t, minus(b, apply(a, got.x))))], [least], 1e-9)
  }
})

test('‖A v‖ of unit directions lies between the singular values', () => {
  const random = draws(6)
  const { curvature } = solved(withSingularValues([4, 2, 1], 5, 3, random), normals(5, random))
  assert.ok(curvature[0]! >= 1 - 1e-14 && curvature[1]! <= 4 + 1e-14 && curvature[1]! > 2)
})

test('spaces of different trees, and an operator that knows no transpose', () => {
  const random = draws(7)
  const a = withSingularValues([2, 1], 3, 2, random)
  const dense = tensorOf(a, 'f64')
  const [x, y] = [{ w: tensorOf([0, 0], 'f64') }, [tensorOf([0, 0, 0], 'f64')] as const]
  const operator: Operator<typeof x, typeof y> = {
    domain: vectorSpace(x),
    codomain: vectorSpace(y),
    apply: ({ w }) => [matmul(dense, w)],
    transpose: ([v]) => ({ w: matmul(transpose(dense), v) }),
    facts: {},
  }
  const b = normals(3, random)
  const got = answerOf(lsmr()(operator)([tensorOf(b, 'f64')]))
  near(got.x, normalEquations(a, b), 4 * 2e-10)
  const { transpose: _, ...blind } = operator
  assert.throws(() => lsmr()(blind), 'lsmr: the operator has no transpose, and Aᵀ is needed')
  assert.throws(() => lsmr({ damp: -1 })(operator), 'lsmr: damp is a number ≥ 0, got -1.')
})

test.run()
