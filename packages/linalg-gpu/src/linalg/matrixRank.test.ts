/** Ranks that are known, on whatever device the tests run. */

import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { array, diag, item, key, matmul, mul, normal, readSync, type Tensor, zeros } from '../index.js'
import { matrixRank } from './matrixRank.js'

const random = (dtype: 'f32' | 'f64', seed: number, ...shape: number[]): Tensor => normal(key(seed), shape, { dtype })

test('products of thin matrices have the rank of the thin side, at any scale', () => {
  for (const dtype of ['f32', 'f64'] as const)
    for (const [m, n, rank] of [[1, 1, 1], [5, 3, 2], [3, 5, 3], [40, 30, 7], [65, 65, 64]] as const)
      for (const scale of [1, 2 ** -90, 2 ** 90]) {
        // the product is rounded to 2⁻²⁴ or 2⁻⁵³ of its largest numbers, far from the smallest that counts
        const a = mul(matmul(random(dtype, 1, m, rank), random(dtype, 2, rank, n)), scale)
        assert.is(item(matrixRank(a)), rank, `${dtype} [${m}, ${n}] of rank ${rank}`)
      }
}) // biome-ignore format: a table of ranks

test('rcond is relative to the largest, and strict', () => {
  const a = diag(array([-8, 4, 1, 0], { dtype: 'f64' }))
  for (const [rcond, rank] of [[0, 3], [0.1, 3], [0.125, 2], [0.49, 2], [0.5, 1], [1, 0]] as const)
    assert.is(item(matrixRank(a, { rcond })), rank, `rcond ${rcond}`)
}) // biome-ignore format: a table

test('zero, empty and non-finite matrices; stacks', () => {
  assert.is(item(matrixRank(zeros([3, 2]))), 0)
  assert.is(item(matrixRank(zeros([0, 2]))), 0)
  assert.equal(matrixRank(zeros([0, 3, 3])).shape, [0])
  const stack = array([[[1, 0], [0, NaN]], [[1, 0], [0, 1]], [[1, 1], [1, 1]], [[Infinity, 0], [0, 1]]]) // biome-ignore format: matrices
  assert.equal(Array.from(readSync(matrixRank(stack))), [-1, 2, 1, -1])
})

test('errors name the function and what is wrong', () => {
  assert.throws(() => matrixRank(array([1])), /matrixRank: needs a matrix/)
  assert.throws(() => matrixRank(zeros([2, 2]), { rcond: -1 }), /matrixRank: rcond is a number from 0, got -1/)
})

test('the larger side decides what counts as 0', () => {
  // singular values 1 and 8 ε of 16 × 2: below 16 ε, above 2 ε
  const a = array(Array.from({ length: 16 }, (_, i) => [Number(i === 0), i === 1 ? 8 * 2 ** -23 : 0]))
  assert.is(item(matrixRank(a)), 1)
  assert.is(item(matrixRank(a, { rcond: 2 * 2 ** -23 })), 2)
})

test.run()
