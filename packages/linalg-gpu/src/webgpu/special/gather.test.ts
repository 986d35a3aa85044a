import { test } from 'uvu'
import { dtypes, isFloat } from '../../dtype.js'
import { elements, places } from '../../wasm/special/special.testing.js'
import { agrees } from './special.testing.js'

const here = dtypes.filter((dtype) => dtype !== 'f64')

test('elements and rows of all dtypes, a fill where the index is out of range', async () => {
  for (const dtype of here)
    for (const rest of [[], [3], [2, 4]])
      for (const fill of isFloat(dtype) ? [-0, NaN, 2 ** -24] : [1])
        await agrees({ op: { kind: 'gather', batch: 0, fill }, given: [elements(dtype, [9, ...rest]), places([3, 7], 9)] })
}) // biome-ignore format: one line a call

test('batches of their own indices', async () => {
  for (const dtype of ['f32', 'f16', 'bool'] as const)
    for (const rest of [[], [3]])
      await agrees({ op: { kind: 'gather', batch: 2, fill: 1 }, given: [elements(dtype, [2, 3, 5, ...rest]), places([2, 3, 4], 5)] })
}) // biome-ignore format: one line a call

test('nothing to read from, no indices, one index, many', async () => {
  for (const [n, shape] of [[0, [5]], [3, [0]], [3, []], [70_000, [65_537]]] as const)
    for (const dtype of ['f32', 'i8'] as const)
      await agrees({ op: { kind: 'gather', batch: 0, fill: 1 }, given: [elements(dtype, [n]), places(shape, n)] })
}) // biome-ignore format: a table of shapes

test('in one arena, begun at an element told at run time, and behind a gate', async () => {
  for (const dtype of ['f32', 'f16', 'u8'] as const) {
    const given = [elements(dtype, [9, 3]), places([7], 9)]
    const op = { kind: 'gather', batch: 0, fill: 0 } as const
    for (const standing of ['arena', 'shifted'] as const) await agrees({ op, given, standing })
    for (const open of [true, false]) await agrees({ op, given, gated: true, open })
  }
})

test.run()
