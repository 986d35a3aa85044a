/** What is looked at before and after a run: its length, its first step, and why it ended early. */

import { fail, tensorsOf } from '@neumann/linalg-gpu/program'
import { stepsOf } from '../estimators/replay.js'
import type { Course, Stop } from './sweep.js'

/** T, as the batches, the settings or the options have it. */
export const runLength = (batches: unknown, given: number | undefined, inSettings: number | undefined): number => {
  const uncounted = tensorsOf('reversible', batches).leaves.length === 0
  const length = stepsOf('reversible', batches, given ?? (uncounted ? inSettings : undefined))
  if (given !== undefined && given !== length)
    fail(
      'reversible',
      `steps is ${given}, the trajectory has ${length}: the whole run is gone backwards. Leave steps out, or cut the batches.`,
    )
  return length > 0 ? length : fail('reversible', 'the trajectory has no steps, so that there is no run to go back.')
}

/** A stop in words. */
export const stopText = ({ step, what, place }: Stop, steps: number): string =>
  `number ${place} of the ${what} is not finite, or not inside ±2048, after step ${step + 1} of ${steps}: take a smaller learning rate, or scale the data.`

/** Looks whether the problem's own update is the one that is run here, by its first step: other estimators go by the update.
 *  The bound is far above what the rounding of γ and of f32 makes, and goes by the largest numbers: where terms of a
 *  gradient cancel, two programs for it may differ by more than what is left. */
export const sameStep = (
  { borders, lr, momentum, gradient }: Course,
  w: Float64Array,
  v: Float64Array,
  update: () => Float64Array,
): void => {
  const [g, moved] = [gradient(w, 0), update()]
  const speed = 2 ** -12 * (largest(v) + largest(g))
  const rounding = 2 ** -20 * largest(w)
  for (let k = 0; k + 1 < borders.length; k++) {
    const gamma = momentum[k]!.n / momentum[k]!.d
    for (let i = borders[k]!; i < borders[k + 1]!; i++) {
      const own = w[i]! + lr[k]! * (gamma * v[i]! - (1 - gamma) * g[i]!)
      if (Math.abs(own - moved[i]!) > Math.abs(lr[k]!) * speed + rounding)
        fail(
          'reversible',
          `the problem's update moves number ${i} of the weights to ${moved[i]}, and v₊ = γ v − (1−γ) ∂f/∂w, w₊ = w + α v₊ to ${own}: make the problem with momentumProblem.`,
        )
    }
  }
}

const largest = (x: Float64Array): number => x.reduce((most, value) => Math.max(most, Math.abs(value)), 0)
