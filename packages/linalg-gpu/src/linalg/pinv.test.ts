// The four equations of Moore and Penrose, which one matrix alone satisfies, at full and deficient rank, and what is left out by rcond.
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { array, readSync, toNested, zeros } from '../index.js'
import { inv } from './inv.js'
import { pinv } from './pinv.js'
import { apart, conditioned, drawn, largest, type Rows, roundingOf, rowsOfTensor, tensorOfRows, times } from './placed.testing.js' // biome-ignore format: a list

const transposed = (a: Rows): number[][] => a[0]!.map((_, j) => a.map((row) => row[j]!))

/** m × n of rank r. */
const ofRank = (r: number, m: number, n: number): number[][] => times(drawn(m, r, 1), drawn(r, n, 2))

for (const dtype of ['f32', 'f64'] as const) {
  test(`${dtype}: A A⁺ A = A, A⁺ A A⁺ = A⁺, and both products are symmetric, whatever the shape and the rank`, () => {
    for (const [m, n] of [[1, 1], [3, 3], [5, 3], [3, 5], [20, 9], [9, 20]] as const)
      for (const rank of [1, 2, 3])
        if (rank <= Math.min(m, n)) {
          const given = tensorOfRows(ofRank(rank, m, n), dtype)
          const [a, x] = [rowsOfTensor(given), rowsOfTensor(pinv(given, { rcond: 1e-4 }))]
          // the condition number, or more
          const kappa = m * n * largest(a) * largest(x)
          const unit = 8 * kappa * roundingOf(dtype)
          const [left, right] = [times(a, x), times(x, a)]
          const note = `${m} × ${n} of rank ${rank}`
          assert.ok(apart(times(left, a), a) <= unit * largest(a), `${note}: A A⁺ A`)
          assert.ok(apart(times(right, x), x) <= unit * largest(x), `${note}: A⁺ A A⁺`)
          assert.ok(apart(left, transposed(left)) <= unit, `${note}: A A⁺`)
          assert.ok(apart(right, transposed(right)) <= unit, `${note}: A⁺ A`)
        }
  })

  test(`${dtype}: of an invertible matrix it is the inverse, to the condition number`, () => {
    for (const kappa of [1, 10, 1000]) {
      const a = tensorOfRows(conditioned(6, kappa), dtype)
      const [x, y] = [rowsOfTensor(pinv(a)), rowsOfTensor(inv(a))]
      assert.ok(apart(x, y) <= 40 * kappa * roundingOf(dtype) * largest(y), `${kappa}: ${apart(x, y)}`)
    }
  })

  test(`${dtype}: pinv(s A) = pinv(A) / s for s of 2 to the 100th and its inverse`, () => {
    const a = drawn(4, 3, 5)
    const one = readSync(pinv(tensorOfRows(a, dtype)))
    for (const s of [2 ** 100, 2 ** -100]) {
      const given = rowsOfTensor(tensorOfRows(a, dtype)).map((row) => row.map((x) => s * x))
      assert.equal(Array.from(readSync(pinv(tensorOfRows(given, dtype)))), Array.from(one, (x) => x / s))
    }
  })

  test(`${dtype}: NaN spoils its own matrix alone`, () => {
    const good = [[1, 0], [0, 4]]
    const stack = array([good, [[1, NaN], [0, 1]], good] as never, { dtype })
    const [first, own, last] = toNested(pinv(stack)) as number[][][]
    assert.equal([first, last], [[[1, 0], [0, 0.25]], [[1, 0], [0, 0.25]]])
    assert.ok(own!.flat().every(Number.isNaN))
  })
} // biome-ignore format: matrices

test('values up to rcond of the largest count as zero', () => {
  const a = array([[1, 0, 0], [0, 0.5, 0], [0, 0, 0.25]])
  const diagonalOf = (rcond?: number): number[] =>
    (toNested(pinv(a, rcond === undefined ? {} : { rcond })) as number[][]).map((row, i) => row[i]!)
  assert.equal(diagonalOf(), [1, 2, 4])
  assert.equal(diagonalOf(0.25), [1, 2, 0])
  assert.equal(diagonalOf(0.3), [1, 2, 0])
  assert.equal(diagonalOf(1), [0, 0, 0])
  assert.throws(() => pinv(a, { rcond: -1 }), 'pinv: rcond is a number from 0, got -1.')
}) // biome-ignore format: a matrix

test('zeros have zeros, matrices without elements theirs, and stacks are matrix by matrix', () => {
  assert.equal(toNested(pinv(zeros([2, 3]))), [[0, 0], [0, 0], [0, 0]])
  for (const [m, n] of [[0, 0], [0, 3], [3, 0]] as const) assert.equal(pinv(zeros([2, m, n])).shape, [2, n, m])
  assert.equal(pinv(zeros([0, 2, 3])).shape, [0, 3, 2])
  const [a, b] = [drawn(2, 3, 1), drawn(2, 3, 2)]
  const stack = pinv(array([a, b] as never, { dtype: 'f64' }))
  assert.equal(toNested(stack), [a, b].map((x) => toNested(pinv(tensorOfRows(x, 'f64')))))
  assert.is(pinv(array([[2, 1], [1, 2]], { dtype: 'f16' })).dtype, 'f16')
}) // biome-ignore format: matrices

test('what is no matrix is refused', () =>
  assert.throws(() => pinv(zeros([3])), 'pinv: needs a matrix, or a stack of them [...batch, m, n], got f32[3].'))

test.run()
