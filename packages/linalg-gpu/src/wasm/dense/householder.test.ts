/** The panel on wasm against its reference in f64, and against the identity that defines it. */

import { test } from 'uvu'
import * as assert from 'uvu/assert'
import type { TypedArray } from '../../dtype.js'
import { householderPanel } from '../../linalg/householder.js'
import { sizeOf } from '../../shape.js'
import { both, type FloatName, type Stack, uniformStack, unitOf } from './dense.testing.js'

const sizes = [[1, 1], [2, 1], [2, 2], [3, 2], [4, 4], [5, 5], [7, 3], [9, 8], [33, 32], [64, 32], [65, 31], [200, 17]] as const // biome-ignore format: a table
const dtypes = ['f32', 'f64'] as const

const stack = (dtype: FloatName, shape: readonly number[], scale = 1): Stack => {
  const { data } = uniformStack(dtype, shape, sizeOf(shape))
  return { shape, data: data.map((x) => (scale * x) / 2) as TypedArray }
}
const panel = (dtype: FloatName, own: Stack): readonly TypedArray[] => both(householderPanel, dtype, own).got

const largest = (x: TypedArray): number => (x as Float64Array).reduce((top, one) => Math.max(top, Math.abs(one)), 0)

test('V, T and R are those of the reference', () => {
  for (const dtype of dtypes)
    for (const [m, b] of sizes) {
      const { got, expected } = both(householderPanel, dtype, stack(dtype, [3, m, b]))
      got.forEach((x, i) => {
        const wanted = expected[i]!
        // a column's error is that of m sums, and grows where what is left of a column is small
        const tolerance = 40 * m * b * unitOf(dtype) * (1 + largest(wanted))
        x.forEach((value, at) => {
          if (!(Math.abs(value - wanted[at]!) <= tolerance))
            assert.unreachable(`${dtype} [${m}, ${b}] result ${i} [${at}]: ${value}, not ${wanted[at]}`)
        })
      })
    }
})

test('A = (I − V T Vᵀ) [R; 0], and I − V T Vᵀ is orthogonal', () => {
  for (const dtype of dtypes)
    for (const [m, b] of sizes) {
      const own = stack(dtype, [m, b])
      const a = own.data
      const [v, t, r] = panel(dtype, own) as [TypedArray, TypedArray, TypedArray]
      const h = (i: number, j: number): number => {
        let sum = i === j ? 1 : 0
        for (let k = 0; k < b; k++) for (let l = k; l < b; l++) sum -= v[i * b + k]! * t[k * b + l]! * v[j * b + l]!
        return sum
      }
      const rows = Array.from({ length: m }, (_, i) => Array.from({ length: m }, (_, j) => h(i, j)))
      // rounding of m sums in each of b steps, with entries below 1
      const tolerance = 8 * Math.sqrt(m * b) * unitOf(dtype)
      rows.forEach((row, i) => {
        for (let j = 0; j < b; j++) {
          let sum = 0
          for (let k = 0; k <= j; k++) sum += row[k]! * r[k * b + j]!
          assert.ok(Math.abs(sum - a[i * b + j]!) <= tolerance, `${dtype} [${m}, ${b}]: A at ${i} ${j}`)
        }
        rows.forEach((other, j) => {
          const product = row.reduce((sum, x, k) => sum + x * other[k]!, 0)
          assert.ok(Math.abs(product - (i === j ? 1 : 0)) <= tolerance, `${dtype} [${m}, ${b}]: H Hᵀ at ${i} ${j}`)
        })
      })
    }
})

test('only R has the scale of A, down to what is denormal', () => {
  for (const [dtype, scales] of [['f32', [2 ** 100, 2 ** -100, 2 ** 124]], ['f64', [2 ** 1000, 2 ** -1000, 2 ** 1020]]] as const)
    for (const scale of scales) {
      const [v, t, r] = panel(dtype, stack(dtype, [9, 5]))
      const scaled = panel(dtype, stack(dtype, [9, 5], scale))
      assert.equal(scaled[0], v)
      assert.equal(scaled[1], t)
      assert.equal(scaled[2], r!.map((x) => x * scale))
    }
  const tiny = panel('f32', { shape: [3, 1], data: Float32Array.of(3e-45, 0, 4e-45) })
  assert.ok(tiny.every((x) => x.every(Number.isFinite)))
  assert.ok(tiny[2]![0]! < 0)
}) // biome-ignore format: a table of scales

test('a column that is zero below its diagonal is not reflected', () => {
  const [v, t, r] = panel('f64', { shape: [3, 2], data: Float64Array.of(-2, 5, 0, 7, 0, 0) })
  assert.equal(Array.from(v!), [1, 0, 0, 1, 0, 0])
  assert.equal(
    Array.from(t!, (x) => x + 0),
    [0, 0, 0, 0],
  )
  assert.equal(Array.from(r!), [-2, 5, 0, 7])
})

test('NaN and infinity reach R, in their matrix alone', () => {
  for (const bad of [NaN, Infinity]) {
    const own = stack('f32', [2, 4, 3])
    const clean = panel('f32', own)[2]!.slice(9)
    own.data[4] = bad
    const r = panel('f32', own)[2]!
    assert.ok(r.slice(0, 9).some(Number.isNaN))
    assert.equal(r.slice(9), clean)
  }
})

test.run()
