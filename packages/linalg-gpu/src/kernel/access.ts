/** Where accesses go, by interval arithmetic over their dimensions. */

import type { Shape } from '../shape.js'
import type { Access } from './kernel.js'

type Interval = readonly [least: number, most: number]

/** The least and the greatest element that an access may touch over the dimensions of `sizes`; undefined where it touches none,
 *  or where its bounds are too tangled to tell. */
export const reached = ({ offset, strides, bounds, dynamic }: Access, sizes: Shape): Interval | undefined => {
  const ranges = sizes.map((size): Interval => [0, size - 1])
  const rest = [...strides]
  let interval: Interval = [offset, offset]
  const several = new Map<string, { readonly coefficients: readonly number[]; readonly range: Interval }>()
  for (const bound of bounds) {
    const dims = dimsOf(bound.coefficients)
    const [d] = dims
    if (d === undefined) {
      if (bound.offset < 0 || bound.offset >= bound.size) return undefined
      continue
    }
    // 0 ≤ offset + unit · Σ c · i < size bounds the sum
    const unit = dims.reduce((all, e) => gcd(all, bound.coefficients[e]!), 0) * Math.sign(bound.coefficients[d]!)
    const range = within(unit, [-bound.offset, bound.size - 1 - bound.offset])
    if (dims.length === 1) {
      ranges[d] = both(ranges[d]!, range)
      continue
    }
    const coefficients = bound.coefficients.map((c) => c / unit)
    const key = coefficients.join()
    several.set(key, { coefficients, range: both(several.get(key)?.range ?? [-Infinity, Infinity], range) })
  }
  for (const { coefficients, range } of several.values()) {
    const dims = dimsOf(coefficients)
    const factor = rest[dims[0]!]! / coefficients[dims[0]!]!
    // only where the access moves with the bounded sum, as in a convolution, is it bounded as that is
    if (dims.some((d) => rest[d] !== factor * coefficients[d]!)) return undefined
    const inside = both(range, sum([0, 0], coefficients, ranges))
    if (inside[0] > inside[1]) return undefined
    interval = plus(interval, scaled(factor, inside))
    for (const d of dims) rest[d] = 0
  }
  if (ranges.some(([least, most]) => least > most)) return undefined
  interval = sum(interval, rest, ranges)
  return dynamic === undefined
    ? interval
    : sum(
        interval,
        dynamic.strides,
        dynamic.limits.map((limit) => [0, limit]),
      )
}

/** Whether distinct points have distinct elements, by strides that leave room for all that is smaller: sufficient, and true of every
 *  row-major array, its slices, steps, flips and permutations. */
export const injective = (strides: readonly number[], sizes: Shape): boolean => {
  let extent = 0
  return sizes
    .map((size, d) => ({ size, stride: Math.abs(strides[d]!) }))
    .filter(({ size }) => size > 1)
    .sort((a, b) => a.stride - b.stride)
    .every(({ size, stride }) => {
      const clear = stride > extent
      extent += (size - 1) * stride
      return clear
    })
}

const gcd = (a: number, b: number): number => (b === 0 ? Math.abs(a) : gcd(b, a % b))
const dimsOf = (list: readonly number[]): number[] => list.flatMap((c, d) => (c === 0 ? [] : [d]))
const scaled = (factor: number, [least, most]: Interval): Interval =>
  factor < 0 ? [factor * most, factor * least] : [factor * least, factor * most]
/** Whole numbers x with factor · x in the interval. */
const within = (factor: number, [least, most]: Interval): Interval => {
  const [from, to] = factor < 0 ? [most, least] : [least, most]
  return [Math.ceil(from / factor), Math.floor(to / factor)]
}
const both = ([a, b]: Interval, [c, d]: Interval): Interval => [Math.max(a, c), Math.min(b, d)]
const plus = ([a, b]: Interval, [c, d]: Interval): Interval => [a + c, b + d]
const sum = (start: Interval, factors: readonly number[], ranges: readonly Interval[]): Interval =>
  factors.reduce((total, factor, d) => (factor === 0 ? total : plus(total, scaled(factor, ranges[d]!))), start)
