import { test } from 'uvu'
import { dtypes } from '../../dtype.js'
import { elements } from '../../wasm/special/special.testing.js'
import { agrees, hosts } from './special.testing.js'

const here = dtypes.filter((dtype) => dtype !== 'f64')

test('a stable permutation in either direction, NaN last, of all dtypes', async () => {
  for (const traits of hosts)
    for (const dtype of traits.software ? here : (['f32', 'u8'] as const))
      for (const descending of dtype === 'f32' || dtype === 'u8' ? [false, true] : [true])
        await agrees({ op: { kind: 'argsort', axis: 0, descending }, given: [elements(dtype, [77])], traits })
})

test('rows of any length along any axis', async () => {
  for (const traits of hosts) {
    for (const shape of [[0], [1], [16], [64], [65], [130], [3, 0], [0, 3], [5, 100]])
      await agrees({ op: { kind: 'argsort', axis: shape.length - 1, descending: false }, given: [elements('f32', shape)], traits })
    for (const axis of [0, 1, 2])
      await agrees({ op: { kind: 'argsort', axis, descending: true }, given: [elements('f16', [3, 70, 2])], traits })
  }
}) // biome-ignore format: a table of shapes

test('a long row of runs that are merged', async () => {
  for (const traits of hosts)
    for (const n of traits.software ? [65_537] : [4_097, 10_000])
      await agrees({ op: { kind: 'argsort', axis: 0, descending: true }, given: [elements('f32', [n], n)], traits })
})

test('all equal, in order, and in reverse order', async () => {
  for (const traits of hosts)
    for (const of of [() => 5, (i: number) => i, (i: number) => -i]) {
      const { type, data } = elements('i32', [300])
      await agrees({ op: { kind: 'argsort', axis: 0, descending: false }, given: [{ type, data: data.map((_, i) => of(i)) }], traits })
    }
}) // biome-ignore format: one line a call

test('in one arena, begun at an element told at run time, and behind a gate', async () => {
  const given = [elements('u8', [2, 100])]
  const op = { kind: 'argsort', axis: 1, descending: false } as const
  for (const traits of hosts) {
    for (const standing of ['arena', 'shifted'] as const) await agrees({ op, given, traits, standing })
    for (const open of [true, false]) await agrees({ op, given, traits, gated: true, open })
  }
})

test.run()
