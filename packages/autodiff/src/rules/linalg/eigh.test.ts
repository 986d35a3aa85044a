// Derivatives of eigenvalues and eigenvectors: orders 1 and 2 in both modes against differences, closed forms, equal values, batches against a loop.
import {
  add, array, exp, matmul, mul, readSync, slice, square, sum, swapAxes, type Tensor, tanh,
} from '@neumann/linalg-gpu' // biome-ignore format: a list
import { eigh, eigvalsh } from '@neumann/linalg-gpu/linalg'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { checkGrads } from '../../api/checkGrads.js'
import { grad, jvp } from '../../api/derivatives.js'
import { hvp } from '../../api/products.js'
import { batchesAsLoop, random } from './factors.testing.js'

/** Symmetric parts with eigenvalues near 1, 2, …, n, in a basis that is not that of the axes. */
const separated = (seed: number, ...shape: number[]): Tensor => {
  const n = shape[shape.length - 1]!
  const far = Array.from({ length: n }, (_, i) => Array.from({ length: n }, (__, j) => (i === j ? i + 1 : 0.2)))
  return add(array(far, { dtype: 'f64' }), mul(0.2, random(seed, ...shape)))
}
const near = (got: Tensor, wanted: Tensor, tolerance: number): void => {
  const own = readSync(got)
  readSync(wanted).forEach((x, i) => {
    assert.ok(Math.abs(x - own[i]!) <= tolerance, `element ${i} is ${own[i]}, not ${x}`)
  })
}

test('values and vectors, orders 1 and 2 in both modes, along directions that are not symmetric', () => {
  for (const shape of [[1, 1], [2, 2], [3, 3], [2, 4, 4]]) {
    checkGrads((a: Tensor) => eigh(a), [separated(1, ...shape)])
    checkGrads((a: Tensor) => eigvalsh(a), [separated(2, ...shape)])
  }
}) // biome-ignore format: a table of shapes

test('of a larger matrix, order 1', () => {
  checkGrads((a: Tensor) => tanh(eigh(a).values), [separated(3, 20, 20)], { order: 1 })
  checkGrads((a: Tensor) => eigh(a).vectors, [separated(4, 20, 20)], { order: 1 })
})

test('the gradient of Σ λ² is 2 A and that of the vectors’ Σ v² is 0', () => {
  const a = separated(5, 5, 5)
  const even = mul(0.5, add(a, swapAxes(a, 0, 1)))
  const tolerance = 100 * 2 ** -53 * 6
  near(grad((x: Tensor) => sum(square(eigvalsh(x))))(a), mul(2, even), tolerance)
  near(grad((x: Tensor) => sum(square(eigh(x).values)))(a), mul(2, even), tolerance)
  near(grad((x: Tensor) => sum(square(eigh(x).vectors)))(a), mul(0, even), tolerance)
})

test('where values are equal, symmetric functions of them have their derivative in both modes, and vectors have none', () => {
  const half = 1 / 2
  // eigenvalues 1, 1, 3
  const a = array([[2, 1, 0], [1, 2, 0], [0, 0, 1]], { dtype: 'f64' })
  const f = (x: Tensor): Tensor => sum(square(eigvalsh(x)))
  const g = (x: Tensor): Tensor => sum(square(eigh(x).values))
  const direction = random(6, 3, 3)
  const expected = mul(2, sum(mul(a, direction)))
  for (const one of [f, g]) {
    near(grad(one)(a), mul(2, a), 100 * 2 ** -53)
    near(jvp(one, [a], [direction]).tangent as Tensor, expected, 100 * 2 ** -53)
  }
  // of exp too: that of the trace of the exponential, exp(A) = Q diag(exp λ) Qᵀ
  const [e1, e3] = [Math.E, Math.exp(3)]
  const exponential = [[half * (e3 + e1), half * (e3 - e1), 0], [half * (e3 - e1), half * (e3 + e1), 0], [0, 0, e1]]
  near(grad((x: Tensor) => sum(exp(eigvalsh(x))))(a), array(exponential, { dtype: 'f64' }), 100 * 2 ** -53 * e3)
  const { tangent } = jvp((x: Tensor) => eigh(x).vectors, [a], [direction])
  assert.ok(readSync(tangent as Tensor).some((x) => !Number.isFinite(x)))
  const identity = array([[1, 0], [0, 1]], { dtype: 'f64' })
  near(grad(f)(identity), mul(2, identity), 0)
  // the second derivative goes through the vectors: it does not pretend
  const second = hvp(f)(identity)(array([[0, 1], [1, 0]], { dtype: 'f64' }))
  assert.ok(readSync(second as Tensor).some((x) => !Number.isFinite(x)))
}) // biome-ignore format: matrices

test('of 2 × 2 by hand: λ = m ± r, r² = d² + b²', () => {
  const [p, q, b] = [3, 1, 0.5]
  const a = array([[p, b], [b, q]], { dtype: 'f64' })
  const [d, r] = [(p - q) / 2, Math.hypot((p - q) / 2, b)]
  const top = (x: Tensor): Tensor => slice(eigvalsh(x), 1)
  const [first, second] = [(1 + d / r) / 2, b / (2 * r)]
  near(grad(top)(a), array([[first, second], [second, (1 - d / r) / 2]], { dtype: 'f64' }), 8 * 2 ** -53)
  // ∂²λ/∂p² = b²/(4 r³)
  const along = hvp(top)(a)(array([[1, 0], [0, 0]], { dtype: 'f64' })) as Tensor
  assert.ok(Math.abs(readSync(along)[0]! - b ** 2 / (4 * r ** 3)) <= 16 * 2 ** -53)
}) // biome-ignore format: matrices

test('matrices without elements have derivatives without elements', () => {
  for (const shape of [[0, 0], [2, 0, 0], [0, 3, 3]]) {
    const f = (x: Tensor): Tensor => add(sum(eigh(x).values), add(sum(eigh(x).vectors), sum(eigvalsh(x))))
    assert.equal(grad(f)(random(1, ...shape)).shape, shape)
  }
}) // biome-ignore format: a table of shapes

test('a batch equals a loop, values and gradients; a matrix with NaN spoils its own gradient alone', () => {
  const as = separated(8, 3, 4, 4)
  const weights = random(9, 4, 4)
  const f = (x: Tensor): Tensor => {
    const { values, vectors } = eigh(x)
    return add(sum(tanh(values)), sum(mul(weights, tanh(vectors))))
  }
  batchesAsLoop(f, [as], [true])
  batchesAsLoop(grad(f), [as], [true])
  batchesAsLoop((x: Tensor) => eigvalsh(matmul(x, x)), [as], [true])
  const spoiled = array([[[2, 0], [0, 1]], [[NaN, 0], [0, 1]]], { dtype: 'f64' })
  const [first, second] = [0, 1].map((i) => readSync(slice(grad((x: Tensor) => sum(square(eigvalsh(x))))(spoiled), i)))
  assert.equal([...first!], [4, 0, 0, 2])
  assert.ok(second!.every(Number.isNaN))
}) // biome-ignore format: matrices

test.run()
