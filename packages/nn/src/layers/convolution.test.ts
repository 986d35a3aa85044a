import { checkGrads } from '@neumann/autodiff'
import { key, ones, type Tensor } from '@neumann/linalg-gpu'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { build, messageOf, near, reader, sample, shaken, total } from '../support.testing.js'
import { type ConvolutionParams, convolution } from './convolution.js'

test('a convolution over images by loops: strides, padding, dilation, groups and bias', () => {
  for (const { strides, padding, dilation, groups } of [
    { strides: 1, padding: 0, dilation: 1, groups: 1 },
    { strides: 2, padding: 1, dilation: 1, groups: 1 },
    { strides: 1, padding: 2, dilation: 2, groups: 2 },
  ]) {
    const layer = convolution(4, 6, 3, { strides, padding, dilation, groups })
    const params = shaken(layer.init(key(0)))
    assert.equal(params.weight.shape, [6, 4 / groups, 3, 3])
    const x = sample([2, 4, 7, 6], 2)
    const [from, w, b] = [reader(x), reader(params.weight), reader(params.bias!)]
    const out = (n: number): number => Math.floor((n + 2 * padding - 2 * dilation - 1) / strides) + 1
    const shape = [2, 6, out(7), out(6)]
    const perGroup = 4 / groups
    near(
      layer.apply(params, x),
      shape,
      build(shape, (n, f, i, j) => {
        const first = Math.floor(f! / (6 / groups)) * perGroup
        const at = (o: number, k: number): number => o * strides + k * dilation - padding
        return (
          b(f!) +
          total(perGroup, (c) =>
            total(3, (k) => total(3, (l) => from(n!, first + c, at(i!, k), at(j!, l)) * w(f!, c, k, l))),
          )
        )
      }),
    )
  }
})

test('over one and three spatial axes, by the list of sizes', () => {
  const line = convolution(1, 1, [2], { bias: null })
  near(line.apply({ weight: ones([1, 1, 2]), bias: null }, ones([1, 1, 4])), [1, 1, 3], [2, 2, 2], 0)
  const solid = convolution(2, 3, [2, 1, 2])
  assert.equal(solid.apply(solid.init(key(0)), ones([1, 2, 4, 4, 4])).shape, [1, 3, 3, 4, 3])
})

test('derivatives by weights and input, orders 1 and 2', () => {
  const layer = convolution(2, 2, 2, { strides: 2, padding: 1 })
  checkGrads(
    (p: ConvolutionParams, x: Tensor) => layer.apply(p, x),
    [shaken(layer.init(key(0))), sample([1, 2, 3, 3], 3)],
  )
})

test('wrong sizes are errors that say so', () => {
  assert.is(
    messageOf(() => convolution(4, 6, 3, { groups: 3 })),
    'convolution: 4 channels and 6 filters do not both divide into 3 groups.',
  )
  assert.is(
    messageOf(() => convolution(4, 6, 0)),
    'convolution: a size of the window is a positive integer, got 0.',
  )
  assert.is(
    messageOf(() => convolution(4, 6, [])),
    'convolution: window is a size, or a list of them, got [].',
  )
  const layer = convolution(3, 6, 3)
  assert.is(
    messageOf(() => layer.apply(layer.init(key(0)), ones([2, 28, 28, 3]))),
    'convolution: x [batch, 3 channels, …] expected, got f32[2,28,28,3].',
  )
})

test.run()
