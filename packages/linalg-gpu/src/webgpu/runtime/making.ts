/** What results wait for: whether anything that their making needed went wrong. It is known later than the call returns. */

import type { Failure } from '../../run/device.js'

export interface Making {
  /** What the world did to it. */
  failure: Failure | undefined
  /** What was thrown in its course, by a print's sink or by an error of ours, after the call had returned. */
  thrown: unknown
  /** Until when that is not known. */
  pending: Promise<void> | undefined
}

export const makingOf = (failure?: Failure): Making => ({ failure, thrown: undefined, pending: undefined })

/** What the promise tells goes wrong with it, unless something did before. */
export const learn = (making: Making, trouble: Promise<Failure | undefined>): void => {
  const known = trouble.then(
    (failure) => {
      making.failure ??= failure
    },
    () => {}, // the GPU was lost, which is told elsewhere
  )
  const all: Promise<void> = Promise.all([making.pending, known]).then(() => {
    if (making.pending === all) making.pending = undefined
  })
  making.pending = all
}

/** What went wrong with an operand goes wrong with the result. */
export const inherit = (making: Making, from: Making): void => {
  making.failure ??= from.failure
  making.thrown ??= from.thrown
  if (from.pending !== undefined)
    learn(
      making,
      from.pending.then(() => from.failure),
    )
}

/** It failed, for this reason unless what is not known yet turns out to be the cause. */
export const blame = (making: Making, failure: Failure): void =>
  learn(
    making,
    (making.pending ?? Promise.resolve()).then(() => failure),
  )

/** What went wrong, when all is known. */
export const settled = async (making: Making): Promise<Failure | undefined> => {
  while (making.pending !== undefined) await making.pending
  if (making.thrown !== undefined) throw making.thrown
  return making.failure
}
