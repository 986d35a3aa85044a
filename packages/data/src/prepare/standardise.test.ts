import { test } from 'uvu'
import * as assert from 'uvu/assert'
import type { NdArray } from '../ndarray.js'
import { standardisation, standardise, undoStandardise } from './standardise.js'

const f64 = (shape: readonly number[], ...values: readonly number[]): NdArray<Float64Array> => ({
  data: Float64Array.from(values),
  shape,
})

test('columns: means and sample deviations, and the same applied to other rows', () => {
  const s = standardisation(f64([4, 2], 1, 10, 2, 20, 3, 30, 4, 40))
  assert.equal([...s.mean], [2.5, 25])
  // 5/3 and 500/3, by hand; sums of four terms and a root: a few units in the last place
  assert.ok(Math.abs(s.deviation[0]! / Math.sqrt(5 / 3) - 1) < 4 * 2 ** -52)
  assert.ok(Math.abs(s.deviation[1]! / Math.sqrt(500 / 3) - 1) < 4 * 2 ** -52)
  const { data } = standardise(s)(f64([1, 2], 2.5 + Math.sqrt(5 / 3), 25))
  assert.ok(Math.abs(data[0]! - 1) < 8 * 2 ** -52)
  assert.is(data[1], 0)
})

test('constant columns are named and become 0, also where their sum is rounded', () => {
  const s = standardisation(f64([3, 3], 0.1, 1, 7, 0.1, 2, 7, 0.1, 3, 7))
  assert.equal(s.constant, [0, 2])
  assert.equal([s.mean[0], s.deviation[0], s.deviation[2]], [0.1, 1, 1])
  assert.equal([...standardise(s)(f64([1, 3], 0.1, 2, 8)).data], [0, 0, 1])
})

test('one row: all columns are constant', () => {
  assert.equal(standardisation(f64([1, 2], 3, -4)).constant, [0, 1])
})

test('a mean of a million millions leaves the deviation its digits', () => {
  const s = standardisation(f64([4, 1], 1e12, 1e12 + 1, 1e12 + 2, 1e12 + 3))
  // the sum's rounding moves the mean by 4 ulp of 1e12 at most, 2⁻¹¹, which the deviation feels squared
  assert.ok(Math.abs(s.deviation[0]! - Math.sqrt(5 / 3)) < 2 ** -20)
})

test('per channel and per array, from bytes, which become f32', () => {
  const x = { data: Uint8Array.of(0, 2, 10, 30, 4, 6, 50, 70), shape: [2, 2, 2] }
  const channels = standardisation(x, { per: 'channel' })
  assert.equal([...channels.mean], [3, 40])
  const { data, shape } = standardise(channels)(x)
  assert.instance(data, Float32Array)
  assert.equal(shape, [2, 2, 2])
  assert.is(data[0], Math.fround(-3 / channels.deviation[0]!))
  assert.is(data[7], Math.fround(30 / channels.deviation[1]!))
  assert.equal([...standardisation(x, { per: 'array' }).mean], [21.5])
})

test('undoing gives back what was there', () => {
  const x = f64([3, 2], 1, -5, 2.5, 7, 1e3, 7.5)
  const s = standardisation(x)
  const back = undoStandardise(s)(standardise(s)(x))
  // three roundings at the size of the largest value of a column
  x.data.forEach((value, at) => assert.ok(Math.abs(back.data[at]! - value) <= 3 * 2 ** -53 * 1e3))
})

test('what has no statistics, and statistics of something else, throw', () => {
  assert.throws(() => standardisation(f64([0, 2])), /standardisation: no rows/)
  assert.throws(() => standardisation(f64([2, 1], 1, NaN)), /row 1 holds NaN/)
  assert.throws(() => standardisation(f64([3], 1, 2)), /shape \[3\] takes 3 elements, the data has 2/)
  const s = standardisation(f64([2, 2], 1, 2, 3, 4))
  assert.throws(
    () => standardise(s)(f64([1, 3], 1, 2, 3)),
    /standardise: the statistics are of 2 columns, the array has 3/,
  )
  assert.throws(() => standardisation(f64([2], 1, 2), { per: 'channel' }), /has no axis of channels/)
})

test.run()
