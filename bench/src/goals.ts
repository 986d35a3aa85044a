/** The numbers to reach: each a ratio of times of one run, with its bound and, where there is one, the goal beyond.
 *
 *  Where a rival has several ways to a result, `its better way` is the least time of them, against the least of ours. For @jax-js/jax the
 *  goals were set against a program of jvps of a gradient (`hvp-forward`, `hvp-reverse`, `neumann-jvp`); a linearisation outside of jit is
 *  quicker there (`hvp`, `neumann`), and stands beside as a goal of its own with the same bound. */

import type { Verdict, Where } from './harness/rows.js'

/** ms of a contestant, `ours@1`, on a row of a task; NaN where it was not measured. */
export type Times = (contestant: string, task: string, size: string) => number

interface Goal {
  readonly name: string
  readonly where: Where
  readonly value: (times: Times) => number
  readonly least?: number
  readonly most?: number
  readonly beyond?: number
}

const mnist = '784-256-10 batch 128'
const deep = '784-256-256-10 batch 128'
const tiny = '8-50-1 batch 614'
const series = `5 terms, ${mnist}`
const image = '32x3x32x32, 16 of 3x3'

const finite = (values: readonly number[]): number => {
  const known = values.filter(Number.isFinite)
  return known.length === 0 ? Number.NaN : Math.min(...known)
}

/** Their least time over ours, among tasks that are ways to the same result. */
const against =
  (rival: string, threads: number, size: string, ...tasks: readonly string[]) =>
  (times: Times): number =>
    finite(tasks.map((task) => times(rival, task, size))) /
    finite(tasks.map((task) => times(`ours@${threads}`, task, size)))

interface Bound {
  readonly least: number
  readonly beyond?: number
}

const rows = (
  name: string,
  rival: string,
  size: string,
  tasks: readonly string[],
  bounds: Readonly<Record<number, Bound>>,
  where: Where = 'node',
): readonly Goal[] =>
  Object.entries(bounds).map(([threads, bound]) => ({
    name: `${name}: ${rival} / ours@${threads}${where === 'node' ? '' : ', Chromium'}`,
    where,
    value: against(rival, Number(threads), size, ...tasks),
    ...bound,
  }))

const jax = 'jax@1'
const torch = 'torch@1'

