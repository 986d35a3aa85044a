/** The stages of a loop kernel at one point of its grid. */

import type { Loop } from '../../kernel/kernel.js'
import type { Count } from './loops.js'
import { depthsOf, evaluate } from './nodes.js'
import { type Part, put } from './part.js'
import { passOver } from './pass.js'
import type { Group, Writer } from './writer.js'

/** Each inner dimension by a loop of its own, all of it. */
export const serial = (kernel: Loop): { readonly groups: readonly Group[]; readonly counts: readonly Count[] } => {
  const rank = kernel.grid.length
  const variable = (d: number): string => (kernel.inner.length === 1 ? 'j' : `j${d}`)
  return {
    groups: kernel.inner.map((_, d) => ({ first: rank + d, end: rank + d + 1, variable: variable(d) })),
    counts: kernel.inner.map((size, d) => ({ variable: variable(d), size, first: '0', step: 1 })),
  }
}

export const stagesOf = (w: Writer, part: Part): void => {
  const depths = depthsOf(w)
  let first = 0
  for (const stage of w.kernel.stages) {
    if (stage.over === 'grid') {
      evaluate(w, depths, stage.stores, 0)
      put(w, part, 'grid', stage.stores)
    } else passOver(w, part, stage, first, depths)
    first += stage.reductions.length
  }
}
