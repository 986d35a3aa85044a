/** SOBA: the single loop along the directions of the samples as they are.
 *
 *  z ← z − ρ ∇₁Gᵢ,   v ← v − σ (∇²₁₁Gᵢ v + ∇₁Fⱼ),   x ← x − γ (∇²₂₁Gᵢ v + ∇₂Fⱼ)
 *
 *  Needs    decaying step sizes: with constant ones it goes on trembling at a distance that they set
 *  Cost     1 product (with ∇₁G and the mixed product), 1 gradient of F
 *  Source   Dagréou, Ablin, Vaiter, Moreau 2022, section 2.2 */

import { plainEstimator } from './estimator.js'
import { directions, type Losses } from './oracle.js'
import { type SingleLoopOptions, singleLoop } from './singleLoop.js'

/** @example const { init, step } = soba({ innerRate: 0.1, outerRate: 0 })(R1().problem)
 *  const all = { inner: null, outer: null }
 *  const settled = foriLoop(0, 100, (_, state) => step(state, all)[0], init({ weights: array([0, 0], { dtype: 'f64' }), hyper: R1().lambda }))
 *  step(settled, all)[1].direction // => f64[2] [0.107491, -0.35784] */
export const soba =
  (options: SingleLoopOptions) =>
  <W, H, T, V>(problem: Losses<W, H, T, V>) =>
    singleLoop('soba', options, plainEstimator(directions(problem)))
