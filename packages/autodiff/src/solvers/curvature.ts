/** Operators of second derivatives: symmetric, linearised once, applied as often as a solver wants.
 *  Outside traces they keep residuals until they are disposed, by `using` or by the scope around them. */

import { div, logsumexp, mul, sum } from '@neumann/linalg-gpu'
import type { Facts, Operator } from '@neumann/linalg-gpu/solvers'
import { differentiated, type Gradient } from '../api/arguments.js'
import type { Kept } from '../api/derivatives.js'
import { gaussNewtonVp, hvp, type Product } from '../api/products.js'
import { fail, showValue, type Tensor } from '../language.js'

/** A symmetric operator on trees of the weights. */
export type Curvature<W> = Operator<Gradient<W>> & Kept

const curvature = <W>(name: string, w: W, product: Product<W, Gradient<W>>, facts: Facts): Curvature<W> => {
  const { structures, types } = differentiated(name, [w], [0], true)
  const space = { structure: structures[0]!, types }
  return {
    domain: space,
    codomain: space,
    apply: product as (v: Gradient<W>) => Gradient<W>,
    facts,
    [Symbol.dispose]: product[Symbol.dispose],
  }
}

/** v ↦ ∇²f(w) v, by the first argument. Of its sign nothing is known: `damped`, or `{ ...operator, facts }` for who knows.
 *  Cost     as `hvp`: the linearisation once, then about 2 to 2.5 gradients a product.
 *  @example hessianOperator((w: Tensor) => sum(mul(w, mul(w, w))), array([1, 2])).apply(array([1, 1])) // => f32[2] [6, 12] */
export const hessianOperator = <W, D extends readonly unknown[]>(
  f: (w: W, ...rest: D) => Tensor,
  w: W,
  ...rest: D
): Curvature<W> => curvature('hessianOperator', w, hvp(f)(w, ...rest), { symmetric: true })

/** v ↦ Jᵀ C J v with z = model(w), J = ∂z/∂w, C = ∇²loss(z): nonnegative, as the loss must be convex in z.
 *  Cost     as `gaussNewtonVp`: a push and a pull through the model and a Hessian product of the loss.
 *  Laws     equals `hessianOperator` of the composition where the model is linear or ∇loss(z) = 0.
 *  @example gaussNewtonOperator((w: Tensor) => mul(w, w), (z: Tensor) => sum(mul(z, z)))(array([1, 2])).apply(array([1, 1])) // => f32[2] [8, 32] */
export const gaussNewtonOperator =
  <W, Z, D extends readonly unknown[]>(
    model: (w: W, ...rest: D) => Z,
    loss: (z: Z) => Tensor,
  ): ((w: W, ...rest: D) => Curvature<W>) =>
  (w, ...rest) =>
    curvature('gaussNewtonOperator', w, gaussNewtonVp(model, loss)(w, ...rest), nonnegative)

const nonnegative: Facts = { symmetric: true, definite: 'nonnegative' }

/** What a model says of its outputs z.
 *    categorical   y is one of the classes along the last axis, P(y) = softmax(z): F = Σ Jᵀ (diag p − p pᵀ) J
 *    gaussian      y = z + noise of the variance (1 by default): F = Jᵀ J / variance */
export type Distribution =
  | { readonly distribution: 'categorical' }
  | { readonly distribution: 'gaussian'; readonly variance?: number }

/** v ↦ F v with the Fisher information F = E [∇ log p(y) ∇ log p(y)ᵀ] of the weights, y drawn from the model itself (no labels, no sampling).
 *  A sum over all independent outputs, as the joint log-likelihood is: `scale` it for a mean.
 *  Cost     as `gaussNewtonOperator`, which it is, of the negative log-likelihood.
 *  Laws     softmax: equals the Hessian of the cross-entropy where the logits are linear in w, whatever the labels.
 *  Source   Martens 2020, sections 5 and 9
 *  @example fisherOperator((w: Tensor) => mul(w, 3), { distribution: 'gaussian', variance: 2 })(array([1, 2])).apply(array([1, 2])) // => f32[2] [4.5, 9] */
export const fisherOperator =
  <W, D extends readonly unknown[]>(
    model: (w: W, ...rest: D) => Tensor,
    options: Distribution,
  ): ((w: W, ...rest: D) => Curvature<W>) =>
  (w, ...rest) =>
    curvature('fisherOperator', w, gaussNewtonVp(model, likelihood(options))(w, ...rest), nonnegative)

/** A function of z with the Hessian that the negative log-likelihood has. */
const likelihood = (options: Distribution): ((z: Tensor) => Tensor) => {
  switch (options.distribution) {
    case 'categorical':
      return (z) => sum(logsumexp(z, { axis: -1 }))
    case 'gaussian': {
      const { variance = 1 } = options
      if (!(variance > 0)) fail('fisherOperator', `variance is a number > 0, got ${showValue(variance)}.`)
      return (z) => div(sum(mul(z, z)), 2 * variance)
    }
    default:
      return fail(
        'fisherOperator',
        `distribution is 'categorical' or 'gaussian', got ${showValue((options as Distribution).distribution)}.`,
      )
  }
}

/** v ↦ Σᵢ ∇ℓᵢ (∇ℓᵢᵀ v), the empirical Fisher: ℓ = losses(w), one entry for each example with its label. No Fisher: it counts noise as curvature.
 *  Cost     a push and a pull through the losses.
 *  Source   Kunstner, Balles, Hennig 2019
 *  @example empiricalFisherOperator((w: Tensor) => mul(w, w))(array([1, 2])).apply(array([1, 1])) // => f32[2] [4, 16] */
export const empiricalFisherOperator =
  <W, D extends readonly unknown[]>(losses: (w: W, ...rest: D) => Tensor): ((w: W, ...rest: D) => Curvature<W>) =>
  (w, ...rest) =>
    curvature(
      'empiricalFisherOperator',
      w,
      gaussNewtonVp(losses, (z: Tensor) => div(sum(mul(z, z)), 2))(w, ...rest),
      nonnegative,
    )
