import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { type DType, isFloat } from '../../dtype.js'
import { adding, elements, type Given } from '../../wasm/special/special.testing.js'
import { agrees, hosts, ran, shown } from './special.testing.js'

const here = adding.filter((dtype) => dtype !== 'f64')
const ulp = (dtype: DType): number => (dtype === 'f16' ? 2 ** -10 : 2 ** -23)

/** Roundings of a sum of n terms in three levels, or in a tree, of the sum of magnitudes; and one where it is stored. */
const tolerance = ({ type, data }: Given, n: number): (() => number) | undefined => {
  if (!isFloat(type.dtype)) return undefined
  const values = shown(type.dtype, data).map((x) => (Number.isFinite(x) ? Math.abs(x) : 0))
  const most = Math.max(...values.map((_, i) => values.slice(i, i + n).reduce((a, x) => a + x, 0)).slice(0, 200), 0)
  return () => most * (2 ** -24 * (3 * Math.cbrt(n) + 20) + ulp(type.dtype))
}

test('all dtypes that add, in either direction, along any axis', async () => {
  for (const traits of hosts)
    for (const dtype of here)
      for (const [shape, axis] of [[[3, 70], 1], [[1], 0], [[70, 3], 0], [[2, 3, 40], 1], [[0, 4], 1], [[4, 0], 1]] as const)
        for (const reverse of [false, true]) {
          const given = elements(dtype, shape, 3, false)
          await agrees({ op: { kind: 'cumsum', axis, reverse }, given: [given], traits }, tolerance(given, given.data.length))
        }
}) // biome-ignore format: a table of shapes

test('NaN and infinity go on, and no further back', async () => {
  for (const traits of hosts)
    for (const [at, value] of [[0, NaN], [5, Infinity], [69, -Infinity]] as const) {
        const given = elements('f32', [70], 3, false)
        given.data[at] = value
        given.data[60] = Infinity
        for (const reverse of [false, true])
          await agrees({ op: { kind: 'cumsum', axis: 0, reverse }, given: [given], traits }, tolerance(given, 70))
      }
}) // biome-ignore format: a table of values

test('a long row: few roundings, the same bits from run to run', async () => {
  const n = 65_537
  const data = Float32Array.from({ length: n }, (_, i) => 1 + (i % 7) / 3)
  const given = { ...elements('f32', [n]), data }
  for (const traits of hosts) {
    const one = { op: { kind: 'cumsum', axis: 0, reverse: false }, given: [given], traits } as const
    const [first, second] = [await ran(one), await ran(one)]
    const [own, wanted] = [first.got[0]!, first.expected[0]!]
    // all terms are positive: each of the 3 ∛n roundings is of the sum so far at the most, and they are of either sign
    const worst = Array.from(wanted).reduce((most, x, i) => Math.max(most, Math.abs(own[i]! - x) / x), 0)
    assert.ok(worst < 1e-6, `${worst}`)
    assert.equal(own, second.got[0])
    const ints = elements('i32', [n])
    await agrees({ op: { kind: 'cumsum', axis: 0, reverse: true }, given: [ints], traits })
  }
})

test('in one arena, begun at an element told at run time, and behind a gate', async () => {
  for (const dtype of ['f16', 'i32'] as const) {
    const given = [elements(dtype, [3, 67], 1, false)]
    const op = { kind: 'cumsum', axis: 1, reverse: false } as const
    // sums of an f16 of size up to 64 that are rounded once from f32
    const close = dtype === 'f16' ? tolerance(given[0]!, 67) : undefined
    for (const traits of hosts) {
      for (const standing of ['arena', 'shifted'] as const) await agrees({ op, given, traits, standing }, close)
      for (const open of [true, false]) await agrees({ op, given, traits, gated: true, open }, close)
    }
  }
})

test.run()
