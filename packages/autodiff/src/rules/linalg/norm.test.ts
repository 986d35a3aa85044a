// Derivatives of the norms of matrices and of condition numbers: orders 1 and 2 in both modes, closed forms, corners, batches against a loop.
import { array, readSync, type Tensor, zeros } from '@neumann/linalg-gpu'
import { cond, matrixNorm } from '@neumann/linalg-gpu/linalg'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { checkGrads } from '../../api/checkGrads.js'
import { grad } from '../../api/derivatives.js'
import { batchesAsLoop, random } from './factors.testing.js'

const ords = ['fro', 'nuc', 1, -1, 2, -2, Infinity, -Infinity] as const

test('orders 1 and 2 in both modes, tall and wide', () => {
  for (const shape of [[3, 2], [2, 3], [2, 3, 3]])
    for (const ord of ords) checkGrads((a: Tensor) => matrixNorm(a, ord), [random(1, ...shape)])
}) // biome-ignore format: a table of shapes

test('condition numbers, orders 1 and 2 in both modes', () => {
  const a = array([[3, 1, 0.3], [0.2, -2, 0.7], [0.4, 0.8, 1]], { dtype: 'f64' })
  for (const ord of ords) checkGrads((x: Tensor) => cond(x, ord), [a])
  checkGrads((x: Tensor) => cond(x), [random(2, 4, 2)])
}) // biome-ignore format: a matrix

test('slopes by hand: of fro A/‖A‖, of 1 the signs of the largest column, of 2 the vectors', () => {
  const a = array([[3, 0], [0, -4]], { dtype: 'f64' })
  for (const [ord, slope] of [
    ['fro', [0.6, 0, 0, -0.8]], [1, [0, 0, 0, -1]], [2, [0, 0, 0, -1]], [-2, [1, 0, 0, 0]], ['nuc', [1, 0, 0, -1]],
  ] as const)
    readSync(grad((x: Tensor) => matrixNorm(x, ord))(a)).forEach((x, i) => {
      assert.ok(Math.abs(x - slope[i]!) <= 4 * 2 ** -53, `${ord}: element ${i} is ${x}`)
    })
}) // biome-ignore format: a matrix

test('corners are finite: at zero, and where sums or singular values are equal', () => {
  for (const ord of ords)
    for (const a of [zeros([2, 2], { dtype: 'f64' }), array([[1, 0], [0, 1]], { dtype: 'f64' })])
      assert.ok(readSync(grad((x: Tensor) => matrixNorm(x, ord))(a)).every(Number.isFinite), `${ord}`)
}) // biome-ignore format: a matrix

test('a batch equals a loop', () => {
  const as = random(3, 3, 3, 2)
  for (const ord of ords) {
    batchesAsLoop((x: Tensor) => matrixNorm(x, ord), [as], [true])
    batchesAsLoop(
      grad((x: Tensor) => matrixNorm(x, ord)),
      [as],
      [true],
    )
  }
  batchesAsLoop((x: Tensor) => cond(x), [as], [true])
})

test.run()
