/** What one look at a bilevel problem gives: five terms at a point (z, v, x), and the three directions that they add up to.
 *
 *  min over x of h(x) = F(z*(x), x),   z*(x) = argmin over z of G(z, x)         z: weights, x: hyper, G: inner, F: outer
 *  D_z = ∇₁G,   D_v = ∇²₁₁G v + ∇₁F,   D_x = ∇²₂₁G v + ∇₂F
 *  Each is a sum over samples, and all three vanish together where z = z*(x), v = v*(x) = −(∇²₁₁G)⁻¹ ∇₁F and ∇h(x) = 0.
 *  The sign: v is minus the adjoint q of `implicit`.
 *  Cost     a product of second derivatives (which brings ∇₁G and both products), a gradient of F
 *  Laws     D_x at z*, v* is ∇h, which `implicit(exact())` gives
 *  Source   Dagréou, Ablin, Vaiter, Moreau 2022 */

import { grad, jvp, valueAndGrad } from '@neumann/autodiff'
import { add, type Tensor } from '@neumann/linalg-gpu'
import { eager } from '@neumann/linalg-gpu/program'
import { frame, vectors } from '@neumann/linalg-gpu/solvers'
import type { LossProblem } from '../../problem/problem.js'

const { plus } = vectors

/** All that these algorithms need of a problem: G(z, x; batch) and F(z, x; batch). */
export type Losses<W, H, T, V> = Pick<LossProblem<never, W, H, T, V>, 'inner' | 'outer'>

/** A point (z, v, x), or a direction there. */
export interface Variables<W, H> {
  readonly weights: W
  /** v, minus the adjoint. */
  readonly adjoint: W
  readonly hyper: H
}

export interface InnerTerms<W, H> {
  /** ∇₁G */
  readonly gradient: W
  /** ∇²₁₁G v */
  readonly product: W
  /** ∇²₂₁G v, the derivative of ⟨∇₁G, v⟩ by x with v held. */
  readonly mixed: H
}

export interface OuterTerms<W, H> {
  /** F */
  readonly value: Tensor
  /** ∇₁F */
  readonly byWeights: W
  /** ∇₂F */
  readonly byHyper: H
}

/** One inner and one outer sample, drawn independently: minibatches. */
export interface LoopSamples<T, V> {
  readonly inner: T
  readonly outer: V
}

/** How often the problem was asked, in minibatches; i32. */
export interface Calls {
  /** Of G by z, or of F by z and x. */
  readonly gradients: Tensor
  /** ∇²₁₁G v */
  readonly products: Tensor
  /** ∇²₂₁G v, also where it comes for nothing beside ∇²₁₁G v. */
  readonly mixed: Tensor
}

/** What samples say of the direction to go. */
export interface Look<D> {
  readonly direction: D
  /** F at the sample. */
  readonly value: Tensor
  readonly calls: Calls
}

export const oracleCalls = (gradients: number | Tensor, products: number | Tensor, mixed: number | Tensor): Calls => {
  const count = (n: number | Tensor): Tensor => (typeof n === 'number' ? frame.integer(n) : n)
  return { gradients: count(gradients), products: count(products), mixed: count(mixed) }
}

/** The terms of G: ∇G is pushed along (v, 0) once. */
export const innerTerms = <W, H, T>(
  inner: (weights: W, hyper: H, batch: T) => Tensor,
  { weights, adjoint, hyper }: Variables<W, H>,
  batch: T,
): InnerTerms<W, H> => {
  const both = grad(inner, { wrt: [0, 1] }) as unknown as (w: W, h: H, b: T) => readonly [W, H]
  const pushed = jvp((w: W) => both(w, hyper, batch), [weights], [adjoint as never])
  return { gradient: pushed.out[0], product: pushed.tangent[0], mixed: pushed.tangent[1] }
}

/** The terms of F. */
export const outerTerms = <W, H, V>(
  outer: (weights: W, hyper: H, batch: V) => Tensor,
  { weights, hyper }: Pick<Variables<W, H>, 'weights' | 'hyper'>,
  batch: V,
): OuterTerms<W, H> => {
  const { value, grad } = valueAndGrad(outer, { wrt: [0, 1] })(weights, hyper, batch)
  const [byWeights, byHyper] = grad as unknown as readonly [W, H]
  return { value, byWeights, byHyper }
}

/** The three directions that the five terms add up to. */
export const summed = <W, H>(
  { gradient, product, mixed }: InnerTerms<W, H>,
  { byWeights, byHyper }: Pick<OuterTerms<W, H>, 'byWeights' | 'byHyper'>,
): Variables<W, H> => ({ weights: gradient, adjoint: plus(product, byWeights), hyper: plus(mixed, byHyper) })

/** The three directions at a point, all of them at that same point.
 *  @example const { problem, lambda, weights } = R1()
 *  const adjoint = mul(-1, R1().adjoint)
 *  directions(problem)({ weights, adjoint, hyper: lambda }, { inner: null, outer: null }).direction.hyper // => f64[2] [0.107491, -0.35784] */
export const directions = <W, H, T, V>({ inner, outer }: Losses<W, H, T, V>) =>
  eager((at: Variables<W, H>, samples: LoopSamples<T, V>): Look<Variables<W, H>> => {
    const own = outerTerms(outer, at, samples.outer)
    return {
      direction: summed(innerTerms(inner, at, samples.inner), own),
      value: own.value,
      calls: oracleCalls(2, 1, 1),
    }
  })

/** ∇²₂₁G v */
export const mixedProduct = <W, H, T>(
  inner: (weights: W, hyper: H, batch: T) => Tensor,
  at: Variables<W, H>,
  batch: T,
): H => innerTerms(inner, at, batch).mixed

/** ∇₁G, one step of an inner loop. */
export const innerGradient = <W, H, T>(
  inner: (weights: W, hyper: H, batch: T) => Tensor,
  weights: W,
  hyper: H,
  batch: T,
): W => grad(inner)(weights, hyper, batch) as W

/** ∇²₁₁G v */
export const innerProduct = <W, H, T>(
  inner: (weights: W, hyper: H, batch: T) => Tensor,
  { weights, adjoint, hyper }: Variables<W, H>,
  batch: T,
): W => jvp((w: W) => innerGradient(inner, w, hyper, batch), [weights], [adjoint as never]).tangent

export const addCalls = (...all: readonly Calls[]): Calls =>
  all.reduce((a, b) => oracleCalls(add(a.gradients, b.gradients), add(a.products, b.products), add(a.mixed, b.mixed)))
