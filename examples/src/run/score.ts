/** How well weights do on a whole part of the data. */

import { vmap } from '@neumann/autodiff'
import { batches } from '@neumann/data'
import { type Device, data, dispose, jit, type Tensor } from '@neumann/linalg-gpu'
import type { Batch, Learner, Part } from '../tasks/task.js'
import { placed } from './samples.js'

/** Means by name, of each setting. */
export type Means = Readonly<Record<string, readonly number[]>>

const rowsAtOnce = 1000

/** Means over all rows of a part, of the state of each setting. Where rows follow from each other they are read one by one, in their order. */
export const scoring = <S, W, B extends Batch>(
  { score }: Learner<S, W, B>,
  device: Device,
): ((state: S, part: Part) => Promise<Means>) => {
  // what is scored is not given away, so that scoring begins with a copy
  const copied = jit((state: S) => state, { name: 'copied' })
  const step = jit(vmap(score, { in: [0, null] }), { donate: 0, name: 'score' })
  return async (state, { source, size, order }) => {
    const sums: Record<string, number[]> = {}
    let now = copied(state)
    const at = order === 'given' ? size : rowsAtOnce
    for await (const { value, rows } of batches(source, { size: at, order: 'given' })) {
      const batch = placed(value, device) as B
      const [means, next] = step(now, batch)
      now = next
      for (const [name, mean] of Object.entries(means)) {
        const all = await data(mean as Tensor)
        sums[name] = Array.from(all, (x, i) => (sums[name]?.[i] ?? 0) + (x * rows.length) / source.count)
      }
      dispose([means, batch])
    }
    dispose(now)
    return sums
  }
}
