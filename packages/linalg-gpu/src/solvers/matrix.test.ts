import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { array, key, liveBuffers, toNested } from '../index.js'
import { checkOperator, matrix } from './index.js'

const rows = [[1, 2, 3], [4, 5, 6]] // biome-ignore format: a matrix

test('a matrix acts on vectors, its transpose on those of the other side, from rows of numbers or from a tensor', () => {
  for (const a of [
    matrix(rows),
    matrix(array(rows)),
    matrix(array(rows, { dtype: 'f64' })),
    matrix(array(rows, { dtype: 'i32' })),
  ]) {
    const { dtype } = a.domain.types[0]!
    assert.equal(toNested(a.apply(array([1, 0, -1], { dtype }))), [-2, -2])
    assert.equal(toNested(a.transpose!(array([1, -1], { dtype }))), [-3, -3, -3])
    checkOperator(a, key(1))
  }
  assert.is(matrix(array(rows, { dtype: 'i32' })).domain.types[0]!.dtype, 'f32')
  assert.is(matrix(array(rows, { dtype: 'f64' })).domain.types[0]!.dtype, 'f64')
})

test('what is no matrix is refused, and facts of one that is not square', () => {
  assert.throws(
    () => matrix(array([1, 2])),
    /matrix: needs a matrix of two axes, got f32\[2\]\. For a stack of them, vmap/,
  )
  assert.throws(() => matrix(array([[[1]]])), /got f32\[1,1,1\]/)
  assert.throws(
    () => matrix(rows, { symmetric: true }),
    /matrix: f32\[2,3\] is not square: it has no facts, got \{ symmetric \}/,
  )
  matrix(rows, { symmetric: false })
})

test('products leave nothing but their results', () => {
  const a = matrix(rows)
  const [x, y] = [array([1, 2, 3]), array([1, 2])]
  const before = liveBuffers().count
  for (const made of [a.apply(x), a.transpose!(y)]) made[Symbol.dispose]()
  assert.is(liveBuffers().count, before)
})

test.run()
