/** matrixPower against products one after another. */

import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { array, key, toNested, uniform } from '../index.js'
import { matrixPower } from './matrixPower.js'
import { apart, conditioned, identityRows, rowsOfTensor, tensorOfRows, times } from './placed.testing.js'

test('powers from −7 to 12 are products, exactly for whole numbers', () => {
  const fibonacci = [[1, 1], [1, 0]] // biome-ignore format: a matrix
  const inverse = [[0, 1], [1, -1]] // biome-ignore format: a matrix
  for (let n = -7; n <= 12; n++) {
    let expected = identityRows(2)
    for (let i = 0; i < Math.abs(n); i++) expected = times(expected, n < 0 ? inverse : fibonacci)
    // rows are interchanged, and an interchanged zero may be negative
    const got = rowsOfTensor(matrixPower(tensorOfRows(fibonacci, 'f32'), n)).map((row) => row.map((x) => x + 0))
    assert.equal(got, expected, `${n}`)
  }
})

test('powers of a well conditioned matrix, up and down', () => {
  const a = conditioned(9, 10)
  const [up, down] = [matrixPower(tensorOfRows(a, 'f64'), 5), matrixPower(tensorOfRows(a, 'f64'), -5)]
  // κ(A⁵) is 10⁵
  assert.ok(apart(times(rowsOfTensor(up), rowsOfTensor(down)), identityRows(9)) <= 1e5 * 81 * 2 ** -53)
})

test('stacks, nothing, power 0, singular matrices', () => {
  const stack = uniform(key(1), [2, 3, 3])
  assert.equal(toNested(matrixPower(stack, 0)), [identityRows(3), identityRows(3)])
  assert.equal(matrixPower(stack, 4).shape, [2, 3, 3])
  assert.equal(matrixPower(uniform(key(1), [0, 0]), -3).shape, [0, 0])
  assert.equal(toNested(matrixPower(array([[1, 1], [1, 1]]), -1)), identityRows(2).map((row) => row.map(() => Number.NaN)))
  assert.equal(toNested(matrixPower(array([[1, 1], [1, 1]]), 3)), [[4, 4], [4, 4]])
}) // biome-ignore format: matrices in a line

test('what is wrong is said', () => {
  const a = uniform(key(1), [2, 2])
  assert.throws(() => matrixPower(a, 0.5), 'matrixPower: the exponent is an integer, got 0.5: there is expm for exponentials.')
  assert.throws(() => matrixPower(uniform(key(1), [2, 3]), 2), 'matrixPower: needs square matrices')
}) // biome-ignore format: messages in a line

test.run()
