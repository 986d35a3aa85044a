// Derivatives of singular values and vectors: orders 1 and 2 in both modes against differences, m ≠ n, closed forms, equal and zero values, batches.
import { add, array, broadcastTo, expandDims, eye, matmul, mul, readSync, slice, square, sum, swapAxes, type Tensor, tanh } from '@neumann/linalg-gpu' // biome-ignore format: a list
import { svd, svdvals } from '@neumann/linalg-gpu/linalg'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { checkGrads } from '../../api/checkGrads.js'
import { grad, jvp } from '../../api/derivatives.js'
import { hvp } from '../../api/products.js'
import { batchesAsLoop, random } from './factors.testing.js'

/** Singular values near 1, 2, …, min(m, n), in bases that are not those of the axes. */
const separated = (seed: number, ...shape: number[]): Tensor => {
  const [m, n] = shape.slice(-2) as [number, number]
  const far = Array.from({ length: m }, (_, i) => Array.from({ length: n }, (__, j) => (i === j ? i + 1 : 0.15)))
  return add(array(far, { dtype: 'f64' }), mul(0.2, random(seed, ...shape)))
}
const near = (got: Tensor, wanted: Tensor, tolerance: number): void => {
  const own = readSync(got)
  readSync(wanted).forEach((x, i) => {
    assert.ok(Math.abs(x - own[i]!) <= tolerance, `element ${i} is ${own[i]}, not ${x}`)
  })
}

test('values and vectors, orders 1 and 2 in both modes, of matrices of all shapes', () => {
  for (const shape of [[1, 1], [1, 3], [3, 1], [2, 2], [3, 3], [4, 2], [2, 4], [2, 3, 2]]) {
    checkGrads((a: Tensor) => svd(a), [separated(1, ...shape)])
    checkGrads((a: Tensor) => svdvals(a), [separated(2, ...shape)])
  }
}) // biome-ignore format: a table of shapes

test('of larger matrices, order 1', () => {
  for (const [m, n] of [[12, 12], [20, 7], [7, 20]] as const)
    checkGrads((a: Tensor) => svd(a), [separated(3, m, n)], { order: 1 })
}) // biome-ignore format: a table of shapes

test('the gradient of Σ s² is 2 A; products of the parts give back A and its derivative', () => {
  const a = separated(5, 5, 3)
  const tolerance = 100 * 2 ** -53 * 6
  near(grad((x: Tensor) => sum(square(svdvals(x))))(a), mul(2, a), tolerance)
  near(grad((x: Tensor) => sum(square(svd(x).s)))(a), mul(2, a), tolerance)
  const weights = random(6, 5, 3)
  const again = (x: Tensor): Tensor => {
    const { u, s, vh } = svd(x)
    return sum(mul(weights, matmul(mul(u, s), vh)))
  }
  near(grad(again)(a), weights, 10 * tolerance)
})

test('at equal values the derivative of symmetric functions is right, that of vectors is none', () => {
  const q = array([[0.6, -0.8], [0.8, 0.6]], { dtype: 'f64' })
  // s = 1, 1: Σ s has the slope U Vᵀ, Σ s² has 2 A
  near(grad((x: Tensor) => sum(svdvals(x)))(q), q, 16 * 2 ** -53)
  near(grad((x: Tensor) => sum(square(svdvals(x))))(q), mul(2, q), 16 * 2 ** -53)
  const direction = random(7, 2, 2)
  const { tangent } = jvp((x: Tensor) => svd(x).u, [q], [direction])
  assert.ok(readSync(tangent as Tensor).some((x) => !Number.isFinite(x)))
  const second = hvp((x: Tensor) => sum(svdvals(x)))(q)(direction)
  assert.ok(readSync(second as Tensor).some((x) => !Number.isFinite(x)))
}) // biome-ignore format: a matrix

