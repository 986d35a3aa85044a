/** What an estimator is: estimator(options)(problem)(memory, point) → { gradient, value, memory, certificate }.
 *
 *  gradient ≈ dF/dλ = ∂F/∂λ + (∂w/∂λ)ᵀ ∂F/∂w     the direct part is always there
 *
 *  Laws     linear   c F has c times the gradient; F + const the same; F + ⟨a, λ⟩ has a more
 *           pure     equal arguments give equal bits; nothing is retained
 *           zero     a λ that no step sees has the gradient ∂F/∂λ, and is named by the certificate if that is nothing too */

import type { Tensor } from '@neumann/linalg-gpu'
import type { Certificate } from '../certificate/certificate.js'
import type { Point, Problem } from '../problem/problem.js'

export interface Estimate<H, M> {
  /** dF/dλ, of the form of λ. */
  readonly gradient: H
  /** F at the point. */
  readonly value: Tensor
  /** What the next estimate of this problem may begin with. */
  readonly memory: M
  readonly certificate: Certificate<H>
}

/** An estimator of one problem, from points that have the fields `P`. */
export interface Estimator<P, H, M> {
  (memory: M, point: P): Estimate<H, M>
  /** The memory before the first estimate. */
  readonly init: (point: P) => M
  /** The fields that a point must have. */
  readonly needs: readonly PointField[]
}

export type PointField = keyof Point<never, never, never, never>

/** What a point must have for an estimator that needs the fields `K`. */
export type PointWith<K extends PointField, S, H, T, V> = Pick<Point<S, H, T, V>, K>

/** An estimator of any problem that remembers nothing. */
export type Forgetful<K extends PointField> = <S, W, H, T, V>(
  problem: Problem<S, W, H, T, V>,
) => Estimator<PointWith<K, S, H, T, V>, H, null>
