/** Reports: looked into, and put together. */

import { type Times, verdicts } from '../goals.js'
import type { Report, Timing, Where } from './rows.js'

/** ms by contestant, task, size. */
export const timesOf = (timings: readonly Timing[], where: Where): Times => {
  const known = new Map(
    timings
      .filter((one) => one.where === where)
      .map(({ contestant, task, size, ms }) => [`${contestant}|${task}|${size}`, ms]),
  )
  return (contestant, task, size) => known.get(`${contestant}|${task}|${size}`) ?? Number.NaN
}

/** `next`, with what only `base` has measured: rows of other tasks or sizes, or from elsewhere. */
export const merged = (base: Report, next: Report): Report => {
  const of = (x: { readonly task: string; readonly size: string; readonly where: Where }): string =>
    `${x.where}|${x.task}|${x.size}`
  const renewed = new Set([...next.timings, ...next.missing].map(of))
  const timings = [...base.timings.filter((one) => !renewed.has(of(one))), ...next.timings]
  const rows = [...base.rows.filter((row) => !renewed.has(of(row))), ...next.rows]
  const named = <X extends { readonly where: Where }>(
    key: keyof X,
    old: readonly X[],
    fresh: readonly X[],
  ): readonly X[] => [...old.filter((x) => !fresh.some((y) => y.where === x.where && y[key] === x[key])), ...fresh]
  return {
    ...next,
    contestants: named('id', base.contestants, next.contestants),
    skipped: named('contestant', base.skipped, next.skipped),
    timings,
    rows,
    missing: [...base.missing.filter((one) => !renewed.has(of(one))), ...next.missing],
    goals: (['node', 'chromium'] as const).flatMap((where) => verdicts(where, timesOf(timings, where))),
  }
}
