/** A reduction to few results as two kernels, so that there is work for all of a GPU: the first reduces pieces of an inner dimension, the
 *  second what the pieces gave.
 *
 *    r[p, g] = ∘_{i in piece p} x[g, i],   then   ∘_p r[p, g]
 *
 *  Pieces are of one length, and their number depends on shapes and on the adapter alone.
 *  Laws     one after the other they mean what the kernel means, but for the order in which floats are added. */

import type { Access, Loop, Node } from '../../kernel/kernel.js'
import { mapped } from '../../kernel/normalise.js'
import { sizeOf, stridesOf } from '../../shape.js'
import type { Traits } from '../traits.js'
import { teamOf } from './teamOf.js'

/** Workgroups that keep a GPU busy, and terms of a thread that are worth a dispatch more. */
const busy = 256
const least = 64

/** Reductions that are left between the kernels at most, each in memory of its own. */
const most = 4

/** The two kernels where they are quicker than the one. What is between them stands in the last operands of both. */
export const splitOf = (kernel: Loop, traits: Traits): readonly [Loop, Loop] | undefined => {
  const team = teamOf(kernel, traits)
  if (team === undefined || !isOneReduction(kernel)) return undefined
  // a gate stands beside them
  if (kernel.operands.length + kernel.stages[0]!.reductions.length + 1 > traits.bindings) return undefined
  const groups = Math.ceil(sizeOf(kernel.grid) / team.rows)
  const wished = Math.min(Math.ceil(busy / groups), Math.floor(sizeOf(kernel.inner) / team.parts / least))
  for (const [axis, size] of kernel.inner.entries())
    for (let pieces = Math.min(wished, size); pieces >= 4; pieces--)
      if (size % pieces === 0) return split(kernel, axis, pieces)
  return undefined
}

/** Whether all that a kernel does over its inner points is to reduce, once. A partial sum in f16 would be rounded to it. */
export const isOneReduction = ({ stages }: Loop): boolean => {
  const [first, ...rest] = stages
  return (
    first?.over === 'inner' &&
    first.stores.length === 0 &&
    first.reductions.length > 0 &&
    first.reductions.length <= most &&
    first.reductions.every(({ dtype }) => dtype !== 'f16') &&
    rest.every(({ over }) => over === 'grid')
  )
}

/** The kernels for so many pieces of an inner dimension, which they divide. */
export const split = (kernel: Loop, axis: number, pieces: number): readonly [Loop, Loop] => {
  const { grid, inner, stages } = kernel
  const { reductions } = stages[0]!
  const rank = grid.length
  const length = inner[axis]! / pieces
  const operands = [...kernel.operands, ...reductions.map(({ dtype }) => ({ dtype, size: pieces * sizeOf(grid) }))]
  const [step = 1, ...steps] = stridesOf([pieces, ...grid])
  /** What is between the kernels: its operand and where it stands there, by the strides of the piece and of the grid. */
  const between = (r: number, strides: readonly number[]): { operand: number; access: Access } => ({
    operand: kernel.operands.length + r,
    access: { offset: 0, strides, bounds: [] },
  })
  const last = kernel.nodes.length
  // i = piece · length + j
  const first = mapped(kernel, (list) => [list[rank + axis]! * length, ...list])
  const second = mapped(kernel, (list) => [...list.slice(0, rank), 0])
  const leave = [step, ...steps, ...inner.map(() => 0)]
  return [
    {
      ...first,
      name: `${kernel.name}, pieces`,
      grid: [pieces, ...grid],
      inner: inner.map((size, d) => (d === axis ? length : size)),
      operands,
      nodes: [...first.nodes, ...reductions.map(({ dtype }, r): Node => ({ kind: 'reduced', reduction: r, dtype }))],
      stages: [
        { over: 'inner', reductions, stores: [] },
        { over: 'grid', reductions: [], stores: reductions.map((_, r) => ({ ...between(r, leave), node: last + r })) },
      ],
    },
    {
      ...second,
      inner: [pieces],
      operands,
      nodes: [
        ...second.nodes,
        ...reductions.map(({ dtype }, r): Node => ({ kind: 'load', ...between(r, [...steps, step]), fill: 0, dtype })),
      ],
      stages: [
        { over: 'inner', reductions: reductions.map((own, r) => ({ ...own, node: last + r })), stores: [] },
        ...second.stages.slice(1),
      ],
    },
  ]
}
