import { test } from 'uvu'
import { dtypes, isFloat } from '../../dtype.js'
import { agrees, elements, places } from './special.testing.js'

test('elements and rows of all dtypes, a fill where the index is out of range', () => {
  for (const dtype of dtypes)
    for (const rest of [[], [3], [2, 5], [16], [67], [0]])
      for (const fill of [0, isFloat(dtype) ? NaN : 1])
        agrees({ kind: 'gather', batch: 0, fill }, elements(dtype, [9, ...rest]), places([3, 7], 9))
})

test('batches of their own indices', () => {
  for (const dtype of dtypes)
    for (const rest of [[], [3]])
      agrees({ kind: 'gather', batch: 2, fill: 1 }, elements(dtype, [2, 3, 5, ...rest]), places([2, 3, 4], 5))
})

test('nothing to read from, no indices, one index', () => {
  for (const [n, shape] of [[0, [5]], [3, [0]], [3, []]] as const)
    for (const rest of [[], [4]]) agrees({ kind: 'gather', batch: 0, fill: 7 }, elements('f32', [n, ...rest]), places(shape, n))
  agrees({ kind: 'gather', batch: 1, fill: 7 }, elements('f32', [0, 3]), places([0, 2], 3))
}) // biome-ignore format: a table

test('whole rows are moved bit by bit', () => {
  const { type, data } = elements('f32', [5, 300])
  new Int32Array(data.buffer).forEach((_, i, bits) => {
    bits[i] = 0x7f800001 + i
  })
  agrees({ kind: 'gather', batch: 0, fill: 0 }, { type, data }, places([40], 5))
})

test.run()
