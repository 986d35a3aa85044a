/** A bilevel problem as a value: how the inner state moves, which part of it the outer objective sees, and that objective.
 *
 *  min over λ of F(w(λ), λ),   w = weights(s),   s ← Φ(s, λ; batch)     where Φ is `update`, F is `outer`
 *
 *  All three are pure. What is random (batches, dropout masks, noise) comes with the data, so that one sample can be looked at twice.
 *  Where Φ goes down a loss f, `inner` is that loss, and estimators may use its Hessian instead of the Jacobian of Φ.
 *
 *  S   state: weights, and whatever else Φ remembers   W   weights   H   hyperparameters λ   T   training batch   V   validation batch
 *  S, W and H are trees of tensors; W and H of floats, all of one dtype. */

import type { Tensor } from '@neumann/linalg-gpu'
import type { Lens } from './lens.js'

export interface Problem<S, W, H, T, V> {
  /** Φ(s, λ; batch): one inner step. */
  readonly update: (state: S, hyper: H, train: T) => S
  readonly weights: Lens<S, W>
  /** F(w, λ; batch): a scalar. */
  readonly outer: (weights: W, hyper: H, validation: V) => Tensor
  /** f(w, λ; batch): a scalar, where there is one. */
  readonly inner?: (weights: W, hyper: H, train: T) => Tensor
  /** s₀(λ), where the first state depends on λ. */
  readonly start?: (hyper: H) => S
}

/** A problem whose inner state goes down a loss. */
export interface LossProblem<S, W, H, T, V> extends Problem<S, W, H, T, V> {
  readonly inner: (weights: W, hyper: H, train: T) => Tensor
}

/** Where a hypergradient is asked for. Each estimator's type says which of these it needs. */
export interface Point<S, H, T, V> {
  /** s after the last step. */
  readonly state: S
  /** s before the last step. */
  readonly previous: S
  readonly hyper: H
  /** The batch of the last step: one batch, and one mask, for all products of an estimate. */
  readonly train: T
  readonly validation: V
  readonly trajectory: Trajectory<S, T>
}

/** The steps that led to a point, to be gone again. */
export interface Trajectory<S, T> {
  /** The state before the first of them. */
  readonly start: S
  /** Their batches, stacked along a new leading axis. */
  readonly batches: T
}
