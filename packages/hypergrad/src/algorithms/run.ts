/** Inner steps, one after the other. */

import { slice, type Tensor, treeMap } from '@neumann/linalg-gpu'
import { fail } from '@neumann/linalg-gpu/program'
import { part, replay, stepsOf } from '../estimators/replay.js'

export interface Run<S, H, T> {
  readonly state: S
  readonly hyper: H
  /** Stacked along a leading axis. */
  readonly batches: T
  /** Where the batches hold no tensors. */
  readonly steps?: number | undefined
}

export interface Ran<S, T> {
  /** After the last step, and before it. */
  readonly last: S
  readonly previous: S
  /** The batch of the last step. */
  readonly batch: T
}

/** One batch of a stack, from 0 on. */
export const batchAt = <T>(batches: T, i: number): T => treeMap((x: Tensor) => slice(x, i), batches as never) as T

/** s ← Φ(s, λ; batch) for each batch. The last step is taken outside of the loop, so that what differentiates it finds it there.
 *  Cost     the steps */
export const run = <S, H, T>(
  update: (state: S, hyper: H, batch: T) => S,
  { state, hyper, batches, steps }: Run<S, H, T>,
): Ran<S, T> => {
  const count = stepsOf('run', batches, steps)
  if (count < 1 || count !== (steps ?? count))
    fail('run', `steps is ${steps ?? count}, the batches have ${count}: leave steps out, and take one batch at least.`)
  const early = count - 1
  const previous =
    early === 0 ? state : replay(update, state, hyper, { batches: part(batches, 0, early), steps: early })
  const batch = batchAt(batches, early)
  return { last: update(previous, hyper, batch), previous, batch }
}
