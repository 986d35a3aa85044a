import { checkGrads } from '@neumann/autodiff'
import { key, ones, type Tensor } from '@neumann/linalg-gpu'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { build, double, elements, messageOf, near, reader, sample, shaken } from '../support.testing.js'
import { groupNorm } from './groupNorm.js'
import { layerNorm } from './layerNorm.js'
import type { NormParams } from './normalise.js'

const epsilon = 1e-2

/** (v − μ) / √(σ² + ε) of a list. */
const standard = (list: readonly number[]): number[] => {
  const mean = list.reduce((a, b) => a + b, 0) / list.length
  const variance = list.reduce((a, b) => a + (b - mean) ** 2, 0) / list.length
  return list.map((v) => (v - mean) / Math.sqrt(variance + epsilon))
}

test('layerNorm over one and over two last axes, by loops', () => {
  const x = sample([4, 3, 5], 2)
  for (const sizes of [[5], [3, 5]]) {
    const layer = layerNorm(sizes, { epsilon })
    const params = shaken(layer.init(key(0)))
    const n = sizes.reduce((a, b) => a * b, 1)
    const [scale, shift] = [elements(params.scale), elements(params.shift)]
    const all = elements(x)
    const want = Array.from({ length: 60 / n }, (_, i) =>
      standard(all.slice(i * n, (i + 1) * n)).map((v, j) => scale[j]! * v + shift[j]!),
    )
    near(layer.apply(params, x), x.shape, want.flat())
  }
})

test('groupNorm by loops: neighbouring channels are a group', () => {
  const x = sample([2, 6, 4], 3)
  const from = reader(x)
  for (const groups of [1, 2, 3, 6]) {
    const layer = groupNorm(groups, 6, { epsilon })
    const params = shaken(layer.init(key(0)))
    const [scale, shift] = [reader(params.scale), reader(params.shift)]
    const size = 6 / groups
    near(
      layer.apply(params, x),
      x.shape,
      build(x.shape, (n, c, p) => {
        const first = Math.floor(c! / size) * size
        const list = build([size, 4], (i, q) => from(n!, first + i!, q!))
        return scale(c!) * standard(list)[(c! - first) * 4 + p!]! + shift(c!)
      }),
      undefined,
      `${groups} groups`,
    )
  }
})

test('one group is layerNorm over all of the example, where scales are ones', () => {
  const x = sample([2, 4, 3], 5)
  const [group, layer] = [groupNorm(1, 4), layerNorm([4, 3])]
  near(group.apply(double(group.init(key(0))), x), x.shape, elements(layer.apply(double(layer.init(key(0))), x)))
})

test('derivatives by weights and input, orders 1 and 2', () => {
  const [group, layer] = [groupNorm(2, 4), layerNorm(3)]
  checkGrads((p: NormParams, v: Tensor) => group.apply(p, v), [shaken(group.init(key(0))), sample([2, 4, 2], 4)])
  checkGrads((p: NormParams, v: Tensor) => layer.apply(p, v), [shaken(layer.init(key(0))), sample([2, 3], 4)])
})

test('wrong sizes are errors that say so', () => {
  const layer = layerNorm([2, 3])
  assert.is(
    messageOf(() => layer.apply(layer.init(key(0)), ones([3, 2]))),
    'layerNorm: the last axes of x are [2, 3], got f32[3,2].',
  )
  assert.is(
    messageOf(() => layer.apply(layer.init(key(0)), ones([3]))),
    'layerNorm: the last axes of x are [2, 3], got f32[3].',
  )
  assert.is(
    messageOf(() => layerNorm([])),
    'layerNorm: shape names no axis: one size or more expected.',
  )
  assert.is(
    messageOf(() => groupNorm(3, 4)),
    'groupNorm: 4 channels do not divide into 3 groups.',
  )
})

test.run()
