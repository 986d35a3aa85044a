/** The elimination against its oracle, and the law P A = L U. */
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { luKernel } from '../../linalg/lu.js'
import { eliminationDefect, uniformStack } from '../../wasm/dense/dense.testing.js'
import { both, unit } from './dense.testing.js'

const shapes = [[0, 3], [3, 0], [1, 1], [2, 2], [5, 5], [9, 7], [7, 9], [32, 32], [130, 17], [3, 2, 2], [2, 3, 6, 5], [0, 4, 4]] // biome-ignore format: a list

test('the rows and the sign of the oracle, and P A = L U', async () => {
  for (const shape of shapes) {
    const given = uniformStack('f32', shape)
    const { got, expected } = await both(luKernel, [given])
    const steps = Math.min(...shape.slice(-2))
    for (const [packed, order, sign] of got) {
      assert.equal(order, expected[1])
      assert.equal(sign, expected[2])
      // each element is a sum of so many rounded terms, and a quotient
      assert.ok(eliminationDefect(given, packed!, order!) <= (steps + 5) * unit, `[${shape}]`)
    }
  }
})

test('a column without a pivot is left as it is, and the next one is searched', async () => {
  const { got } = await both(luKernel, [{ shape: [3, 3], data: Float32Array.of(0, 0, 1, 0, 0, 2, 0, 4, 4) }])
  for (const [packed, order, sign] of got) {
    assert.equal(Array.from(packed!), [0, 0, 1, 0, 4, 4, 0, 0, 2])
    assert.equal([Array.from(order!), Array.from(sign!)], [[0, 2, 1], [-1]])
  }
})

test('NaN and infinities stay in their matrix, and reach its pivots', async () => {
  for (const odd of [Number.NaN, Infinity])
    for (const at of [9, 13, 15]) {
      const stack = uniformStack('f32', [3, 3, 3])
      stack.data[at] = odd
      for (const [packed] of (await both(luKernel, [stack])).got) {
        assert.ok(packed!.every((x, i) => (i >= 9 && i < 18) || Number.isFinite(x)))
        assert.ok([9, 13, 17].some((i) => !Number.isFinite(packed![i]!)))
      }
    }
})

test.run()
