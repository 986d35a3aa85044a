/** Statistics of runs, and how far they would move with other runs. */

import { dispose, key, randint, readSync } from '@neumann/linalg-gpu'

/** @example mean([1, 2, 6]) // => 3 */
export const mean = (values: readonly number[]): number => values.reduce((sum, x) => sum + x, 0) / values.length

/** The middle one, or the mean of the two in the middle. Infinity is the last in order.
 *  @example median([3, 1, Infinity]) // => 3 */
export const median = (values: readonly number[]): number => {
  const sorted = [...values].sort((a, b) => a - b)
  return (at(sorted, 0.5, Math.floor) + at(sorted, 0.5, Math.ceil)) / 2
}

/** The interval that holds 95 % of a statistic over samples with replacement: the percentile bootstrap. The same for the same values each time.
 *  Source   Efron 1979
 *  @example interval([5, 5, 5], mean) // => [ 5, 5 ] */
export const interval = (
  values: readonly number[],
  statistic: (values: readonly number[]) => number,
  resamples = 1000,
): readonly [low: number, high: number] => {
  const n = values.length
  if (n === 0) return [Number.NaN, Number.NaN]
  const drawn = randint(key(0), [resamples, n], 0, n)
  const places = Array.from(readSync(drawn))
  dispose(drawn)
  const seen = Array.from({ length: resamples }, (_, i) =>
    statistic(places.slice(i * n, (i + 1) * n).map((place) => values[place]!)),
  ).sort((a, b) => a - b)
  return [at(seen, 0.025, Math.floor), at(seen, 0.975, Math.ceil)]
}

/** The element at a share of the way from the first to the last. */
const at = (sorted: readonly number[], share: number, round: (x: number) => number): number =>
  sorted.length === 0 ? Number.NaN : sorted[round(share * (sorted.length - 1))]!