export const goals: readonly Goal[] = [
  ...['512', '1024'].flatMap((n) => rows(`matmul ${n}`, jax, n, ['matmul'], { 1: { least: 1.4 }, 2: { least: 2, beyond: 3 } })),
  ...(['nt', 'tn', 'tt'] as const).flatMap((form) =>
    [1, 2].map((threads): Goal => ({
      name: `matmul ${form} 512: our nn / our ${form}, ours@${threads}`,
      where: 'node',
      value: (times) => times(`ours@${threads}`, 'matmul', '512') / times(`ours@${threads}`, 'matmul', `${form} 512`),
      least: 0.9,
    })),
  ),
  ...rows('chain 1M', jax, '1M', ['chain'], { 1: { least: 3 }, 2: { least: 4 } }),
  ...rows('chain 1M', torch, '1M', ['chain'], { 2: { least: 0.8 } }),
  ...rows('MLP step', jax, mnist, ['mlp-step'], { 1: { least: 1.5 }, 2: { least: 2.5 } }),
  ...rows('MLP step', torch, mnist, ['mlp-step'], { 2: { least: 0.6, beyond: 1 } }),
  ...rows('HVP, the better of jvp∘grad, grad∘grad', jax, mnist, ['hvp-forward', 'hvp-reverse'], { 1: { least: 7 }, 2: { least: 10 } }),
  ...rows('HVP, its best way: linearised, not jitted', jax, mnist, ['hvp', 'hvp-forward', 'hvp-reverse'], { 1: { least: 7 }, 2: { least: 10 } }),
  ...rows('HVP', torch, mnist, ['hvp', 'hvp-forward', 'hvp-reverse'], { 2: { least: 0.7, beyond: 1 } }),
  ...rows('Neumann 5, by jvp∘grad', jax, series, ['neumann-jvp'], { 1: { least: 11 }, 2: { least: 15 } }),
  ...rows('Neumann 5, its best way: linearised, not jitted', jax, series, ['neumann', 'neumann-jvp'], { 1: { least: 11 }, 2: { least: 15 } }),
  ...rows('Neumann 5', torch, series, ['neumann'], { 2: { least: 0.7, beyond: 1.3 } }),
  ...rows('conv forward and backward', jax, image, ['conv'], { 1: { least: 40 }, 2: { least: 50 } }),
  ...rows('conv forward and backward', torch, image, ['conv'], { 2: { least: 0.5, beyond: 0.8 } }),
  ...rows('8-50-1 step', jax, tiny, ['mlp-step'], { 1: { least: 4 }, 2: { least: 5 } }),
  ...rows('8-50-1 step', torch, tiny, ['mlp-step'], { 1: { least: 2 }, 2: { least: 3 } }),
  ...rows('200-fold vmap of it', jax, `200 x ${tiny}`, ['mlp-step-vmap'], { 1: { least: 4 }, 2: { least: 5 } }),
  ...rows('200-fold vmap of it', torch, `200 x ${tiny}`, ['mlp-step-vmap'], { 1: { least: 2 }, 2: { least: 3 } }),
  ...rows('ResNet-18 step', torch, 'batch 8', ['resnet18'], { 1: { least: 0.35 }, 2: { least: 0.5, beyond: 0.8 } }),
  ...rows('LSTM step', torch, '650 units, length 35, batch 20', ['lstm'], { 1: { least: 0.35 }, 2: { least: 0.5, beyond: 0.8 } }),
  ...rows('matmul 1024, threads', 'ours@1', '1024', ['matmul'], { 2: { least: 1.5 } }),
  ...rows('ResNet-18 step, threads', 'ours@1', 'batch 8', ['resnet18'], { 2: { least: 1.5 } }),
  // in a page the rival has two workers
  ...['512', '1024'].flatMap((n) => rows(`matmul ${n}`, 'jax@2', n, ['matmul'], { 2: { least: 1.2 } }, 'chromium')),
  ...rows('HVP, its best way', 'jax@2', mnist, ['hvp', 'hvp-forward', 'hvp-reverse'], { 2: { least: 5 } }, 'chromium'),
  ...rows('Neumann 5, its best way', 'jax@2', series, ['neumann', 'neumann-jvp'], { 2: { least: 5 } }, 'chromium'),
  // figures of our own
  ...[1, 2].flatMap((threads): readonly Goal[] => {
    const own = (task: string) => (times: Times) => times(`ours@${threads}`, task, deep)
    return [
      { name: `gradient / forward, ours@${threads}`, where: 'node', value: (t) => own('gradient')(t) / own('forward')(t), most: 3.5 },
      { name: `HVP / gradient, ours@${threads}`, where: 'node', value: (t) => own('hvp')(t) / own('gradient')(t), most: 2.5 },
      ...['conv net, batch 32', 'lstm 128 units, length 35, batch 20'].map((net): Goal => ({
        name: `HVP of a kept linearisation / gradient, ${net.split(/[ ,]/)[0]} net, ours@${threads}`,
        where: 'node',
        value: (t) => t(`ours@${threads}`, 'net-hvp-kept', net) / t(`ours@${threads}`, 'net-gradient', net),
        most: 2.6,
      })),
      { name: `HVP of a kept linearisation / gradient, ours@${threads}`, where: 'node', value: (t) => own('hvp-kept')(t) / own('gradient')(t), most: 1.6 },
    ]
  }),
  {
    name: 'jitted call / its bookkeeping in plain JavaScript',
    where: 'node',
    value: (times) => times('ours@1', 'jit-call', '16') / times('loops@1', 'jit-call', '16'),
    most: 3,
  },
] // biome-ignore format: a table

/** The goals that the measured times say something about. */
export const verdicts = (where: Where, times: Times, all: readonly Goal[] = goals): readonly Verdict[] =>
  all
    .filter((goal) => goal.where === where)
    .map(({ name, value, least, most, beyond }): Verdict => {
      const ratio = value(times)
      return {
        name,
        value: ratio,
        bound: least === undefined ? `≤ ${most}` : `≥ ${least}`,
        reached: least === undefined ? ratio <= most! : ratio >= least,
        beyond: beyond === undefined ? null : `≥ ${beyond}`,
        beyondReached: beyond === undefined ? null : ratio >= beyond,
      }
    })
    .filter(({ value }) => Number.isFinite(value))
