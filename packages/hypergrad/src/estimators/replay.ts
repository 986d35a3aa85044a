/** A trajectory, gone again.
 *
 *  sₜ = Φ(sₜ₋₁, λ; batchₜ)     from s₀(λ) where the problem has a `start`, else from where the trajectory began
 *  Of all steps the last ones count for the derivative; those before are run, and their result is a constant. */

import { scan, slice } from '@neumann/linalg-gpu'
import { fail, showShape, tensorsOf, unflatten } from '@neumann/linalg-gpu/program'
import type { Problem, Trajectory } from '../problem/problem.js'

/** Steps to be differentiated, and what they begin with. */
export interface Stretch<S, T> {
  /** The state before them. */
  readonly from: S
  readonly batches: T
  readonly steps: number
  /** Whether steps before them were left out. */
  readonly cut: boolean
}

/** Φ, step by step; as many of them as there are batches. */
export const replay = <S, H, T>(
  update: (state: S, hyper: H, batch: T) => S,
  state: S,
  hyper: H,
  { batches, steps }: { readonly batches: T; readonly steps: number },
): S => scan<S, T, null>((s, batch) => [update(s, hyper, batch), null], state, batches, { length: steps })[0]

/** The last `steps` steps of a trajectory, all by default; the state before them. */
export const stretch = <S, W, H, T, V>(
  name: string,
  { update, start }: Problem<S, W, H, T, V>,
  hyper: H,
  trajectory: Trajectory<S, T>,
  steps: number | undefined,
): Stretch<S, T> => {
  const first = start === undefined ? trajectory.start : start(hyper)
  const all = stepsOf(name, trajectory.batches, steps)
  const last = steps ?? all
  if (last === all) return { from: first, batches: trajectory.batches, steps: all, cut: false }
  const before = { batches: part(trajectory.batches, 0, all - last), steps: all - last }
  return {
    from: replay(update, first, hyper, before),
    batches: part(trajectory.batches, all - last, all),
    steps: last,
    cut: true,
  }
}

/** How many steps a trajectory has: as many as its batches, or as many as are said where these hold nothing that could be counted. */
export const stepsOf = (name: string, batches: unknown, steps?: number): number => {
  if (steps !== undefined && (!Number.isInteger(steps) || steps < 1))
    fail(name, `steps is an integer ≥ 1, got ${steps}.`)
  const { leaves } = tensorsOf(name, batches)
  if (leaves.length === 0)
    return (
      steps ??
      fail(name, 'the batches of the trajectory hold no tensors, so that nothing says how many there are: give steps.')
    )
  const n =
    leaves[0]!.shape[0] ?? fail(name, 'the batches of a trajectory are stacked along a leading axis, got a scalar.')
  for (const leaf of leaves)
    if (leaf.shape[0] !== n)
      fail(name, `leading axes of the trajectory's batches differ: ${leaves.map((x) => showShape(x.shape)).join(' ')}.`)
  if (steps !== undefined && steps > n)
    fail(name, `steps is ${steps}, the trajectory has ${n}: ask for so many or fewer.`)
  return n
}

/** The batches start … stop − 1 of a stack. */
export const part = <T>(batches: T, start: number, stop: number): T => {
  const { leaves, structure } = tensorsOf('trajectory', batches)
  return unflatten(
    structure,
    leaves.map((x) => slice(x, [start, stop])),
  ) as T
}
