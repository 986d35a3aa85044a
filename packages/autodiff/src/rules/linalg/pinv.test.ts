// Derivatives of pseudo-inverses at constant rank: orders 1 and 2 in both modes, equal singular values, deficient ranks along the set of that rank.
import { add, array, matmul, mul, readSync, slice, sum, swapAxes, type Tensor, tanh } from '@neumann/linalg-gpu'
import { inv, pinv } from '@neumann/linalg-gpu/linalg'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { checkGrads } from '../../api/checkGrads.js'
import { grad } from '../../api/derivatives.js'
import { batchesAsLoop, matrixOf, random } from './factors.testing.js'

const near = (got: Tensor, wanted: Tensor, tolerance: number): void => {
  const own = readSync(got)
  readSync(wanted).forEach((x, i) => {
    assert.ok(Math.abs(x - own[i]!) <= tolerance, `element ${i} is ${own[i]}, not ${x}`)
  })
}

test('orders 1 and 2 in both modes at full rank, of matrices of all shapes', () => {
  for (const shape of [[1, 1], [3, 3], [4, 2], [2, 4], [2, 3, 2]]) checkGrads((a: Tensor) => pinv(a), [matrixOf(1, ...shape)])
}) // biome-ignore format: a table of shapes

test('where all singular values are equal: pinv(c Q) = Qᵀ/c', () => {
  const q = array([[0.6, -0.8], [0.8, 0.6], [0, 0]], { dtype: 'f64' })
  checkGrads((a: Tensor) => pinv(a), [q])
}) // biome-ignore format: a matrix

test('at deficient rank, along matrices of that rank: of B C, in B and C', () => {
  const [b, c] = [matrixOf(2, 4, 2), matrixOf(3, 2, 3)]
  checkGrads((x: Tensor, y: Tensor) => pinv(matmul(x, y), { rcond: 1e-9 }), [b, c])
})

test('of an invertible matrix the derivatives are those of the inverse', () => {
  const [a, weights] = [matrixOf(4, 4, 4), random(5, 4, 4)]
  const by = (f: (x: Tensor) => Tensor): Tensor => grad((x: Tensor) => sum(mul(weights, tanh(f(x)))))(a)
  near(by(pinv), by(inv), 200 * 2 ** -53)
})

test('a projection A A⁺ does not change along A X: its gradient is orthogonal to that', () => {
  const [a, x, weights] = [matrixOf(6, 5, 3), random(7, 3, 3), random(8, 5, 5)]
  const g = grad((m: Tensor) => sum(mul(weights, matmul(m, pinv(m)))))(a)
  assert.ok(Math.abs(readSync(sum(mul(g, matmul(a, x))))[0]!) <= 500 * 2 ** -53)
})

test('a batch equals a loop, values and gradients; a matrix with NaN spoils its own gradient alone', () => {
  const as = matrixOf(9, 3, 4, 3)
  const f = (x: Tensor): Tensor => sum(tanh(pinv(x)))
  batchesAsLoop((x: Tensor) => pinv(x), [as], [true])
  batchesAsLoop(grad(f), [as], [true])
  batchesAsLoop((x: Tensor, y: Tensor) => matmul(pinv(x), y), [as, random(10, 3, 4)], [true, true])
  batchesAsLoop((x: Tensor, y: Tensor) => pinv(add(swapAxes(x, 0, 1), y)), [as, random(11, 3, 4)], [true, false])
  const spoiled = array([[[2, 0], [0, 1]], [[NaN, 0], [0, 1]]], { dtype: 'f64' })
  const [first, second] = [0, 1].map((i) => readSync(slice(grad((x: Tensor) => sum(pinv(x)))(spoiled), i)))
  assert.equal([...first!], [-0.25, -0.5, -0.5, -1])
  assert.ok(second!.every(Number.isNaN))
}) // biome-ignore format: matrices

test.run()
