/** Which dimension the lanes run over, how far loops are unrolled, and how much is a unit. */

import type { Loop } from '../../kernel/kernel.js'
import { permuted } from '../../kernel/normalise.js'
import { costOfLane, costOfNode, product, stridesOf } from './cost.js'
import type { Choices } from './plan.js'

export interface Chosen extends Choices {
  /** The kernel to be made code of: the same work, with its dimensions in the order of a form. */
  readonly kernel: Loop
}

export const chosen = (kernel: Loop): Chosen => {
  const rank = kernel.grid.length
  const dims = Array.from({ length: rank + kernel.inner.length }, (_, d) => d)
  const lanes = kernel.nodes.some((node) => node.dtype === 'f64') ? 2 : 4
  let [best, least] = [dims.length - 1, Infinity]
  for (const d of [...dims].reverse()) {
    const cost = costOfLane(kernel, lanes, d)
    if (cost < least) [best, least] = [d, cost]
  }
  const work = kernel.nodes.filter((node) => node.kind === 'apply')
  const unroll = work.some((node) => costOfNode(node) >= 1) || work.length > 12 ? 1 : work.length > 4 ? 2 : 4
  const others = dims.filter((d) => d !== best)
  if (best >= rank) return { lanes, across: 'inner', unroll, block: 1, kernel: permuted(kernel, [...others, best]) }
  const turned = turnedDim(kernel, best)
  if (turned === undefined) {
    const order = [...others.slice(0, rank - 1), best, ...others.slice(rank - 1)]
    return { lanes, across: 'grid', unroll, block: blockOf(kernel.inner), kernel: permuted(kernel, order) }
  }
  const order = [...others.filter((d) => d !== turned), best, turned]
  const moved = permuted(kernel, order, rank - 1)
  const whole = { ...moved, stages: moved.stages.map((stage) => ({ ...stage, over: 'inner' as const })) }
  // few rows at a time: those of a power of two lie in the same places of the cache
  return { lanes, across: 'grid', unroll: Math.min(unroll, 2), block: blockOf(whole.inner), kernel: whole }
}

/** Lanes of a unit: a cache line of them, or more where each has little to do. */
const blockOf = (inner: readonly number[]): number => (inner.length === 0 ? 4096 : product(inner) < 64 ? 256 : 16)

/** In a transposition and its like, the dimension along which lie the elements that lanes leap over: to be the inner loop of
 *  a few lanes, so that each cache line is used up while it is there. */
const turnedDim = (kernel: Loop, lane: number): number | undefined => {
  if (kernel.inner.length > 0 || kernel.stages.some((stage) => stage.reductions.length > 0)) return undefined
  for (const strides of stridesOf(kernel))
    if (Math.abs(strides[lane]!) > 1) {
      const along = strides.findIndex((stride) => Math.abs(stride) === 1)
      if (along >= 0) return along
    }
  return undefined
}
