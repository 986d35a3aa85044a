/** The closing table, as rows of words: of both the console and the page. */

import type { Job } from '../tasks/task.js'
import type { Arm, Results } from './results.js'

export interface Table {
  readonly head: readonly string[]
  readonly rows: readonly (readonly string[])[]
}

type Show = Job<never, never, never>['show']

/** 0.0123 in three digits: 1.23e-2. */
export const short = (x: number | null | undefined): string =>
  x === null || x === undefined ? 'NaN' : x !== 0 && (x < 0.001 || x >= 1000) ? x.toExponential(2) : x.toPrecision(3)

export const tableOf = ({ settings, choice }: Results, show: Show): Table => {
  const names = Object.keys(settings[0]!.start).sort((a, b) => order.indexOf(a) - order.indexOf(b))
  const shown = (means: Arm['test']): Readonly<Record<string, string>> =>
    show(Object.fromEntries(Object.entries(means).map(([name, x]) => [name, x ?? Number.NaN])))
  const heads = Object.keys(shown(settings[0]!.fixed.test))
  const each = (name: string): string =>
    choice.tune.some((one) => one.name === name && one.each) ? `${name} (each weight, mean)` : name
  return {
    head: [
      'setting',
      ...names.map(each),
      ...['validation', 'test'].flatMap((part) => heads.map((head) => `${part} ${head}`)),
    ],
    rows: settings.flatMap(({ start, end, fixed, tuned }, k) =>
      (
        [
          ['fixed', fixed],
          ['tuned', tuned],
        ] as const
      ).map(([arm, { validation, test }]) => [
        `${k + 1} ${arm}`,
        ...names.map((name) =>
          arm === 'tuned' && name in end ? `${short(start[name])} → ${short(end[name])}` : short(start[name]),
        ),
        ...[validation, test].flatMap((means) => Object.values(shown(means))),
      ]),
    ),
  }
}

const order = ['lr', 'momentum', 'beta1', 'beta2', 'rho', 'decay']

/** Columns side by side, the first from the left, the others from the right. */
export const lines = ({ head, rows }: Table): string => {
  const all = [head, ...rows]
  const widths = head.map((_, i) => Math.max(...all.map((cells) => cells[i]!.length)))
  return all
    .map((cells) => cells.map((cell, i) => (i === 0 ? cell.padEnd(widths[i]!) : cell.padStart(widths[i]!))).join('  '))
    .join('\n')
}

/** So many of them: the plural is that with an s. */
export const counted = (count: number, what: string): string => `${count} ${what}${count === 1 ? '' : 's'}`

/** What is tuned, and how. */
export const tunedLine = ({ tune, estimator, terms, interval }: Results['choice']): string =>
  `tuned: ${tune.map(({ name, each }) => (each ? `${name} of each weight` : name)).join(', ')}, by ${estimator} with ${counted(terms, 'term')} each ${counted(interval, 'step')}`

/** What the certificates say, in a line: how often what, and the medians. */
export const certificateLine = ({ settings, choice }: Results): string => {
  const sums: Record<string, number> = {}
  for (const { certificates } of settings)
    for (const [status, count] of Object.entries(certificates.status)) sums[status] = (sums[status] ?? 0) + count
  const all = Object.values(sums).reduce((a, b) => a + b, 0)
  const refused = settings.reduce((sum, { certificates }) => sum + certificates.refused, 0)
  const middle = (name: 'contraction' | 'residual'): string =>
    settings.map(({ certificates }) => short(certificates[name])).join(' ')
  return [
    `${counted(all, 'hypergradient')} (${choice.estimator}, ${counted(choice.terms, 'term')}): ${Object.entries(sums)
      .sort((a, b) => b[1] - a[1])
      .map(([status, count]) => `${count} ${status}`)
      .join(', ')}; ${refused} not followed`,
    `median residual of their equation by setting: ${middle('residual')}; ratio of terms: ${middle('contraction')}`,
  ].join('\n')
}

export const timeLine = ({ time, choice }: Results): string => {
  const sum = (seconds: readonly number[]): string => seconds.reduce((a, b) => a + b, 0).toFixed(1)
  const all = `Training ${counted(choice.settings, 'setting')} took ${sum(time.fixed)} s with fixed hyperparameters and ${sum(time.tuned)} s with tuned ones`
  // one step tells nothing: the first compiles
  return time.ratio === null
    ? `${all}.`
    : `${all}, compiling included; a tuned step takes ${short(time.ratio)} × the time of a fixed one, both of the fastest tenth.`
}
