/** The progress bar: how far, how well, how much dearer tuning is, and how long it will take. */

import { Presets, SingleBar } from 'cli-progress'
import { short } from './report/table.js'
import { type History, timeRatio } from './run/history.js'

export interface Progress {
  readonly told: (steps: number, history: History) => void
  readonly stop: () => void
}

/** A bar of so many steps, of which some were done before. */
export const progress = (of: number, done: number): Progress => {
  const bar = new SingleBar(
    {
      format:
        '{bar} {percentage} % | step {value} of {total} | best validation loss {loss} | tuned / fixed time {ratio} | {eta_formatted} to go',
      noTTYOutput: true,
      notTTYSchedule: 2000,
      etaBuffer: 20,
    },
    Presets.shades_classic,
  )
  const shown = (history?: History) => ({
    loss: history === undefined ? '…' : short(least(history.scores.at(-1)?.tuned['loss'])),
    ratio: history === undefined || history.steps.length < 3 ? '…' : timeRatio(history).toFixed(2),
  })
  bar.start(of, done, shown())
  return { told: (steps: number, history: History) => bar.update(steps, shown(history)), stop: () => bar.stop() }
}

const least = (values: readonly (number | null)[] = []): number | null =>
  values.reduce((least, x) => (x !== null && (least === null || x < least) ? x : least), null)