test('at a value of zero the others keep their derivatives, and Σ s² has that of the squares of the elements', () => {
  // rank 1: s = 10, 0
  const a = array([[2, 4], [4, 8]], { dtype: 'f64' })
  near(grad((x: Tensor) => sum(square(svdvals(x))))(a), mul(2, a), 100 * 2 ** -53 * 10)
  near(grad((x: Tensor) => slice(svdvals(x), 0))(a), mul(0.1, a), 100 * 2 ** -53)
  // a slope of s₂ = |det|/s₁ on one side: ± u vᵀ, of length 1
  const slope = Array.from(readSync(grad((x: Tensor) => slice(svdvals(x), 1))(a)))
  assert.ok(Math.abs(slope.reduce((total, x) => total + x * x, 0) - 1) <= 100 * 2 ** -53)
  const zero = mul(0, a)
  near(grad((x: Tensor) => sum(square(svdvals(x))))(zero), zero, 0)
}) // biome-ignore format: a matrix

test('of a column by hand: s = ‖a‖, u = a/s, and their second derivatives', () => {
  const a = array([[3], [4]], { dtype: 'f64' })
  near(grad((x: Tensor) => sum(svdvals(x)))(a), mul(0.2, a), 8 * 2 ** -53)
  // (1 − u uᵀ) v / s
  const along = hvp((x: Tensor) => sum(svdvals(x)))(a)(array([[1], [0]], { dtype: 'f64' })) as Tensor
  near(along, array([[16 / 125], [-12 / 125]], { dtype: 'f64' }), 8 * 2 ** -53)
}) // biome-ignore format: matrices

test('f32: derivatives at scales whose squares are no numbers of f32', () => {
  for (const scale of [1e30, 1e-30]) {
    const a = array([[3 * scale, scale], [0, scale], [scale, 2 * scale]])
    const one = array([[3, 1], [0, 1], [1, 2]])
    const direction = [[1, 0], [2, 1], [0, 1]]
    const of = (x: Tensor, by: number): Tensor =>
      jvp((y: Tensor) => svd(y).vh, [x], [mul(by, array(direction))]).tangent as Tensor
    // V does not depend on the scale: V̇(cA, cD) = V̇(A, D)
    near(of(a, scale), of(one, 1), 100 * 2 ** -24)
  }
}) // biome-ignore format: matrices

test('matrices without elements have derivatives without elements', () => {
  for (const shape of [[0, 0], [2, 0, 3], [3, 0], [0, 2, 3]]) {
    const f = (x: Tensor): Tensor => {
      const { u, s, vh } = svd(x)
      return add(sum(matmul(mul(u, expandDims(s, -2)), vh)), sum(svdvals(x)))
    }
    assert.equal(grad(f)(random(1, ...shape)).shape, shape)
  }
}) // biome-ignore format: a table of shapes

test('a batch equals a loop, values and gradients; a matrix with NaN spoils its own gradient alone', () => {
  const as = separated(8, 3, 4, 3)
  const weights = random(9, 4, 3)
  const f = (x: Tensor): Tensor => {
    const { u, s, vh } = svd(x)
    return add(sum(tanh(s)), sum(mul(weights, matmul(tanh(u), tanh(vh)))))
  }
  batchesAsLoop(f, [as], [true])
  batchesAsLoop(grad(f), [as], [true])
  batchesAsLoop((x: Tensor) => svdvals(matmul(swapAxes(x, -1, -2), x)), [as], [true])
  const two = broadcastTo(eye(2, 2, { dtype: 'f64' }), [2, 2, 2])
  const spoiled = mul(two, array([[[1]], [[NaN]]], { dtype: 'f64' }))
  const [first, second] = [0, 1].map((i) => readSync(slice(grad((x: Tensor) => sum(square(svdvals(x))))(spoiled), i)))
  assert.equal([...first!], [2, 0, 0, 2])
  assert.ok(second!.every(Number.isNaN))
}) // biome-ignore format: a matrix

test.run()
