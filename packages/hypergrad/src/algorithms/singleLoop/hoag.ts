/** HOAG: an approximate hypergradient whose errors are made smaller as it goes on, and a step size that finds itself.
 *
 *  z: ‖∇₁G(z, x)‖ ≤ εₜ by L-BFGS, warm;   v: ‖∇²₁₁G v + ∇₁F‖ ≤ εₜ by CG, warm;   p = ∇₂F + ∇²₂₁G v
 *  where h fell by ½ L ‖x − last x‖² since the last x:  L ← 0.95 L, x ← x − p/L;   else L ← 2 L, and x is tried anew from the last one
 *
 *  Needs    G smooth and strongly convex in z; all data in each step. The first L is about the curvature of h, or larger
 *  Cost     a solve of each kind, warm; what they took is reported
 *  Fails    the codes of both solvers are in the report; a search that did not reach εₜ still moves x
 *  Differs  from the published code in its test: that accepts any step which does not go up by more than its errors, and starts L from ‖p‖
 *  Source   Pedregosa 2016, with its adaptive step */

import { lbfgs } from '@neumann/autodiff/solvers'
import {
  abs,
  add,
  div,
  equal,
  lessEqual,
  logicalAnd,
  logicalOr,
  maximum,
  mul,
  pow,
  sqrt,
  sub,
  type Tensor,
  where,
} from '@neumann/linalg-gpu'
import { eager, scalarOf } from '@neumann/linalg-gpu/program'
import { cg, frame, vectorSpace, vectors } from '@neumann/linalg-gpu/solvers'
import type { Schedule } from '@neumann/precond'
import type { Algorithm } from '../algorithm.js'
import { innerProduct, type LoopSamples, type Losses, mixedProduct, oracleCalls, outerTerms } from './oracle.js'
import { checkRates, type Rate, rateAt } from './rates.js'
import { begun, type LoopBegin, type LoopState, reportOf, type StepReport } from './singleLoop.js'

const { addScaled, choose, dtypeOf, epsilonOf, inner: dot, length, minus, plus, times, divisor } = vectors
const { integer } = frame

export interface HoagOptions {
  /** L before the first step: 1 by default. */
  readonly curvature?: number | Tensor
  /** εₜ; 1e-3 · 0.9ᵗ by default, down to 16 ulp. Also `decaying({ from: 1e-3, power: 2 })`, or 3. */
  readonly tolerance?: Rate
  /** At most so many steps of a solver; 100 by default. */
  readonly maxIterations?: number
}

/** z, v and the x that is tried; and what is known of the last one that was accepted. */
export interface HoagState<W, H> extends LoopState<W, H> {
  readonly curvature: Tensor
  /** With the ε of its direction. */
  readonly accepted: { readonly hyper: H; readonly direction: H; readonly value: Tensor; readonly error: Tensor }
}

export interface HoagReport<H> extends StepReport<H> {
  /** Whether this x was accepted. */
  readonly accepted: Tensor
  /** L after the step. */
  readonly curvature: Tensor
  /** How the search for z and the solve for v ended: see `statuses` of '@neumann/linalg-gpu/solvers'. */
  readonly search: Tensor
  readonly solve: Tensor
}

/** @example const { init, step } = hoag({ curvature: 0.5 })(R1().problem)
 *  const [, { direction }] = step(init({ weights: R1().weights, hyper: R1().lambda }), { inner: null, outer: null })
 *  direction // => f64[2] [0.107491, -0.35784] */
export const hoag = ({ curvature = 1, tolerance, maxIterations = 100 }: HoagOptions = {}) => {
  checkRates('hoag', { curvature, tolerance })
  return <W, H, T, V>({
    inner,
    outer,
  }: Losses<W, H, T, V>): Algorithm<LoopBegin<W, H>, HoagState<W, H>, LoopSamples<T, V>, HoagReport<H>> => ({
    init: eager((begin) => {
      const dtype = dtypeOf('hoag', begin.weights)
      const L = mul(scalarOf('hoag', 1, dtype), curvature)
      const none = {
        hyper: begin.hyper,
        direction: vectors.zeroLike(begin.hyper),
        value: scalarOf('hoag', Infinity, dtype),
        error: scalarOf('hoag', 0, dtype),
      }
      return { ...begun<W, H>(begin), curvature: L, accepted: none }
    }),
    step: eager(({ weights: warm, adjoint: warmAdjoint, hyper, curvature: L, accepted: last, step }, samples) => {
      const dtype = dtypeOf('hoag', warm)
      const epsilon = rateAt(tolerance ?? shrinking(16 * epsilonOf(dtype)), step, warm)
      const search = lbfgs({ tolerance: 0, absolute: epsilon, maxIterations })((z: W) => inner(z, hyper, samples.inner))
      const { x: weights, ...found } = search(warm)
      const own = outerTerms(outer, { weights, hyper }, samples.outer)
      const space = vectorSpace(weights)
      const operator = {
        domain: space,
        codomain: space,
        apply: (v: W) => innerProduct(inner, { weights, adjoint: v, hyper }, samples.inner),
        facts: { symmetric: true, definite: 'positive' } as const,
      }
      const solver = cg({ tolerance: div(epsilon, divisor(length(own.byWeights))), maxIterations })
      const { x: adjoint, ...solved } = solver(operator)(times(-1, own.byWeights), warmAdjoint)
      const direction = plus(own.byHyper, mixedProduct(inner, { weights, adjoint, hyper }, samples.inner))

      const move = minus(hyper, last.hyper)
      const length2 = dot(move, move)
      const bound = mul(mul(-0.5, L), length2)
      const rounding = mul(8 * epsilonOf(dtype), abs(own.value))
      const fall = sub(own.value, last.value)
      const byValue = lessEqual(fall, add(bound, rounding))
      // where z is not exact F is off by ⟨v, ∇₁G⟩, and close to the end it does not tell steps apart: their slopes do, ½ ⟨p + last p, x − last x⟩ ≈ the fall
      const slope = mul(0.5, dot(plus(direction, last.direction), move))
      const bySlope = lessEqual(slope, add(bound, mul(mul(4, last.error), sqrt(length2))))
      const within = lessEqual(fall, add(mul(mul(2, length(adjoint)), last.error), rounding))
      // of a step too short to move x nothing is learnt but the direction, made anew
      const still = equal(length2, 0)
      const good = logicalOr(still, logicalOr(byValue, logicalAnd(bySlope, within)))
      const accepted = choose(good, { hyper, direction, value: own.value, error: epsilon }, last)
      const next = where(good, where(equal(step, 0), L, mul(0.95, L)), mul(2, L))
      return [
        {
          weights,
          adjoint,
          hyper: addScaled(accepted.hyper, div(-1, next), accepted.direction),
          curvature: next,
          accepted,
          step: add(step, 1),
        },
        {
          ...reportOf(direction, own.value, oracleCalls(add(found.evaluations, integer(1)), solved.products, 1)),
          accepted: good,
          curvature: next,
          search: found.status,
          solve: solved.status,
        },
      ] as const
    }),
  })
}

const shrinking =
  (least: number): Schedule =>
  (step) =>
    maximum(mul(1e-3, pow(0.9, step)), least)
