/** Directions of z and x alone, with the adjoint estimated anew at every look: the fields of MRBO, SUSTAIN and VRBO.
 *
 *  D_z = ∇₁Gᵢ,   D_x = ∇²₂₁Gᵢ v + ∇₂Fⱼ,   v ≈ −(∇²₁₁G)⁻¹ ∇₁Fⱼ by a Neumann series, or by one term of it         (response.ts) */

import type { Tensor } from '@neumann/linalg-gpu'
import { vectors } from '@neumann/linalg-gpu/solvers'
import type { Field } from './estimator.js'
import { innerTerms, type Look, type LoopSamples, type Losses, oracleCalls, outerTerms } from './oracle.js'
import { type Factors, type Series, seriesAdjoint, truncatedAdjoint } from './response.js'
import type { LoopBegin } from './singleLoop.js'

/** Samples, and fresh minibatches for the factors, stacked: [terms − 1, …]. */
export interface SeriesSamples<T, V> extends LoopSamples<T, V> {
  readonly factors: T
}

/** As `SeriesSamples`, and what the number of factors is drawn with. */
export interface TruncatedSamples<T, V> extends SeriesSamples<T, V> {
  readonly key: Tensor
}

const look = <W, H, T, V>(
  problem: Losses<W, H, T, V>,
  at: LoopBegin<W, H>,
  { inner, outer }: LoopSamples<T, V>,
  respond: (byWeights: W) => { readonly adjoint: W; readonly products: Tensor | number },
): Look<LoopBegin<W, H>> => {
  const own = outerTerms(problem.outer, at, outer)
  const { adjoint, products } = respond(own.byWeights)
  const { gradient, mixed } = innerTerms(problem.inner, { ...at, adjoint }, inner)
  return {
    direction: { weights: gradient, hyper: vectors.plus(own.byHyper, mixed) },
    value: own.value,
    calls: oracleCalls(2, products, 1),
  }
}

/** By the series; `same` takes the inner minibatch for every factor, which is right where that is everything. */
export const bySeries =
  <W, H, T, V>(
    problem: Losses<W, H, T, V>,
    series: Series,
  ): ((at: LoopBegin<W, H>, samples: LoopSamples<T, V>, factors: Factors<T>) => Look<LoopBegin<W, H>>) =>
  (at, samples, factors) =>
    look(problem, at, samples, (byWeights) => ({
      adjoint: seriesAdjoint(problem.inner, at, byWeights, factors, series),
      products: series.terms - 1,
    }))

/** By one term. */
export const byTerm =
  <W, H, T, V>(
    problem: Losses<W, H, T, V>,
    series: Series,
  ): Field<LoopBegin<W, H>, TruncatedSamples<T, V>, LoopBegin<W, H>> =>
  (at, samples) =>
    look(problem, at, samples, (byWeights) =>
      truncatedAdjoint(problem.inner, at, byWeights, samples.factors, series, samples.key),
    )
