/** Which threads share a point of a loop kernel, where some should. */

import type { Loop } from '../../kernel/kernel.js'
import { sizeOf } from '../../shape.js'
import { powerAbove, powerBelow } from '../powers.js'
import type { Traits } from '../traits.js'
import { valueType } from '../wgsl/apply.js'
import type { Team } from './team.js'

/** The team of a kernel with inner dimensions; none where a thread is best alone with its point.
 *
 *    software                        alone: barriers cost more than all else, and a few threads are enough
 *    inner points lie side by side   parts of a point are neighbours, so that they read whole lines of memory: many parts for many
 *                                    inner points, and several points a workgroup for few
 *    grid points lie side by side    points are neighbours; there are parts only if there are few points
 *    neither                         parts only if there are few points */
export const teamOf = (kernel: Loop, { software, invocations, workgroupBytes }: Traits): Team | undefined => {
  const points = sizeOf(kernel.grid)
  const outer = kernel.inner.findIndex((_, d) => sizeOf(kernel.inner.slice(d)) <= counted)
  const inner = sizeOf(kernel.inner.slice(outer))
  if (software || outer < 0 || inner < 8) return undefined
  const threads = powerBelow(Math.min(256, invocations, workgroupBytes / Math.max(1, sharedBytes(kernel))))
  // a part should have some terms, or joining costs more than it saves
  const useful = powerBelow(inner / 4)
  if (sideBySide(kernel) === 'inner') {
    const parts = Math.min(threads, useful)
    return { rows: Math.min(threads / parts, powerAbove(points)), parts, along: 'inner', outer }
  }
  const wanted = Math.min(useful, powerAbove(enough / points))
  if (wanted === 1) return undefined
  const rows = Math.min(powerAbove(points), threads, Math.max(sector, Math.min(4 * sector, threads / wanted)))
  return { rows, parts: Math.min(threads / rows, wanted), along: 'grid', outer }
}

/** Threads that keep a GPU busy. */
const enough = 2 ** 16
/** Inner points that threads count together: twice as many, and a turn more, are an i32 still. */
const counted = 2 ** 30
/** Neighbours that memory gives at once at least: 32 bytes of them. */
const sector = 8

/** Bytes that each thread needs of shared memory: of every type as many as one stage joins of it. */
const sharedBytes = ({ stages }: Loop): number => {
  const most = new Map<string, number>()
  for (const { reductions } of stages) {
    const types = reductions.map(({ dtype }) => valueType(dtype))
    for (const type of types) most.set(type, Math.max(most.get(type) ?? 0, types.filter((own) => own === type).length))
  }
  return [...most.values()].reduce((bytes, count) => bytes + 4 * count, 0)
}

/** Along which dimensions the large operands have neighbours in memory. */
const sideBySide = ({ grid, inner, nodes, stages }: Loop): 'inner' | 'grid' | 'neither' => {
  const rank = grid.length
  const accesses = [
    ...nodes.flatMap((node) => (node.kind === 'load' ? [node.access] : [])),
    ...stages.flatMap(({ stores }) => stores.map(({ access }) => access)),
  ].filter(({ strides }) => strides.slice(rank).some((stride) => stride !== 0))
  const votes = (d: number): number => accesses.filter(({ strides }) => Math.abs(strides[d]!) === 1).length
  const [inside, outside] = [votes(rank + inner.length - 1), rank === 0 ? 0 : votes(rank - 1)]
  if (inside === 0 && outside === 0) return rank === 0 ? 'inner' : 'neither'
  return inside >= outside ? 'inner' : 'grid'
}
