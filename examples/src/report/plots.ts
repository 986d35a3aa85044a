/** The plots of a page, as data: what `draw.js` draws. */

import type { Score, Step } from '../run/history.js'
import type { Results } from './results.js'

export interface Series {
  readonly label: string
  /** From 0: decides the colour. */
  readonly setting: number
  readonly dashed: boolean
  readonly values: readonly (number | null)[]
}

export interface Plot {
  readonly title: string
  readonly note: string
  readonly log: boolean
  readonly x: readonly number[]
  readonly series: readonly Series[]
}

export const plotsOf = ({ history: { start, steps, scores }, choice }: Results): readonly Plot[] => {
  const settings = Array.from({ length: choice.settings }, (_, k) => k)
  const each = (values: (k: number) => Series['values'], name = '', dashed = false): Series[] =>
    settings.map((k) => ({ label: `${k + 1}${name}`, setting: k, dashed, values: values(k) }))
  const looked = scores.map(({ step }) => step)
  const stepped = steps.map((_, i) => i + 1)

  const score = (name: string): Plot => {
    const of = (arm: 'fixed' | 'tuned') => (k: number) => scores.map((one: Score) => one[arm][name]![k]!)
    return {
      title: `Validation ${name}`,
      note: 'over the whole validation part: fixed hyperparameters dashed, tuned ones solid; a line for each setting',
      log: name === 'loss',
      x: looked,
      series: [...each(of('tuned'), ' tuned'), ...each(of('fixed'), ' fixed', true)],
    }
  }
  const watched = (title: string, note: string, log: boolean, of: (step: Step) => Step['value']): Plot => ({
    title,
    note,
    log,
    x: stepped,
    series: each((k) => steps.map((step) => of(step)[k]!)),
  })
  const path = ({ name, each: perWeight }: Results['choice']['tune'][number]): Plot => ({
    title: name,
    note: perWeight
      ? 'one for each weight: the mean, in the space in which it is tuned'
      : 'as it was tuned, from where it began',
    log: name === 'lr' || name === 'decay',
    x: [0, ...stepped],
    series: each((k) => [start[name]![k]!, ...steps.map(({ hyper }) => hyper[name]![k]!)]),
  })
  return [
    ...Object.keys(scores[0]!.tuned)
      .sort((a, b) => Number(b === 'loss') - Number(a === 'loss'))
      .map(score),
    ...choice.tune.map(path),
    watched(
      'Objective',
      'F on the validation batch of each step, on which its hypergradient was taken',
      true,
      ({ value }) => value,
    ),
    watched(
      'Certificate: residual',
      'of the adjoint equation, relative: what the series has not summed up',
      false,
      ({ residual }) => residual,
    ),
    watched(
      'Certificate: contraction',
      'the ratio of the last two terms: below 1 the series is on its way to a limit',
      false,
      ({ contraction }) => contraction,
    ),
    watched(
      'Certificate: stationarity',
      'how far the inner problem is from a point at rest',
      true,
      ({ stationarity }) => stationarity,
    ),
  ].filter(({ series }) => series.some(({ values }) => values.some((y) => y !== null)))
}
