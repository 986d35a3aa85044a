import { test } from 'uvu'
import { type DType, dtypes } from '../../dtype.js'
import { typeOf } from '../../program/type.js'
import { elements } from '../../wasm/special/special.testing.js'
import { agrees, hosts, type Standing } from './special.testing.js'

const here = dtypes.filter((dtype) => dtype !== 'f64')

test('argmax and argmin of all dtypes: the first of equals, NaN wins', async () => {
  for (const traits of hosts)
    for (const dtype of here)
      for (const fn of ['max', 'min'] as const)
        await agrees({ op: { kind: 'argReduce', fn, axis: 1 }, given: [elements(dtype, [5, 67])], traits })
})

test('any axis, rows of one element, no rows', async () => {
  for (const traits of hosts)
    for (const [shape, axis] of [[[1], 0], [[40], 0], [[3, 40, 5], 0], [[3, 40, 5], 1], [[3, 40, 5], 2], [[0, 40], 1], [[40, 0], 0]] as const)
      for (const dtype of ['f32', 'u8'] as const)
        await agrees({ op: { kind: 'argReduce', fn: 'max', axis }, given: [elements(dtype, shape)], traits })
}) // biome-ignore format: a table of shapes

test('a long row goes in pieces', async () => {
  for (const traits of hosts)
    for (const special of [true, false])
      await agrees({ op: { kind: 'argReduce', fn: 'min', axis: 0 }, given: [elements('f32', [65_537], 3, special)], traits })
}) // biome-ignore format: one line a call

test('infinities and zeros of both signs, and nothing but the least key', async () => {
  const row = (values: readonly number[]) => ({
    type: typeOf('f32' as DType, [values.length]),
    data: Float32Array.from(values),
  })
  for (const traits of hosts)
    for (const fn of ['max', 'min'] as const)
      for (const values of [[-0, 0], [0, -0], [-Infinity, -Infinity], [Infinity, 1, Infinity], [-3, -2, -2], [1, NaN, NaN]])
        for (const times of [1, 30])
          await agrees({ op: { kind: 'argReduce', fn, axis: 0 }, given: [row(Array(times).fill(values).flat())], traits })
  for (const fn of ['max', 'min'] as const)
    await agrees({ op: { kind: 'argReduce', fn, axis: 0 }, given: [{ type: typeOf('u32', [70]), data: new Uint32Array(70).fill(fn === 'max' ? 0 : 2 ** 32 - 1) }], traits: hosts[1]! })
}) // biome-ignore format: a table of rows

test('in one arena, begun at an element told at run time, and behind a gate', async () => {
  const given = [elements('f16', [3, 67])]
  const op = { kind: 'argReduce', fn: 'max', axis: 1 } as const
  for (const traits of hosts) {
    for (const standing of ['arena', 'shifted'] satisfies Standing[]) await agrees({ op, given, traits, standing })
    for (const open of [true, false]) await agrees({ op, given, traits, gated: true, open })
  }
})

test.run()
