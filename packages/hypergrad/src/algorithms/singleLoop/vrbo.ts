/** VRBO: SPIDER on the directions of z and x, with inner steps between two steps of x.
 *
 *  every `period` steps  d = D(z, x; all);   x ← x − γ d_x,  d corrected;   then `steps` times  z ← z − ρ d_z,  d corrected
 *  d corrected: d + D(now; ξ) − D(before the move; ξ), with fresh samples ξ for each move; D with a Neumann series
 *
 *  Needs    constant step sizes; a period of about √(n + m) / batch steps; in the series a step with (its size) λmax < 2
 *  Cost     2 (steps + 1) looks, each of 2 gradients, terms − 1 products and 1 mixed product; and one at everything each period
 *  Laws     with everything for samples d is the direction at the present point
 *  Source   Yang, Ji, Liang 2021, Algorithm 2 */

import { add, cond, equal, mod, scan, slice, type Tensor, treeMap } from '@neumann/linalg-gpu'
import { eager } from '@neumann/linalg-gpu/program'
import { frame, vectors } from '@neumann/linalg-gpu/solvers'
import type { Algorithm } from '../algorithm.js'
import { batchAt } from '../run.js'
import { bySeries, type SeriesSamples } from './estimated.js'
import { addCalls, type Calls, type Look, type LoopSamples, type Losses, oracleCalls } from './oracle.js'
import { checkRates } from './rates.js'
import { corrected } from './recursive.js'
import { checkCount, checkStack } from './response.js'
import { descended, type LoopBegin, type Rates, reportOf, type StepReport } from './singleLoop.js'

export interface VrboOptions extends Rates {
  /** Steps of x from one full look to the next. */
  readonly period: number
  /** Inner steps between two of them; 10 by default. */
  readonly steps?: number
  /** Of the Neumann series; 10 by default. */
  readonly terms?: number
  /** The step of the series, a constant; 0.5 by default. */
  readonly adjointRate?: number | Tensor
  /** For how many minibatches a full look counts in `calls`; 1 by default. */
  readonly fullCost?: number
}

export interface VrboSamples<T, V> {
  /** Samples for each move, stacked: [steps + 1, …], their factors [steps + 1, terms − 1, …]. */
  readonly moves: SeriesSamples<T, V>
  /** All samples, or many. */
  readonly full: LoopSamples<T, V>
}

export interface VrboState<W, H> extends LoopBegin<W, H> {
  /** d, at this point. */
  readonly direction: LoopBegin<W, H>
  /** i32: steps of x that were made. */
  readonly step: Tensor
}

/** @example const { init, step } = vrbo({ innerRate: 0.1, outerRate: 1, adjointRate: 0.1, terms: 60, period: 5 })(R1().problem)
 *  const samples = { moves: { inner: null, outer: null, factors: null }, full: { inner: null, outer: null } }
 *  step(init({ weights: R1().weights, hyper: R1().lambda }), samples)[1].direction // => f64[2] [0.107491, -0.35784] */
export const vrbo =
  ({ period, steps = 10, terms = 10, adjointRate = 0.5, fullCost = 1, ...rates }: VrboOptions) =>
  <W, H, T, V>(
    problem: Losses<W, H, T, V>,
  ): Algorithm<LoopBegin<W, H>, VrboState<W, H>, VrboSamples<T, V>, StepReport<H>> => {
    checkCount('vrbo', { period, steps, terms, fullCost })
    checkRates('vrbo', { adjointRate, ...rates })
    const field = bySeries(problem, { terms, rate: adjointRate })
    type Moved = { readonly at: LoopBegin<W, H>; readonly direction: LoopBegin<W, H>; readonly spent: Calls }
    /** d at `now`, where it was d at `before`. */
    const follow = (
      { at: before, direction, spent }: Moved,
      now: LoopBegin<W, H>,
      samples: SeriesSamples<T, V>,
    ): { readonly moved: Moved; readonly left: Look<LoopBegin<W, H>> } => {
      const factors = { stacked: samples.factors }
      const [reached, left] = [field(now, samples, factors), field(before, samples, factors)]
      return {
        moved: {
          at: now,
          direction: corrected(reached.direction, left.direction, direction, 1),
          spent: addCalls(spent, reached.calls, left.calls),
        },
        left,
      }
    }
    return {
      init: eager(({ weights, hyper }) => ({
        weights,
        hyper,
        direction: vectors.zeroLike({ weights, hyper }),
        step: frame.integer(0),
      })),
      step: eager(({ weights, hyper, direction: last, step }, { moves, full }) => {
        checkStack('vrbo', 'moves', moves, steps + 1)
        const at = { weights, hyper }
        const { direction, spent } = cond(
          equal(mod(step, period), 0),
          () => {
            const { direction, calls } = field(at, full, { same: full.inner })
            return { direction, spent: vectors.times(fullCost, calls) }
          },
          () => ({ direction: last, spent: oracleCalls(0, 0, 0) }),
        )
        const there = { weights, hyper: descended(rates.outerRate, step, hyper, direction.hyper) }
        const { moved: first, left } = follow({ at, direction, spent }, there, batchAt(moves, 0))
        const [end] = scan<Moved, SeriesSamples<T, V>, null>(
          (now, samples) => {
            const z = descended(rates.innerRate, step, now.at.weights, now.direction.weights)
            return [follow(now, { weights: z, hyper: there.hyper }, samples).moved, null]
          },
          first as never,
          treeMap((x: Tensor) => slice(x, [1, x.shape[0]!]), moves as never) as SeriesSamples<T, V>,
          { length: steps },
        )
        return [
          { ...end.at, direction: end.direction, step: add(step, 1) },
          reportOf(direction.hyper, left.value, end.spent),
        ] as const
      }),
    }
  }
