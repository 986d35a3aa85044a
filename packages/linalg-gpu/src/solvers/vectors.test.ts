import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { array, item } from '../index.js'
import { defaultDevice } from '../run/onDevice.js'
import { length, scaleOf } from './vectors.js'

const norm = (values: readonly number[], dtype: 'f32' | 'f64'): number =>
  item(length(array(values, { dtype }))) as number

const ulp = { f32: 2 ** -23, f64: 2 ** -52 }

for (const [dtype, sizes] of [
  // where subnormal numbers are 0, all elements but the least are to be none
  ['f32', [defaultDevice().name === 'webgpu' ? 1e-35 : 1e-37, 1e-30, 1e-18, 1, 1e18, 1e30, 1e37]],
  ['f64', [1e-300, 1e-160, 1e-150, 1, 1e150, 1e160, 1e300]],
] as const)
  test(`a length in ${dtype} is that of a scaled copy, scaled back, at any size of the elements`, () => {
    const values = Array.from({ length: 257 }, (_, i) => Math.sin(i + 1))
    const one = Math.hypot(...values)
    for (const size of sizes) {
      const got = norm(
        values.map((v) => v * size),
        dtype,
      )
      assert.ok(Math.abs(got / size / one - 1) < 8 * ulp[dtype], `${size}: ${got / size} is not ${one}`)
    }
  })

test('elements of sizes far apart: the large ones count', () => {
  assert.ok(Math.abs(norm([1e-30, 3e18, 4e18], 'f32') / 5e18 - 1) < 4 * ulp.f32)
  assert.ok(Math.abs(norm([3e-25, 4e-25, 1e-37], 'f32') / 5e-25 - 1) < 4 * ulp.f32)
})

test('nothing has no length; NaN and infinity show', () => {
  assert.is(norm([], 'f32'), 0)
  assert.is(norm([0, 0], 'f32'), 0)
  assert.ok(Number.isNaN(norm([1, NaN], 'f32')))
  assert.is(norm([1, -Infinity], 'f64'), Infinity)
})

test('the scale of what is zero or not finite is 1', () => {
  for (const values of [[0, 0], [NaN, 1], [Infinity, 1], []]) assert.is(item(scaleOf(array(values))), 1)
  assert.is(item(scaleOf(array([1, -7, 3]))), 7)
})

test.run()
