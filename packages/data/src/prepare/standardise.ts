/** Columns of mean 0 and deviation 1, by the statistics of the rows that are learned from.
 *
 *      z = (x − m) / s,    m = Σ x / n,    s² = Σ (x − m)² / (n − 1)
 *
 *  Behaviour  a constant column has no deviation: s is 1 there, so that it becomes 0, and `constant` names it. The mean
 *             is summed first and subtracted before squaring, so that a large mean costs no digits of s.
 *  Shapes     x [rows, …]; m and s have one element for each column, each channel (axis 1), or in all.
 *  Cost       two passes over the rows.
 *  Laws       undoStandardise(s)(standardise(s)(x)) = x, up to rounding. */

import { fail } from '../errors.js'
import { type Elements, type NdArray, rowLength } from '../ndarray.js'

/** Statistics: a plain value, to be kept with a model. */
export interface Standardisation {
  readonly mean: Float64Array
  /** 1 where a group is constant. */
  readonly deviation: Float64Array
  /** The groups that are constant, by number. */
  readonly constant: readonly number[]
  readonly per: 'column' | 'channel' | 'array'
}

/** The statistics of an array: give it the rows to learn from, and apply them to all.
 *  @example
 *  const s = standardisation({ data: Float64Array.of(1, 5, 3, 5), shape: [2, 2] })
 *  s // => { mean: Float64Array(2) [ 2, 5 ], deviation: Float64Array(2) [ 1.4142135623730951, 1 ],
 *  //        constant: [ 1 ], per: 'column' } */
export const standardisation = (
  x: NdArray,
  { per = 'column' }: { readonly per?: Standardisation['per'] } = {},
): Standardisation => {
  const { groups, width } = groupsOf('standardisation', x, per)
  const rows = x.shape[0]!
  if (rows === 0) fail('standardisation', 'no rows, so no mean: give it the rows that are learned from.')
  const mean = new Float64Array(groups)
  const deviation = new Float64Array(groups)
  const least = new Float64Array(groups).fill(Infinity)
  const most = new Float64Array(groups).fill(-Infinity)
  const n = rows * width
  for (let row = 0, at = 0; row < rows; row++)
    for (let group = 0; group < groups; group++)
      for (let k = 0; k < width; k++, at++) {
        const value = x.data[at]!
        if (!Number.isFinite(value))
          fail('standardisation', `row ${row} holds ${value}, which has no mean: leave it out or fill it in.`)
        mean[group]! += value
        least[group] = Math.min(least[group]!, value)
        most[group] = Math.max(most[group]!, value)
      }
  const constant = [...mean.keys()].filter((group) => least[group] === most[group])
  for (let group = 0; group < groups; group++) mean[group]! /= n
  // n times a value, divided by n, need not be the value
  for (const group of constant) mean[group] = least[group]!
  for (let row = 0, at = 0; row < rows; row++)
    for (let group = 0; group < groups; group++)
      for (let k = 0; k < width; k++, at++) deviation[group]! += (x.data[at]! - mean[group]!) ** 2 / (n - 1)
  for (let group = 0; group < groups; group++) deviation[group] = Math.sqrt(deviation[group]!)
  for (const group of constant) deviation[group] = 1
  return { mean, deviation, constant, per }
}

/** z = (x − m) / s: f64 for f64, f32 for all else.
 *  @example
 *  const s = standardisation({ data: Float64Array.of(1, 5, 3, 5), shape: [2, 2] })
 *  standardise(s)({ data: Float64Array.of(4, 6), shape: [1, 2] })
 *  // => { data: Float64Array(2) [ 1.414213562373095, 1 ], shape: [ 1, 2 ] } */
export const standardise = (s: Standardisation): Apply =>
  mapped('standardise', s, (value, m, deviation) => (value - m) / deviation)

/** x = m + s z: predictions in the unit of the targets. */
export const undoStandardise = (s: Standardisation): Apply =>
  mapped('undoStandardise', s, (value, m, deviation) => m + deviation * value)

type Apply = <T extends Elements>(x: NdArray<T>) => NdArray<T extends Float64Array ? Float64Array : Float32Array>

const mapped =
  (caller: string, { mean, deviation, per }: Standardisation, f: (x: number, m: number, s: number) => number): Apply =>
  <T extends Elements>(x: NdArray<T>) => {
    const { groups, width } = groupsOf(caller, x, per)
    if (groups !== mean.length)
      fail(caller, `the statistics are of ${mean.length} columns, the array has ${groups}: use those of its own kind.`)
    const data = x.data instanceof Float64Array ? new Float64Array(x.data.length) : new Float32Array(x.data.length)
    for (let at = 0; at < data.length; at++) {
      const group = Math.floor(at / width) % groups
      data[at] = f(x.data[at]!, mean[group]!, deviation[group]!)
    }
    return { data, shape: x.shape } as NdArray<T extends Float64Array ? Float64Array : Float32Array>
  }

/** How many groups a row has, and how many neighbours make one. */
const groupsOf = (caller: string, x: NdArray, per: Standardisation['per']) => {
  const length = rowLength(caller, x)
  if (per === 'channel' && x.shape.length < 2) fail(caller, `shape [${x.shape.join(', ')}] has no axis of channels.`)
  const groups = per === 'column' ? length : per === 'channel' ? x.shape[1]! : 1
  return { groups, width: groups === 0 ? 0 : length / groups }
}
