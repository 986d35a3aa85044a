/** Products against those in f64, rounded. */
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { productKernel } from '../../linalg/product.js'
import { uniformStack } from '../../wasm/dense/dense.testing.js'
import { both, unit } from './dense.testing.js'

test('rows of any length', async () => {
  for (const shape of [
    [1, 0],
    [3, 1],
    [5, 17],
    [0, 4],
  ]) {
    const stack = uniformStack('f32', shape)
    stack.data.forEach((x, i) => {
      stack.data[i] = x * 3
    })
    const { got, expected } = await both(productKernel, [stack])
    for (const [x] of got)
      x!.forEach((value, i) => {
        assert.ok(Math.abs(value - expected[0]![i]!) <= 2 * shape[1]! * unit * Math.abs(expected[0]![i]!))
      })
  }
})

test('nothing overflows or vanishes on the way, and what is odd arrives', async () => {
  for (const [row, product] of [[[2 ** 100, 2 ** 100, 2 ** -100, 2 ** -90], 2 ** 10], [[2 ** -100, 2 ** -100, 2 ** 100, 2 ** 90], 2 ** -10],
    [[2 ** 100, 2 ** 100, 2, 2], Infinity], [[NaN, 2, 0, 1], NaN], [[Infinity, 0, 1, 1], NaN], [[-3, 0, 1, 1], -0]] as const)
    for (const [x] of (await both(productKernel, [{ shape: [1, 4], data: Float32Array.from(row) }])).got)
      assert.ok(Object.is(x![0], product), `${row}: ${x![0]}`)
}) // biome-ignore format: a table of rows

test.run()
