import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { isFloat } from '../../dtype.js'
import { adding, elements, type Given, places } from '../../wasm/special/special.testing.js'
import { agrees, hosts, ran, shown } from './special.testing.js'

const here = adding.filter((dtype) => dtype !== 'f64')

/** Roundings of the sum of all magnitudes: more than of any row. */
const tolerance = ({ type, data }: Given): (() => number) | undefined => {
  if (!isFloat(type.dtype)) return undefined
  const all = shown(type.dtype, data).reduce((a, x) => a + (Number.isFinite(x) ? Math.abs(x) : 0), 0)
  return () => all * (2 ** -24 * (3 * Math.cbrt(data.length) + 10)) + (type.dtype === 'f16' ? 2 ** -10 * 64 : 0)
}

test('rows of all dtypes that add, out of range dropped, of few updates and of many', async () => {
  for (const traits of hosts)
    for (const dtype of here)
      for (const count of [7, 90])
        for (const rest of [[], dtype === 'f16' ? [3] : [2, 4]]) {
          const given = elements(dtype, [count, ...rest], 2, false)
          await agrees(
            { op: { kind: 'scatterAdd', batch: 0, size: 9 }, given: [given, places([count], 9)], traits },
            tolerance(given),
          )
        }
})

test('NaN and infinities reach their own row alone', async () => {
  for (const traits of hosts)
    for (const count of [9, 99]) {
      const given = elements('f32', [count], 2, true)
      await agrees({ op: { kind: 'scatterAdd', batch: 0, size: 40 }, given: [given, places([count], 40)], traits }, tolerance(given))
    }
}) // biome-ignore format: one line a call

test('batches of their own indices', async () => {
  for (const traits of hosts)
    for (const dtype of ['f32', 'f16', 'i32'] as const)
      for (const each of [4, 60])
        for (const rest of [[], [2]]) {
          const given = elements(dtype, [2, 3, each, ...rest], 1, false)
          await agrees({ op: { kind: 'scatterAdd', batch: 2, size: 5 }, given: [given, places([2, 3, each], 5)], traits }, tolerance(given))
        }
}) // biome-ignore format: one line a call

test('nowhere to add, nothing to add, one index', async () => {
  for (const [size, shape] of [[0, [5]], [3, [0]], [3, []], [1, [4]]] as const)
    for (const rest of [[], [4]])
      await agrees({ op: { kind: 'scatterAdd', batch: 0, size }, given: [elements('f32', [...shape, ...rest], 1, false), places(shape, size)] }, () => 1e-4)
}) // biome-ignore format: a table of shapes

test('many updates of one row: few roundings, the same bits from run to run', async () => {
  for (const [traits, n, size] of [[hosts[0]!, 65_537, 3], [hosts[0]!, 65_537, 70_000], [hosts[1]!, 4_097, 3]] as const) {
    const given = { ...elements('f32', [n]), data: Float32Array.from({ length: n }, (_, i) => 1 + (i % 7) / 3) }
    const one = { op: { kind: 'scatterAdd', batch: 0, size }, given: [given, places([n], size)], traits } as const
    const [first, second] = [await ran(one), await ran(one)]
    const worst = Array.from(first.expected[0]!).reduce((most, x, i) => Math.max(most, Math.abs(first.got[0]![i]! - x) / Math.max(1, x)), 0)
    assert.ok(worst < 1e-6, `${worst}`)
    assert.equal(first.got[0], second.got[0])
  }
}) // biome-ignore format: a table of sizes

test('in one arena, begun at an element told at run time, and behind a gate', async () => {
  for (const dtype of ['f32', 'f16'] as const)
    for (const count of [20, 60]) {
      const given = [elements(dtype, [count, 3], 1, false), places([count], 9)]
      const op = { kind: 'scatterAdd', batch: 0, size: 9 } as const
      for (const traits of hosts) {
        const close = tolerance(given[0]!)
        for (const standing of ['arena', 'shifted'] as const) await agrees({ op, given, traits, standing }, close)
        for (const open of [true, false]) await agrees({ op, given, traits, gated: true, open }, close)
      }
    }
})

test.run()
