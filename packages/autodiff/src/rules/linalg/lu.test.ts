// Derivatives of lu and luSolve: square, tall and wide, orders 1 and 2 in both modes against differences, batches against a loop.
import { array, flip, key, permutation, readSync, sum, type Tensor, take, tanh } from '@neumann/linalg-gpu'
import { lu, luSolve } from '@neumann/linalg-gpu/linalg'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { checkGrads } from '../../api/checkGrads.js'
import { grad } from '../../api/derivatives.js'
import { batchesAsLoop, matrixOf, random } from './factors.testing.js'

const packed = (a: Tensor): Tensor => lu(a).lu

test('lu: orders 1 and 2 in both modes, square, tall and wide, where rows are interchanged', () => {
  for (const shape of [[1, 1], [2, 2], [4, 4], [5, 3], [3, 5], [1, 3], [3, 1], [2, 3, 3], [2, 4, 2]])
    checkGrads(packed, [flip(matrixOf(1, ...shape), -2)])
}) // biome-ignore format: a list

test('luSolve: orders 1 and 2 in both modes, by the factors and by the right side', () => {
  for (const transposed of [false, true])
    for (const [a, b] of [[[3, 3], [3]], [[3, 3], [3, 2]], [[2, 3, 3], [2, 3, 1]]] as const) {
      checkGrads((p: Tensor, q: Tensor) => luSolve(lu(p), q, { transposed }), [flip(matrixOf(1, ...a), -2), random(2, ...b)])
      checkGrads((q: Tensor) => luSolve(lu(matrixOf(1, ...a)), q, { transposed }), [random(2, ...b)])
    }
}) // biome-ignore format: a table of shapes

test('in blocks: a gradient along a direction is the difference along it', () => {
  const n = 70
  const order = permutation(key(3), n)
  const weight = random(4, n, n)
  checkGrads((a: Tensor) => sum(tanh(packed(take(a, order, { axis: 0 })))), [matrixOf(1, n, n)], { order: 1 })
  checkGrads((a: Tensor) => sum(tanh(luSolve(lu(a), weight))), [matrixOf(1, n, n)], { order: 1 })
})

test('batches equal a loop, and so do their gradients', () => {
  for (const shape of [[3, 4, 4], [3, 4, 2], [3, 2, 4]]) {
    batchesAsLoop(packed, [matrixOf(1, ...shape)], [true])
    batchesAsLoop(grad((a: Tensor) => sum(tanh(packed(a)))) as (a: Tensor) => Tensor, [matrixOf(1, ...shape)], [true])
  }
  for (const batched of [[true, true], [true, false], [false, true]])
    batchesAsLoop((a, b) => luSolve(lu(a), b), [matrixOf(1, 3, 4, 4), random(2, 3, 4, 2)], batched)
}) // biome-ignore format: a list

test('a singular matrix has derivatives that are not finite, its neighbours have their own', () => {
  const good = array([[1, 2], [3, 4]], { dtype: 'f64' })
  const stacked = array([[[1, 2], [3, 4]], [[1, 2], [2, 4]], [[1, 2], [3, 4]]], { dtype: 'f64' })
  const loss = (x: Tensor): Tensor => sum(tanh(packed(x)))
  const g = Array.from(readSync(grad(loss)(stacked) as Tensor))
  const alone = Array.from(readSync(grad(loss)(good) as Tensor))
  assert.equal(g.slice(0, 4), alone)
  assert.ok(g.slice(4, 8).some((x) => !Number.isFinite(x)), `${g.slice(4, 8)}`)
  assert.equal(g.slice(8), alone)
}) // biome-ignore format: matrices in a line

test.run()
