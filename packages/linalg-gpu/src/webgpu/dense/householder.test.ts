/** The panel against its reference in f64, and its behaviour at the ends of the range. */
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import type { TypedArray } from '../../dtype.js'
import { householderPanel } from '../../linalg/householder.js'
import { sizeOf } from '../../shape.js'
import { type Stack, uniformStack } from '../../wasm/dense/dense.testing.js'
import { both, unit } from './dense.testing.js'

const sizes = [[1, 1], [2, 1], [2, 2], [3, 2], [5, 5], [7, 3], [33, 32], [65, 31], [200, 17]] as const // biome-ignore format: a table

const stack = (shape: readonly number[], scale = 1): Stack => {
  const { data } = uniformStack('f32', shape, sizeOf(shape))
  return { shape, data: data.map((x) => (scale * x) / 2) as TypedArray }
}
const largest = (x: TypedArray): number => (x as Float32Array).reduce((top, one) => Math.max(top, Math.abs(one)), 0)

test('V, T and R are those of the reference', async () => {
  for (const [m, b] of sizes) {
    const { got, expected } = await both(householderPanel, [stack([2, m, b])])
    for (const one of got)
      one.forEach((x, i) => {
        // a column's error is that of m sums, and grows where what is left of a column is small
        const tolerance = 40 * m * b * unit * (1 + largest(expected[i]!))
        const wrong = Array.from(x).findIndex((value, at) => !(Math.abs(value - expected[i]![at]!) <= tolerance))
        assert.ok(wrong < 0, `[${m}, ${b}] result ${i} [${wrong}]: ${x[wrong]}, not ${expected[i]![wrong]}`)
      })
  }
})

test('A = (I − V T Vᵀ) [R; 0]', async () => {
  for (const [m, b] of [[9, 5], [40, 32]] as const) {
    const own = stack([m, b])
    for (const [v, t, r] of (await both(householderPanel, [own])).got) {
      const tolerance = 8 * Math.sqrt(m * b) * unit
      for (let i = 0; i < m; i++)
        for (let j = 0; j < b; j++) {
          let sum = i <= j ? r![i * b + j]! : 0
          for (let k = 0; k < b; k++)
            for (let l = k; l < b; l++)
              for (let p = 0; p <= j; p++) sum -= v![i * b + k]! * t![k * b + l]! * v![p * b + l]! * r![p * b + j]!
          assert.ok(Math.abs(sum - own.data[i * b + j]!) <= tolerance, `[${m}, ${b}] at ${i} ${j}`)
        }
    }
  }
}) // biome-ignore format: a table of sizes

test('only R has the scale of A', async () => {
  const { got: plain } = await both(householderPanel, [stack([9, 5])])
  for (const scale of [2 ** 100, 2 ** -100, 2 ** 124]) {
    const { got } = await both(householderPanel, [stack([9, 5], scale)])
    got.forEach((one, i) => {
      assert.equal(one[0], plain[i]![0])
      assert.equal(one[1], plain[i]![1])
      assert.equal(
        one[2],
        plain[i]![2]!.map((x) => x * scale),
      )
    })
  }
})

test('a column that is zero below its diagonal is not reflected', async () => {
  for (const [v, t, r] of (await both(householderPanel, [{ shape: [3, 2], data: Float32Array.of(-2, 5, 0, 7, 0, 0) }])).got) {
    assert.equal(Array.from(v!), [1, 0, 0, 1, 0, 0])
    assert.equal(Array.from(t!, (x) => x + 0), [0, 0, 0, 0])
    assert.equal(Array.from(r!), [-2, 5, 0, 7])
  }
}) // biome-ignore format: one line a call

test('NaN and infinity reach R, in their matrix alone', async () => {
  const clean = (await both(householderPanel, [stack([2, 4, 3])])).got
  for (const bad of [NaN, Infinity]) {
    const own = stack([2, 4, 3])
    own.data[4] = bad
    const { got } = await both(householderPanel, [own])
    got.forEach(([, , r], i) => {
      assert.ok(r!.slice(0, 9).some(Number.isNaN))
      assert.equal(r!.slice(9), clean[i]![2]!.slice(9))
    })
  }
})

test.run()
