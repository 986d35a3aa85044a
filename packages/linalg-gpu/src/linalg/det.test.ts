/** det, slogdet and the product that they share: closed forms, stacks, singular matrices, sizes that overflow. */

import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { array, item, key, readSync, type Tensor, toNested, uniform } from '../index.js'
import { both, type FloatName } from '../wasm/dense/dense.testing.js'
import { det } from './det.js'
import { drawn, roundingOf, tensorOfRows } from './placed.testing.js'
import { productKernel } from './product.js'
import { slogdet } from './slogdet.js'

const numbers = (n: number): number[] => Array.from({ length: n }, (_, i) => i)

/** ∏_{i<j} (xⱼ − xᵢ), of nodes in [−1, 1]. */
const vandermonde = (n: number): { readonly rows: number[][]; readonly det: number; readonly condition: number } => {
  const nodes = numbers(n).map((i) => (n === 1 ? 1 : (2 * i) / (n - 1) - 1))
  let product = 1
  nodes.forEach((x, j) => {
    for (const y of nodes.slice(0, j)) product *= x - y
  })
  return { rows: nodes.map((x) => numbers(n).map((k) => x ** k)), det: product, condition: 8 ** n }
}

/** 1/(xᵢ + yⱼ) with x = 1 … n and y = ½ … n − ½: ∏_{i<j} (xⱼ − xᵢ)(yⱼ − yᵢ) / ∏ (xᵢ + yⱼ). */
const cauchy = (n: number): { readonly rows: number[][]; readonly det: number; readonly condition: number } => {
  const [x, y] = [numbers(n).map((i) => i + 1), numbers(n).map((i) => i + 0.5)]
  let product = 1
  x.forEach((p, i) => y.forEach((q, j) => (product *= (i < j ? (x[j]! - p) * (y[j]! - y[i]!) : 1) / (p + q))))
  return { rows: x.map((p) => y.map((q) => 1 / (p + q))), det: product, condition: 33 ** n }
} // biome-ignore format: the formula in a line

/** The determinant of the path with 2 on the diagonal and −1 beside it is n + 1. */
const path = (n: number): { readonly rows: number[][]; readonly det: number; readonly condition: number } => ({
  rows: numbers(n).map((i) => numbers(n).map((j) => (i === j ? 2 : Math.abs(i - j) === 1 ? -1 : 0))),
  det: n + 1,
  condition: n * n,
})

