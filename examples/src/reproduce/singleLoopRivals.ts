/** The algorithms that meet, each with the samples that it needs, drawn by a key. */

import {
  type Algorithm,
  amigo,
  benchmarkRates,
  bome,
  bsa,
  type Calls,
  f2sa,
  f2saRates,
  fsla,
  type LoopBegin,
  type Losses,
  mrbo,
  saba,
  soba,
  srba,
  stocBiO,
  sustain,
  ttsa,
  vrbo,
} from '@neumann/hypergrad'
import { arange, foldIn, randint, reshape, type Tensor } from '@neumann/linalg-gpu'

export interface Sizes {
  readonly inner: Tensor
  readonly ratio: Tensor
}

/** What the race sees of an algorithm. */
export type Racer = Algorithm<LoopBegin<Tensor, Tensor>, LoopBegin<Tensor, Tensor>, unknown, { readonly calls: Calls }>

export interface Rival {
  readonly name: string
  readonly algorithm: (sizes: Sizes) => Racer
  readonly samples: (key: Tensor) => unknown
}

type Problem = Losses<Tensor, Tensor, Tensor, Tensor>

/** All of them, on a problem whose batches are numbers of minibatches, n of each kind. Steps and terms are the benchmark's. */
export const rivals = (
  problem: Problem,
  n: number,
  { steps, terms }: { readonly steps: number; readonly terms: number },
): readonly Rival[] => {
  const drawn = (key: Tensor, i: number, shape: readonly number[] = []): Tensor =>
    randint(foldIn(key, i), [...shape, 1], 0, n)
  const all = arange(n)
  const full = { inner: all, outer: all }
  const pair = (key: Tensor) => ({ inner: drawn(key, 0), outer: drawn(key, 1) })
  const looped = (count: number) => (key: Tensor) => ({
    ...pair(key),
    steps: drawn(key, 2, [count]),
    factors: drawn(key, 3, [terms - 1]),
    key: foldIn(key, 4),
  })
  const rows = (key: Tensor) => {
    const own = pair(key)
    return { ...own, row: { inner: reshape(own.inner, []), outer: reshape(own.outer, []) } }
  }
  const moves = (key: Tensor) => ({
    moves: {
      inner: drawn(key, 0, [steps + 1]),
      outer: drawn(key, 1, [steps + 1]),
      factors: drawn(key, 3, [steps + 1, terms - 1]),
    },
    full,
  })
  const known = (name: Parameters<typeof benchmarkRates>[0], sizes: Sizes) => benchmarkRates(name, sizes)
  const rival = (name: string, algorithm: (sizes: Sizes) => unknown, samples: (key: Tensor) => unknown): Rival => ({
    name,
    algorithm: algorithm as Rival['algorithm'],
    samples,
  })
  const loop = { steps, terms }
  // (n + m) / 2 minibatches
  const halfAnEpoch = n
  return [
    rival('SOBA', (sizes) => soba(known('soba', sizes))(problem), pair),
    rival('SABA', (s) => saba({ ...known('saba', s), inner: { rows: n }, outer: { rows: n } })(problem), rows),
    rival('StocBiO', (s) => stocBiO({ ...loop, ...known('stocBiO', s) })(problem), looped(steps)),
    rival('AmIGO', (s) => amigo({ steps, adjointSteps: terms - 1, ...known('amigo', s) })(problem), looped(steps)),
    rival('MRBO', (s) => mrbo({ terms, ...known('mrbo', s) })(problem), looped(1)),
    rival(
      'VRBO',
      (s) => vrbo({ ...loop, ...known('vrbo', s), period: Math.max(2, Math.round(n / steps)), fullCost: n })(problem),
      moves,
    ),
    rival('SUSTAIN', (s) => sustain({ terms, ...known('sustain', s) })(problem), looped(1)),
    rival('TTSA', (s) => ttsa({ terms, ...known('ttsa', s) })(problem), looped(1)),
    rival('BSA', (s) => bsa({ ...loop, ...known('bsa', s) })(problem), looped(steps)),
    rival('FSLA', (sizes) => fsla(known('fsla', sizes))(problem), pair),
    rival('F2SA', (s) => f2sa({ ...known('f2sa', s), ...f2saRates(s) })(problem), pair),
    rival(
      'SRBA',
      (s) => srba({ ...known('srba', s), period: halfAnEpoch, fullCost: n })(problem),
      (key) => ({ ...pair(key), full }),
    ),
    rival(
      'BOME',
      (s) => bome({ steps, innerRate: s.inner, outerRate: known('saba', s).outerRate })(problem),
      looped(steps),
    ),
  ]
}
