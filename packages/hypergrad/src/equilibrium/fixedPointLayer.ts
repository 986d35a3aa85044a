/** Equilibrium layers: z with z = f(z, u), differentiable by all that u holds, though the iteration that finds it never is.
 *
 *  ∂L/∂u = (∂f/∂u)ᵀ p,   p ≈ (I − Jᵀ)⁻¹ ∂L/∂z     J = ∂f/∂z at z
 *
 *  forward    any search for fixed points, `anderson()` by default; one for roots by `asFixedPoint`
 *  backward   what p is: `exactAdjoint` by default, `neumannPhantom`, `unrolledPhantom`, `oneStep`
 *  What the cell closes over has the same derivative as what u holds; z0 has none.
 *  Needs    I − J invertible at z; a map whose randomness comes with u, so that all its values are of one map.
 *  Cost     the search; then the backward's products. Memory for one cell, however many iterations there were.
 *  Fails    z is the best iterate, finite where z0 is; `status` says why no better one was found, and the derivative is NaN where the backward does not
 *           accept that status.
 *  Source   Bai, Kolter, Koltun 2019; Geng et al. 2021 */

import { anderson, type FixedPointSolver, type Found } from '@neumann/autodiff/solvers'
import type { Tensor } from '@neumann/linalg-gpu'
import { eager } from '@neumann/linalg-gpu/program'
import { type Backward, exactAdjoint } from './backward.js'

/** f(z, u): a tree of the form of z. u holds inputs, weights and noise. */
export type Cell<Z, U> = (z: Z, u: U) => Z

export interface LayerOptions {
  readonly forward?: FixedPointSolver
  readonly backward?: Backward
}

/** What a layer found, and the evidence, which has no derivative. */
export interface Equilibrium<Z> {
  readonly z: Z
  /** i32: see `statuses` of '@neumann/linalg-gpu/solvers'. */
  readonly status: Tensor
  /** ‖f(z, u) − z‖ at this z. */
  readonly residual: Tensor
  /** i32: the steps of the search. */
  readonly iterations: Tensor
  /** i32: values of f, and products with its Jacobian, that were spent. */
  readonly evaluations: Tensor
}

/** A layer (u, z0) → { z, … }.
 *  @example const layer = fixedPointLayer((z: Tensor, u: Tensor) => add(mul(0.5, z), u), { forward: picard() })
 *  String(layer(array([3]), array([0])).z) // => f32[1] [5.99991]
 *  grad((u: Tensor) => sum(layer(u, array([0])).z))(array([3])) // => f32[1] [2] */
export const fixedPointLayer = <Z, U>(
  cell: Cell<Z, U>,
  { forward = anderson(), backward = exactAdjoint() }: LayerOptions = {},
): ((u: U, z0: Z) => Equilibrium<Z>) => {
  const search = backward(forward)
  return eager((u: U, z0: Z): Equilibrium<Z> => {
    const { x, ...evidence }: Found<Z> = search((z: Z) => cell(z, u))(z0)
    return { z: x, ...evidence }
  })
}