for (const dtype of ['f32', 'f64'] as const) {
  test(`${dtype}: closed forms, to their condition numbers`, () => {
    for (const [name, family, sizes] of [
      ['Vandermonde', vandermonde, [1, 2, 3, 4, 5]],
      ['Cauchy', cauchy, [1, 2, 3, 4]],
      ['path', path, [1, 2, 3, 10, 65, 130]],
    ] as const)
      for (const n of sizes) {
        const { rows, det: expected, condition } = family(n)
        const a = tensorOfRows(rows, dtype)
        const tolerance = n * condition * roundingOf(dtype)
        // a bound of 1 or more would prove nothing
        if (tolerance >= 0.5) continue
        const own = `${name} ${n}`
        assert.ok(Math.abs(item(det(a)) / expected - 1) <= tolerance, `${own}: ${item(det(a))}, not ${expected}`)
        const { sign, logdet } = slogdet(a)
        assert.is(item(sign), Math.sign(expected), own)
        const exact = Math.log(Math.abs(expected))
        assert.ok(Math.abs(item(logdet) - exact) <= tolerance + 4 * n * roundingOf(dtype) * (1 + Math.abs(exact)), own)
      }
  })

  test(`${dtype}: permutations have their sign`, () => {
    for (const [order, expected] of [
      [[0], 1], [[1, 0], -1], [[1, 2, 0], 1], [[3, 2, 1, 0], 1], [[1, 0, 3, 2, 4, 6, 5], -1],
    ] as const) {
      const a = tensorOfRows(order.map((at) => order.map((_, j) => Number(at === j))), dtype)
      assert.is(item(det(a)), expected)
      assert.equal([item(slogdet(a).sign), item(slogdet(a).logdet)], [expected, 0])
    }
    // among the last columns of the blocked form too
    for (const long of [numbers(75).map((i) => (i * 2) % 75), numbers(75).map((i) => (i === 50 ? 60 : i === 60 ? 50 : i))]) {
      let inversions = 0
      long.forEach((p, i) => (inversions += long.slice(0, i).filter((q) => q > p).length))
      const a = tensorOfRows(long.map((at) => long.map((_, j) => Number(at === j))), dtype)
      assert.is(item(det(a)), inversions % 2 === 0 ? 1 : -1)
    }
  }) // biome-ignore format: a table

  test(`${dtype}: what is singular is 0 with logarithm −Infinity, what is not finite NaN, and neighbours are as they were`, () => {
    for (const n of [2, 40]) {
      const [one, two, odd] = [drawn(n, n, 1), drawn(n, n, 2), drawn(n, n, 3)]
      for (const row of one) row[n - 1] = 0
      odd[n - 1]![0] = Infinity
      const stack = tensorOfRows([two, one, odd, two], dtype)
      const [d, s] = [Array.from(readSync(det(stack))), slogdet(stack)]
      const [signs, logs] = [Array.from(readSync(s.sign)), Array.from(readSync(s.logdet))]
      assert.is(Math.abs(d[1]!), 0)
      assert.equal([Math.abs(signs[1]!), logs[1]], [0, -Infinity])
      assert.equal([d[2], signs[2], logs[2]], [Number.NaN, Number.NaN, Number.NaN])
      assert.ok(d[0] !== 0 && Number.isFinite(d[0]) && d[0] === d[3] && signs[0] === Math.sign(d[0]!))
      assert.ok(
        Math.abs(logs[0]! - Math.log(Math.abs(d[0]!))) <= 4 * n * roundingOf(dtype) * Math.max(1, Math.abs(logs[0]!)),
      )
    }
  })

  test(`${dtype}: neither overflows on the way, and slogdet not at all`, () => {
    const big = dtype === 'f32' ? 1e30 : 1e300
    const diagonal = (values: readonly number[]): Tensor =>
      tensorOfRows(values.map((v, i) => values.map((_, j) => (i === j ? v : 0))), dtype)
    const values = [big, big, -big, 1 / big, 1 / big, 1 / big, 3]
    assert.ok(Math.abs(item(det(diagonal(values))) + 3) <= 20 * roundingOf(dtype))
    assert.ok(Math.abs(item(det(diagonal(values.toReversed()))) + 3) <= 20 * roundingOf(dtype))
    assert.is(item(det(diagonal([big, big]))), Infinity)
    assert.is(item(det(diagonal([1 / big, 1 / big]))), 0)
    const logs = slogdet(diagonal([big, -big, big])).logdet
    assert.ok(Math.abs(item(logs) - 3 * Math.log(big)) <= 4 * roundingOf(dtype) * 3 * Math.log(big))
  }) // biome-ignore format: one check a line

  test(`${dtype}: of no rows 1, of no matrices none`, () => {
    assert.is(item(det(uniform(key(1), [0, 0], { dtype }))), 1)
    const { sign, logdet } = slogdet(uniform(key(1), [2, 0, 0], { dtype }))
    assert.equal([toNested(sign), toNested(logdet)], [[1, 1], [0, 0]])
    assert.equal(det(uniform(key(1), [0, 3, 3], { dtype })).shape, [0])
  }) // biome-ignore format: pairs

  test(`${dtype}: the product of a row on wasm is that of the oracle, bit by bit`, () => {
    const tiny = dtype === 'f32' ? 2 ** -100 : 2 ** -700
    const rows = [[2, 0.5, -4, 0.25, 8], [Number.NaN, 1, 2, 3, 4], [Infinity, 0, 1, 1, 1], [0, -0, 5, 1, 1], [-tiny, tiny, 1 / tiny, tiny, 1 / tiny]]
    for (const shape of [[5, 5], [5, 1, 5], [25, 1], [1, 25], [3, 0], [0, 3]]) {
      const size = shape.reduce((x, y) => x * y, 1)
      const data = (dtype === 'f32' ? Float32Array : Float64Array).from(rows.flat().slice(0, size))
      const { got, expected } = both(productKernel, dtype as FloatName, { shape, data })
      assert.equal(Array.from(got[0]!), Array.from(expected[0]!))
    }
  }) // biome-ignore format: a table
}

test('half numbers are computed in f32, and what is wrong is said', () => {
  assert.is(det(array([[1, 2], [3, 4]], { dtype: 'f16' })).dtype, 'f16')
  assert.ok(Math.abs(item(det(array([[1, 2], [3, 4]], { dtype: 'i32' }))) + 2) <= 2 ** -21)
  assert.throws(() => det(array([[1, 2]])), 'det: needs square matrices, got f32[1,2]: 1 rows, 2 columns.')
  assert.throws(() => slogdet(array([[1, 2]])), 'slogdet: needs square matrices, got f32[1,2]: 1 rows, 2 columns.')
}) // biome-ignore format: matrices in a line

test.run()
