/** Tasks whose rows differ in one number: how cost grows with it. */

import type { ResultRow, Where } from '../harness/rows.js'

export interface Sweep {
  readonly task: string
  readonly title: string
  readonly axis: string
  /** The number, or null for a row that is not of the sweep. */
  readonly at: (size: string) => number | null
}

const numberAt =
  (pattern: RegExp, factor: (text: string) => number = Number) =>
  (size: string): number | null => {
    const found = pattern.exec(size)?.[1]
    return found === undefined ? null : factor(found)
  }

const thousands = (text: string): number =>
  Number.parseFloat(text) * (text.endsWith('M') ? 1e6 : text.endsWith('k') ? 1e3 : 1)

const width = numberAt(/^784-(\d+)-10 batch 128$/)

export const sweeps: readonly Sweep[] = [
  { task: 'matmul', title: 'Square products', axis: 'n', at: numberAt(/^(\d+)$/) },
  { task: 'chain', title: 'Ten elementwise operations', axis: 'elements', at: numberAt(/^([\d.]+[kM]?)$/, thousands) },
  { task: 'mlp-step', title: 'A step of training a 784-n-10 perceptron', axis: 'n', at: width },
  { task: 'hvp', title: 'A Hessian-vector product on it', axis: 'n', at: width },
  { task: 'hvp-k', title: 'k Hessian-vector products at one point', axis: 'k', at: numberAt(/^(\d+) at/) },
  { task: 'neumann', title: 'A Neumann hypergradient', axis: 'terms', at: numberAt(/^(\d+) terms/) },
  { task: 'conv', title: 'A convolution, forward and backward', axis: 'images', at: numberAt(/^(\d+)x3x32x32/) },
  { task: 'lstm', title: 'An LSTM layer, forward and backward', axis: 'units', at: numberAt(/^(\d+) units/) },
  { task: 'scan', title: 'Small steps one after the other', axis: 'steps', at: numberAt(/^(\d+) steps/) },
  { task: 'jit-kernels', title: 'Products of 16 × 16 in one call', axis: 'products', at: numberAt(/^(\d+) products/) },
]

export interface Point {
  readonly contestant: string
  readonly at: number
  readonly ms: number
}

/** Each contestant once at each size. */
export const pointsOf = ({ task, at }: Sweep, rows: readonly ResultRow[], where: Where): readonly Point[] => {
  const points = new Map<string, Point>()
  for (const row of rows) {
    const x = row.task === task && row.where === where ? at(row.size) : null
    if (x === null) continue
    for (const [contestant, ms] of [
      [`ours@${row.threads}`, row.oursMs],
      [`${row.rival}@${row.rivalThreads}`, row.theirsMs],
    ] as const)
      points.set(`${contestant}|${x}`, { contestant, at: x, ms })
  }
  return [...points.values()].sort((a, b) => a.at - b.at)
}
