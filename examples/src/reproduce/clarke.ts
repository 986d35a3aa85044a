/** The comparison of Clarke et al. 2022: all methods from the same random beginnings, many members side by side; a row for the mean, the median and the best
 *  of each. */

import { setImmediate as others } from 'node:timers/promises'
import { vmap } from '@neumann/autodiff'
import {
  type Device,
  data,
  dispose,
  iterate,
  jit,
  key,
  onDevice,
  pow,
  scope,
  slice,
  splitKey,
  type Tensor,
  uniform,
} from '@neumann/linalg-gpu'
import type { Model } from '@neumann/nn'
import { interval, mean, median } from './bootstrap.js'
import { type Begin, type Contestant, contestants, type Part, type Samples, type Task } from './clarkeMethods.js'
import type { Row } from './reproduction.js'

/** Weights and hyperparameters of a member: log₁₀ η ~ U(−6, −1), log₁₀ ξ ~ U(−7, −2), μ ~ U(0, 1), and m ~ U(0.95, 1.01) for Random ×LR. */
const drawn =
  <W>(net: Model<W>) =>
  (key: Tensor): Begin<W> => {
    const keys = splitKey(key, 5)
    const between = (i: number, low: number, high: number): Tensor => uniform(slice(keys, i), [], { low, high })
    return {
      weights: net.init(slice(keys, 0)),
      hyper: { lr: pow(10, between(1, -6, -1)), decay: pow(10, between(2, -7, -2)), momentum: between(3, 0, 1) },
      multiplier: between(4, 0.95, 1.01),
    }
  }

export interface Comparison<W> {
  readonly device: Device
  readonly net: Model<W>
  readonly task: (part: Part) => Task<W>
  /** Losses at the end, over all rows. */
  readonly test: (weights: W) => Tensor
  readonly validation: (weights: W) => Tensor
  readonly members: number
  /** How many members' work fits into the cache together. */
  readonly chunk: number
  /** How many steps there are, and what each sees. */
  readonly steps: number
  readonly samples: (part: Part) => Iterable<Samples>
}

export type Name = keyof typeof contestants

/** Losses of the members at the end. */
export interface Ends {
  readonly test: readonly number[]
  readonly validation: readonly number[]
}

/** Trains all members by a method. */
export const trained = async <W>(
  { method, part }: Contestant,
  { device, net, task, test, validation, members, chunk, steps, samples }: Comparison<W>,
  progress: (share: number) => void,
): Promise<Ends> => {
  const { init, step, weights } = method(task(part))
  const first = onDevice(device, () => scope(() => vmap((k: Tensor) => init(drawn(net)(k)))(splitKey(key(0), members))))
  const side = vmap(step, { in: [0, null], chunk })
  const jitted = jit((state: unknown, seen: Samples) => [side(state, seen), null] as const, { donate: 0, name: 'step' })
  let last = first
  for await (const { state, index } of iterate(
    (s: unknown, seen: Samples) => onDevice(device, () => jitted(s, seen)),
    first,
    samples(part),
  )) {
    last = state
    progress((index + 1) / steps)
    // timers and signals have their turn
    await others()
  }
  const losses = onDevice(device, () =>
    scope(() => vmap((s: unknown) => [test(weights(s)), validation(weights(s))] as const, { chunk })(last)),
  )
  const [tests, validations] = await Promise.all(losses.map(async (x) => Array.from(await data(x))))
  dispose([losses, last])
  return { test: tests!, validation: validations! }
}

/** Of three random runs the one of least validation loss; one that ended in NaN is never it. */
export const batched = ({ test, validation }: Ends): readonly number[] =>
  Array.from({ length: Math.floor(test.length / 3) }, (_, i) => {
    const loss = (k: number): number => (Number.isFinite(validation[k]!) ? validation[k]! : Infinity)
    return test[[3 * i, 3 * i + 1, 3 * i + 2].reduce((best, k) => (loss(k) < loss(best) ? k : best))]!
  })

/** The paper's figures of a method, as printed: mean, median, best. */
export type Figures = { readonly [K in Name]?: readonly [mean: string, median?: string, best?: string] }

/** The rows of a method. As in the paper, runs that ended in NaN (or above `lostAbove`) are left out of mean, median and best, and counted; where there are
 *  some, a second median has them as runs of infinite loss. */
export const rowsOf = (
  name: string,
  losses: readonly number[],
  [average, middle, best]: readonly (string | undefined)[] = [],
  lostAbove = Infinity,
): readonly Row[] => {
  const held = losses.filter((loss) => Number.isFinite(loss) && loss <= lostAbove)
  const [runs, lost] = [losses.length, losses.length - held.length]
  const row = (what: string, statistic: typeof mean, values: readonly number[], paper?: string): Row => ({
    what: `${name}, ${what}`,
    ...(paper !== undefined && { paper }),
    ours: statistic(values),
    interval: interval(values, statistic),
    runs,
    lost,
  })
  const { interval: _, ...least } = row('best', (values) => Math.min(...values), held, best)
  const failing = [...held, ...Array.from({ length: lost }, () => Infinity)]
  return [
    row('mean', mean, held, average),
    row('median', median, held, middle),
    ...(lost === 0 ? [] : [{ ...row('median', median, failing), note: 'NaN runs as ∞' }]),
    least,
  ]
}

/** Trains by each method, and compares. */
export const compared = async <W>(
  comparison: Comparison<W>,
  names: readonly Name[],
  figures: Figures,
  progress: (share: number, what: string) => void,
  lostAbove?: number,
): Promise<readonly Row[]> => {
  const rows: Row[] = []
  for (const [i, name] of names.entries()) {
    const contestant = contestants[name]
    const told = (share: number): void => progress((i + share) / names.length, contestant.title)
    const begun = performance.now()
    const ends = await trained(contestant, comparison, told)
    const note = `${((performance.now() - begun) / 1000).toFixed(0)} s`
    const losses = name === 'validated' ? batched(ends) : ends.test
    const [first, ...more] = rowsOf(contestant.title, losses, figures[name], lostAbove)
    rows.push({ ...first!, note }, ...more)
  }
  return rows
}

export const allNames = Object.keys(contestants) as readonly Name[]
