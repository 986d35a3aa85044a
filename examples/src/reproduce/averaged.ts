/** A row from one figure of each run. */

import { interval, mean } from './bootstrap.js'
import type { Row } from './reproduction.js'

export interface Runs extends Omit<Row, 'ours' | 'interval' | 'runs' | 'lost'> {
  readonly values: readonly number[]
}

/** The mean over the runs that ended in a number, with its bootstrap interval; how many runs there were, and how many ended in no number.
 *  @example averaged({ what: 'loss', values: [1, 3, Number.NaN] }).ours // => 2 */
export const averaged = ({ values, ...row }: Runs): Row => {
  const held = values.filter(Number.isFinite)
  return {
    ...row,
    ours: mean(held),
    ...(held.length > 1 && { interval: interval(held, mean) }),
    runs: values.length,
    lost: values.length - held.length,
  }
}
