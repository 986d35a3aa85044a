/** lu and luSolve on whatever device the tests run: the law, its sizes and stacks, singular and odd elements. */

import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { array, jit, key, readSync, type Tensor, toNested, uniform } from '../index.js'
import { lu } from './lu.js'
import { luSolve } from './luSolve.js'
import { drawn, type Rows, residual, rowsOfTensor, tensorOfRows } from './placed.testing.js'
import { solve } from './solve.js'

/** L and U of packed factors. */
const unpacked = (packed: Rows): readonly [Rows, Rows] => {
  const n = packed[0]?.length ?? 0
  const least = Math.min(packed.length, n)
  const l = packed.map((row, i) => row.slice(0, least).map((x, j) => (j < i ? x : Number(i === j))))
  const u = packed.slice(0, least).map((row, i) => row.map((x, j) => (j < i ? 0 : x)))
  return [l, u]
}

for (const dtype of ['f32', 'f64'] as const) {
  for (const [m, n] of [
    [1, 1], [3, 5], [32, 32], [33, 33], [65, 65], [130, 130], [200, 200], [200, 65], [65, 200], [20, 70], [130, 33],
  ] as const) // biome-ignore format: a list
    test(`${dtype} ${m} × ${n}: A[permutation] = L U, and |L| ≤ 1`, () => {
      const a = drawn(m, n, m + n)
      const factors = jit((x: Tensor) => lu(x))(tensorOfRows(a, dtype))
      const order = Array.from(readSync(factors.permutation))
      assert.equal(
        order.toSorted((x, y) => x - y),
        Array.from({ length: m }, (_, i) => i),
      )
      const [l, u] = unpacked(rowsOfTensor(factors.lu))
      assert.ok(l.every((row) => row.every((x) => Math.abs(x) <= 1)))
      // A as the dtype holds it
      const held = rowsOfTensor(tensorOfRows(a, dtype))
      const got = residual(
        l,
        u,
        order.map((i) => held[i]!),
        dtype,
      )
      // each element is a sum of min(m, n) rounded terms; products of blocks round in another order, not more often
      assert.ok(got <= Math.min(m, n) + 1, `${got} roundings`)
    })

  test(`${dtype}: a stack is its matrices, and of none, none`, () => {
    for (const n of [4, 40]) {
      const stack = uniform(key(n), [2, 3, n, n], { low: -1, high: 1, dtype })
      const all = lu(stack)
      assert.equal(all.permutation.shape, [2, 3, n])
      const nested = toNested(stack) as number[][][][]
      const [packed, orders] = [toNested(all.lu), toNested(all.permutation)] as unknown as [
        number[][][][],
        number[][][],
      ]
      nested.forEach((part, i) => {
        part.forEach((a, j) => {
          const one = lu(tensorOfRows(a, dtype))
          assert.equal(orders[i]![j], toNested(one.permutation))
          // products of a stack and of one matrix may go by other tiles
          assert.ok(residual(unpacked(packed[i]![j]!)[0], unpacked(packed[i]![j]!)[1], orders[i]![j]!.map((k) => a[k]!), dtype) <= n + 1)
        })
      })
    }
    for (const shape of [[0, 0], [0, 3, 3], [3, 0], [0, 40], [2, 0, 5]] as const) {
      const none = lu(uniform(key(1), shape, { dtype }))
      assert.equal(none.lu.shape, shape)
      assert.equal(none.permutation.shape, shape.slice(0, -1))
    }
  }) // biome-ignore format: one check a line

  test(`${dtype}: sizes from 1e-30 to 1e30 change nothing but the size`, () => {
    const a = drawn(40, 40)
    const scaled = (s: number): Rows => a.map((row) => row.map((x) => Math.fround(x) * s))
    const [plain, ...others] = [1, 2 ** 100, 2 ** -100].map((s) => {
      const { lu: packed, permutation } = lu(tensorOfRows(scaled(s), dtype))
      return [unpacked(rowsOfTensor(packed))[0], toNested(permutation)]
    })
    for (const one of others) assert.equal(one, plain)
  })

  test(`${dtype}: a singular matrix has factors, one with an element that is not finite has none, its neighbours do`, () => {
    for (const n of [3, 40]) {
      const a = drawn(n, n)
      for (const row of a) row[1] = 0
      const singular = unpacked(rowsOfTensor(lu(tensorOfRows(a, dtype)).lu))[1]
      assert.is(singular[1]![1], 0)
      assert.ok(singular.every((row) => row.every(Number.isFinite)))
      for (const odd of [Number.NaN, Infinity, -Infinity]) {
        const stack = [drawn(n, n, 1), drawn(n, n, 2), drawn(n, n, 3)]
        stack[1]![n - 1]![0] = odd
        const got = toNested(lu(tensorOfRows(stack, dtype)).lu) as unknown as number[][][]
        assert.equal(
          got.map((x) => [x.flat().every(Number.isFinite), x.flat().every(Number.isNaN)]),
          [[true, false], [false, true], [true, false]],
        )
      }
    }
  }) // biome-ignore format: a table

  test(`${dtype}: luSolve solves with A and with its transpose, and is NaN where A is singular`, () => {
    for (const n of [1, 5, 70]) {
      const [a, b] = [drawn(n, n, n), drawn(n, 3, n + 1)]
      const factors = lu(tensorOfRows(a, dtype))
      const held = [rowsOfTensor(tensorOfRows(a, dtype)), rowsOfTensor(tensorOfRows(b, dtype))] as const
      const turned = held[0].map((_, i) => held[0].map((row) => row[i]!))
      const x = rowsOfTensor(luSolve(factors, tensorOfRows(b, dtype)))
      const y = rowsOfTensor(luSolve(factors, tensorOfRows(b, dtype), { transposed: true }))
      // the factors and two solves with them: roundings in |L||U||X|, here up to n times |A||X|
      assert.ok(residual(held[0], x, held[1], dtype) <= 3 * n * n)
      assert.ok(residual(turned, y, held[1], dtype) <= 3 * n * n)
      assert.equal(rowsOfTensor(solve(tensorOfRows(a, dtype), tensorOfRows(b, dtype))), x)
    }
    const singular = lu(tensorOfRows([[1, 2], [2, 4]], dtype)) // biome-ignore format: a matrix
    for (const transposed of [false, true])
      assert.equal(toNested(luSolve(singular, tensorOfRows([1, 1], dtype), { transposed })), [Number.NaN, Number.NaN])
  })
}

test('half and whole numbers are computed in f32', () => {
  assert.is(lu(array([[1, 2], [3, 4]], { dtype: 'f16' })).lu.dtype, 'f32')
  assert.is(lu(array([[1, 2], [3, 4]], { dtype: 'i32' })).lu.dtype, 'f32')
}) // biome-ignore format: matrices in a line

test('what is wrong is said', () => {
  assert.throws(() => lu(array([1, 2])), 'lu: needs a matrix, or a stack of them [...batch, m, n], got f32[2].')
  const tall = lu(uniform(key(1), [3, 2]))
  assert.throws(
    () => luSolve(tall, array([1, 2, 3])),
    'luSolve: needs square matrices, got f32[3,2]: 3 rows, 2 columns.',
  )
  const { lu: packed } = lu(uniform(key(1), [2, 2]))
  assert.throws(
    () => luSolve({ lu: packed, permutation: array([0, 1]) }, array([1, 2])),
    'luSolve: the permutation of factors f32[2,2] is i32[2], got f32[2]: pass what lu returned.',
  )
})

test.run()
