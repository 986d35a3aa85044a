/** SRBA: the single loop with SARAH on all three directions.
 *
 *  dₜ = D(pₜ; i, j) + dₜ₋₁ − D(pₜ₋₁; i, j),   every `period` steps dₜ = D(pₜ; all)         p = (z, v, x)
 *
 *  Needs    constant step sizes; a period of about (n + m) / batch steps, times a fraction such as a half
 *  Cost     twice that of `soba`, and a look at everything each period
 *  Laws     with everything for samples: `soba`
 *  Source   Dagréou, Moreau, Vaiter, Ablin 2023 */

import { directions, type LoopSamples, type Losses, type Variables } from './oracle.js'
import { sarahEstimator } from './recursive.js'
import { type SingleLoopOptions, singleLoop } from './singleLoop.js'

export interface SrbaOptions extends SingleLoopOptions {
  /** Steps from one full look to the next. */
  readonly period: number
  /** For how many minibatches a full look counts in `calls`; 1 by default. */
  readonly fullCost?: number
}

/** Samples, and all of them for the step that begins a period. */
export interface SrbaSamples<T, V> extends LoopSamples<T, V> {
  readonly full: LoopSamples<T, V>
}

/** @example const { init, step } = srba({ innerRate: 0.1, outerRate: 0.1, period: 8 })(R1().problem)
 *  const all = { inner: null, outer: null }
 *  step(init({ weights: R1().weights, hyper: R1().lambda }), { ...all, full: all })[1].direction // => f64[2] [0, 0] */
export const srba =
  ({ period, fullCost = 1, ...options }: SrbaOptions) =>
  <W, H, T, V>(problem: Losses<W, H, T, V>) => {
    const field = directions(problem)
    const full = (samples: SrbaSamples<T, V>): SrbaSamples<T, V> => ({ ...samples, ...samples.full })
    return singleLoop(
      'srba',
      options,
      sarahEstimator((at: Variables<W, H>, samples: SrbaSamples<T, V>) => field(at, samples), {
        period,
        full,
        fullCost,
      }),
    )
  }
