/** The elimination on wasm against its oracle, and the law P A = L U, for matrices of the sizes that the kernel takes at once. */

import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { luKernel } from '../../linalg/lu.js'
import { both, eliminationDefect, type FloatName, uniformStack, unitOf } from './dense.testing.js'

const shapes = [
  [0, 0], [0, 3], [3, 0], [1, 1], [2, 2], [3, 3], [4, 4], [5, 5], [7, 9], [8, 8], [9, 7], [31, 31], [32, 32], [65, 32],
  [130, 17], [5, 40], [3, 2, 2], [1000, 4, 4], [2, 3, 6, 5], [0, 4, 4],
] // biome-ignore format: a list

for (const dtype of ['f32', 'f64'] as FloatName[]) {
  for (const shape of shapes)
    test(`${dtype} [${shape}]: the rows and the sign of the oracle, and P A = L U`, () => {
      const given = uniformStack(dtype, shape)
      const { got, expected } = both(luKernel, dtype, given)
      assert.equal(got[1], expected[1])
      assert.equal(got[2], expected[2])
      const steps = Math.min(...shape.slice(-2))
      // each element is a sum of so many rounded terms
      assert.ok(eliminationDefect(given, got[0]!, got[1]!) <= (steps + 1) * unitOf(dtype))
      assert.ok(eliminationDefect(given, expected[0]!, expected[1]!) <= (steps + 1) * unitOf(dtype))
    })

  test(`${dtype}: a column without a pivot is left as it is, and the next one is searched`, () => {
    const singular = uniformStack(dtype, [3, 3])
    singular.data.set([0, 0, 1, 0, 0, 2, 0, 4, 4])
    const { got, expected } = both(luKernel, dtype, singular)
    assert.equal(got, expected)
    assert.equal(Array.from(got[0]!), [0, 0, 1, 0, 4, 4, 0, 0, 2])
    assert.equal(Array.from(got[1]!), [0, 2, 1])
    assert.equal(Array.from(got[2]!), [-1])
  })

  test(`${dtype}: NaN and infinities stay in their matrix, and reach its pivots`, () => {
    for (const odd of [Number.NaN, Infinity, -Infinity])
      for (let at = 9; at < 18; at++) {
        const stack = uniformStack(dtype, [3, 3, 3])
        const clean = both(luKernel, dtype, stack).got
        stack.data[at] = odd
        for (const one of Object.values(both(luKernel, dtype, stack))) {
          const packed = Array.from(one[0]!)
          assert.equal(Array.from(one[1]!).slice(0, 3), Array.from(clean[1]!).slice(0, 3))
          assert.ok(packed.every((x, i) => (i >= 9 && i < 18) || Number.isFinite(x)))
          assert.ok([9, 13, 17].some((i) => !Number.isFinite(packed[i]!)))
        }
      }
  })
}

test.run()
