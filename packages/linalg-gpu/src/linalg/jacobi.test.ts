// Jacobi's methods against what defines their results: products that give the matrix back, orthonormal rows, order.
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { type Rows, rowJacobi, signOf, symmetricJacobi } from './jacobi.js'
import { apart, drawn, identityRows, times } from './placed.testing.js'

const lists = (rows: Rows): number[][] => rows.map((row) => Array.from(row))
const transposed = (a: readonly (readonly number[])[]): number[][] => a[0]!.map((_, j) => a.map((row) => row[j]!))
const scaled = (s: readonly number[], rows: readonly (readonly number[])[]): number[][] =>
  rows.map((row, i) => row.map((x) => s[i]! * x))
const rowsOf = (a: readonly (readonly number[])[]): Rows => a.map((row) => Float64Array.from(row))

test('A = Vᵀ diag(λ) V with rows V, λ ascending', () => {
  for (const n of [1, 2, 3, 8, 20]) {
    const half = drawn(n, n, n)
    const a = half.map((row, i) => row.map((x, j) => x + half[j]![i]!))
    const { values, vectors } = symmetricJacobi(a.flat(), n)
    const v = lists(vectors)
    // elements below 2, so that ‖A‖ ≤ 2n
    assert.ok(apart(times(transposed(v), scaled(values, v)), a) <= 8 * n * n * 2 ** -53)
    assert.ok(apart(times(v, transposed(v)), identityRows(n)) <= 8 * n * 2 ** -53)
    assert.equal(
      values,
      [...values].sort((x, y) => x - y),
    )
  }
})

test('clusters of nearly equal eigenvalues are not turned for ever', () => {
  const n = 40
  for (const seed of [1, 2, 3, 4]) {
    const v = drawn(1, n, seed)[0]!
    const square = v.reduce((sum, x) => sum + x * x, 0)
    const reflection = v.map((x, i) => v.map((y, j) => Number(i === j) - (2 * x * y) / square))
    const spectrum = drawn(1, n, seed + 100)[0]!.map((x) => (x < -0.3 ? 1 : x < 0.3 ? 2 : 2 + 1e-9))
    const product = times(reflection, scaled(spectrum, reflection))
    const a = product.map((row, i) => row.map((x, j) => (x + product[j]![i]!) / 2))
    const { values, vectors } = symmetricJacobi(a.flat(), n)
    // ‖A‖ = 2
    assert.ok(apart(times(lists(vectors), a), scaled(values, lists(vectors))) <= 8 * n * 2 ** -53, `seed ${seed}`)
  }
})

test('B = Jᵀ diag(s) Z, s descending, rows of zeros completed', () => {
  for (const [k, l] of [[1, 1], [1, 5], [3, 3], [4, 9], [20, 20]] as const)
    for (const rank of [1, 2, k]) {
      // rows after the first `rank` are zeros, in an order that mixes them
      const b = drawn(k, l, k + l).map((row, i) => ((7 * i) % k < rank ? row : row.map(() => 0)))
      const { s, j, z } = rowJacobi(rowsOf(b), l)
      const [turn, own] = [lists(j), lists(z)]
      assert.ok(apart(times(transposed(turn), scaled(s, own)), b) <= 8 * l * l * 2 ** -53, `${k} ${l} ${rank}`)
      assert.ok(apart(times(turn, transposed(turn)), identityRows(k)) <= 8 * l * 2 ** -53, `J ${k} ${l} ${rank}`)
      assert.ok(apart(times(own, transposed(own)), identityRows(k)) <= 8 * l * 2 ** -53, `Z ${k} ${l} ${rank}`)
      assert.equal(s, [...s].sort((x, y) => y - x))
      assert.is(s.filter((x) => x > 0).length, Math.min(rank, k))
    }
}) // biome-ignore format: a table of shapes

test('the first of the components within 15 % of the largest decides the sign', () => {
  assert.is(signOf([1, -1.1]), 1)
  assert.is(signOf([-1, 1.1]), -1)
  assert.is(signOf([1, -2]), -1)
  assert.is(signOf([0, 0]), 1)
  assert.is(signOf([]), 1)
})

test('what is not finite gives NaN everywhere', () => {
  const { values, vectors } = symmetricJacobi([Infinity], 1)
  assert.equal([values, lists(vectors)], [[NaN], [[NaN]]])
  const { s, j, z } = rowJacobi(rowsOf([[1, NaN]]), 2)
  assert.equal([s, lists(j), lists(z)], [[NaN], [[NaN]], [[NaN, NaN]]])
}) // biome-ignore format: matrices

test.run()
