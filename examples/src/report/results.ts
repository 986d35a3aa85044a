/** What a run found, setting by setting: plain JSON, of which table and page are made. All that depends on the clock is in `time`. */

import type { Choice } from '../options.js'
import type { Ended } from '../run/experiment.js'
import { counts, type History, quantile, type Row, row, timeRatio } from '../run/history.js'
import type { Job } from '../tasks/task.js'

type Numbers = Readonly<Record<string, number | null>>

/** One way to train one setting. */
export interface Arm {
  readonly validation: Numbers
  readonly test: Numbers
}

export interface Setting {
  readonly start: Numbers
  /** λ at the end, of what is tuned. */
  readonly end: Numbers
  readonly fixed: Arm
  readonly tuned: Arm
  readonly certificates: {
    readonly status: Readonly<Record<string, number>>
    /** Steps that were not taken, since the certificate said no. */
    readonly refused: number
    /** Medians. */
    readonly contraction: number | null
    readonly residual: number | null
  }
}

export interface Results {
  readonly choice: Choice
  readonly data: string
  readonly model: string
  readonly steps: number
  readonly settings: readonly Setting[]
  readonly history: Omit<History, 'seconds'>
  readonly time: History['seconds'] & {
    readonly seconds: number
    /** Tuned by fixed. */
    readonly ratio: number | null
  }
}

/** Columns of one setting. */
const at = (columns: Readonly<Record<string, Row>>, k: number): Numbers =>
  Object.fromEntries(Object.entries(columns).map(([name, values]) => [name, values[k] ?? null]))

export const resultsOf = (
  { data, model }: Pick<Job<never, never, never>, 'data' | 'model'>,
  choice: Choice,
  { steps, seconds, history, test }: Ended & Required<Pick<Ended, 'test'>>,
): Results => {
  const { seconds: each, ...rest } = history
  const [last, end] = [history.scores.at(-1)!, history.steps.at(-1)!]
  const single = (x: number): number | null => row([x])[0]!
  const ofTest = { fixed: columns(test.fixed), tuned: columns(test.tuned) }
  const settings = Array.from({ length: choice.settings }, (_, k): Setting => {
    const arm = (name: 'fixed' | 'tuned'): Arm => ({ validation: at(last[name], k), test: at(ofTest[name], k) })
    return {
      start: at(history.start, k),
      end: at(end.hyper, k),
      fixed: arm('fixed'),
      tuned: arm('tuned'),
      certificates: {
        status: counts(history, k),
        refused: history.steps.filter(({ accepted }) => !accepted[k]).length,
        contraction: single(
          quantile(
            history.steps.map(({ contraction }) => contraction[k]!),
            0.5,
          ),
        ),
        residual: single(
          quantile(
            history.steps.map(({ residual }) => residual[k]!),
            0.5,
          ),
        ),
      },
    }
  })
  return {
    choice,
    data,
    model,
    steps,
    settings,
    history: rest,
    time: { ...each, seconds, ratio: single(timeRatio(history)) },
  }
}

const columns = (means: Readonly<Record<string, readonly number[]>>): Readonly<Record<string, Row>> =>
  Object.fromEntries(Object.entries(means).map(([name, values]) => [name, row(values)]))
