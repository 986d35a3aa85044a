/** Hyperparameters that follow a schedule. */

import { sub } from '@neumann/linalg-gpu'
import { type Counted, counted } from '../leafwise.js'
import type { Optimiser } from '../optimiser.js'
import type { Schedule } from '../schedules/schedule.js'

/** `inner` with some of its hyperparameters given by schedules of the step 0, 1, …; the others stay arguments.
 *  State    the number of steps, and inner's
 *  A schedule may close over traced values: derivatives go through it.
 *  Differs  where the loop knows its step, `inner.update(g, state, w, { lr: schedule(step) })` needs no counter
 *  @example const training = scheduled(sgd, { lr: linear({ from: 1, to: 0, steps: 4 }) })
 *  const w = array([0])
 *  const [, state] = training.update(array([1]), training.init(w), w, {})
 *  training.update(array([1]), state, w, {})[0] // => f32[1] [-0.75] */
export const scheduled = <H, S, const K extends keyof H>(
  inner: Optimiser<H, S>,
  schedules: { readonly [Name in K]: Schedule },
): Optimiser<Omit<H, K>, Counted<S>> =>
  counted<Omit<H, K>, S>({
    init: inner.init,
    update: (gradient, state, params, { t, ...hyper }) => {
      const now = Object.entries<Schedule>(schedules).map(([name, schedule]) => [name, schedule(sub(t, 1))])
      return inner.update(gradient, state, params, { ...hyper, ...Object.fromEntries(now) } as H)
    },
  })
