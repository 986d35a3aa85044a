/** What is said about samples of time.
 *
 *  Samples come in rounds, one turn of each contestant a round. Other work on the machine only adds, and comes in waves: so each round has
 *  its median, and the least of these is the contestant's time. `min` is the least sample, `median` that of all of them, and
 *  `spread` = (third − first quartile) / median. */

export interface Summary {
  readonly ms: number
  readonly median: number
  readonly min: number
  readonly spread: number
  readonly samples: number
}

/** The q-quantile of values, linear between neighbours.
 *  @example quantile([1, 2, 3, 4], 0.5) // 2.5 */
export const quantile = (values: readonly number[], q: number): number => {
  if (values.length === 0) return Number.NaN
  const sorted = values.toSorted((a, b) => a - b)
  const at = q * (sorted.length - 1)
  const low = Math.floor(at)
  const above = sorted[Math.min(low + 1, sorted.length - 1)]!
  return sorted[low]! + (at - low) * (above - sorted[low]!)
}

export const median = (values: readonly number[]): number => quantile(values, 0.5)

export const summary = (rounds: readonly (readonly number[])[]): Summary => {
  const full = rounds.filter((round) => round.length > 0)
  const all = full.flat()
  const middle = median(all)
  return {
    ms: full.length === 0 ? Number.NaN : Math.min(...full.map(median)),
    median: middle,
    min: all.length === 0 ? Number.NaN : Math.min(...all),
    spread: (quantile(all, 0.75) - quantile(all, 0.25)) / middle,
    samples: all.length,
  }
}
