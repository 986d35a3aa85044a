import { checkGrads } from '@neumann/autodiff'
import { ones, type Tensor } from '@neumann/linalg-gpu'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { build, messageOf, near, reader, sample, total } from '../support.testing.js'
import { averagePooling, globalAverage, maxPooling } from './pooling.js'

const x = sample([2, 3, 5, 6])
const from = reader(x)

test('maxPooling as in ResNet, 3 × 3 by strides of 2 with a border that never wins', () => {
  near(
    maxPooling(3, { strides: 2, padding: 1 })(x),
    [2, 3, 3, 3],
    build([2, 3, 3, 3], (n, c, i, j) =>
      Math.max(
        ...build([3, 3], (k, l) => {
          const [p, q] = [2 * i! + k! - 1, 2 * j! + l! - 1]
          return p >= 0 && p < 5 && q >= 0 && q < 6 ? from(n!, c!, p, q) : -Infinity
        }),
      ),
    ),
    0,
  )
})

test('averagePooling: windows side by side, what is left over is left out', () => {
  near(
    averagePooling(2)(x),
    [2, 3, 2, 3],
    build([2, 3, 2, 3], (n, c, i, j) => total(2, (k) => total(2, (l) => from(n!, c!, 2 * i! + k, 2 * j! + l))) / 4),
  )
})

test('globalAverage: one number a channel, over any number of spatial axes', () => {
  near(
    globalAverage(x),
    [2, 3],
    build([2, 3], (n, c) => total(5, (i) => total(6, (j) => from(n!, c!, i, j))) / 30),
  )
  near(globalAverage(ones([1, 2, 3])), [1, 2], [1, 1], 0)
})

test('derivatives, orders 1 and 2', () => {
  for (const f of [maxPooling(2), averagePooling(2), globalAverage]) checkGrads((v: Tensor) => f(v), [x])
})

test('what has no spatial axis is refused', () => {
  assert.is(
    messageOf(() => globalAverage(ones([2, 3]))),
    'globalAverage: x [batch, channels, …spatial] expected, got f32[2,3].',
  )
})

test.run()
