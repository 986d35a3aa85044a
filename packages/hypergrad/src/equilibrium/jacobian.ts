/** How large the Jacobian of an equilibrium's cell is: a penalty that keeps it small, and its spectral radius to be looked at.
 *
 *  J = ∂f/∂z at z. Below a radius of 1 plain iteration converges, and phantom gradients have a limit. */

import { linearize, vjp } from '@neumann/autodiff'
import {
  abs,
  add,
  div,
  foriLoop,
  greater,
  hypot,
  mul,
  neg,
  sqrt,
  square,
  sub,
  type Tensor,
  where,
} from '@neumann/linalg-gpu'
import { eager, fail } from '@neumann/linalg-gpu/program'
import { vectorSpace, vectors } from '@neumann/linalg-gpu/solvers'
import { normalLike } from '../estimators/normalLike.js'
import type { Cell } from './fixedPointLayer.js'

const { addScaled, dimensionOf, divisor, epsilonOf, inner, length, over } = vectors

/** ‖Jᵀ v‖² / n with v ~ N(0, I) in n dimensions, whose mean is ‖J‖² / n (Frobenius): a penalty, differentiable by z and by what u holds.
 *  Cost     a product with Jᵀ; with its derivative about 3 more
 *  Source   Bai, Koltun, Kolter 2021 (on 2 % of the steps, with a weight of 0.4)
 *  @example jacobianRegulariser((z: Tensor, u: Tensor) => mul(u, z))(array([1, 1]), array([0, 0]), key(0)) // => f32[] 0 */
export const jacobianRegulariser = <Z, U>(cell: Cell<Z, U>): ((z: Z, u: U, key: Tensor) => Tensor) =>
  eager((z: Z, u: U, key: Tensor): Tensor => {
    const { pull } = vjp((x: Z) => cell(x, u), [z])
    const [product] = (pull as (v: Z) => readonly [Z])(normalLike(key, z))
    return div(inner(product, product), dimensionOf(vectorSpace(z)))
  })

export interface SpectralRadius {
  /** max |μ| over the eigenvalues μ of J, real or in pairs. */
  readonly radius: Tensor
  /** ‖J x − θ x‖ / |θ| of the eigenpair that this is of: how far it is from one. */
  readonly residual: Tensor
}

/** The spectral radius of J by powers on a random vector: the larger |θ| of J on span{v, J v}, where v ← J² v / ‖J² v‖. The two dimensions hold a pair of
 *  conjugate eigenvalues, on which the ratio of two lengths never settles.
 *  Cost     2 products an iteration, 100 iterations by default; the error falls as |μ₃/μ₁|² each
 *  @example const turn = (z: Tensor, u: Tensor) => mul(u, stack([neg(slice(z, 1)), slice(z, 0)]))
 *  spectralRadius(turn)(array([1, 2]), array(0.5), key(0)).radius // => f32[] 0.5 */
export const spectralRadius = <Z, U>(
  cell: Cell<Z, U>,
  { iterations = 100 }: { readonly iterations?: number } = {},
): ((z: Z, u: U, key: Tensor) => SpectralRadius) => {
  if (!Number.isInteger(iterations) || iterations < 1)
    fail('spectralRadius', `iterations is an integer ≥ 1, got ${iterations}.`)
  return eager((z: Z, u: U, key: Tensor): SpectralRadius => {
    const push = linearize((x: Z) => cell(x, u), [z]).push as (v: Z) => Z
    const unit = (v: Z): Z => over(v, divisor(length(v)))
    const first = unit(normalLike(key, z))
    const last = foriLoop(0, iterations - 1, (_, v: Z) => unit(push(unit(push(v)))), first)
    return ofPlane(push, last)
  })
}

/** The larger eigenvalue of J on span{v, J v} with the basis q = [v, r/β], r = J v − α v: of [[α, γ], [β, δ]]. */
const ofPlane = <Z>(push: (v: Z) => Z, v: Z): SpectralRadius => {
  const image = push(v)
  const alpha = inner(v, image)
  const rest = addScaled(image, neg(alpha), v)
  const beta = length(rest)
  // of so short a rest only rounding says where it points: v is an eigenvector
  const flat = greater(mul(8 * epsilonOf(beta.dtype), length(image)), beta)
  const q = over(rest, divisor(beta))
  const second = push(q)
  const [gamma, delta] = [inner(v, second), inner(q, second)]
  const middle = mul(0.5, add(alpha, delta))
  const half = mul(0.5, sub(alpha, delta))
  const root = add(square(half), mul(beta, gamma))
  const reach = sqrt(abs(root))
  const real = greater(root, 0)
  const radius = where(real, add(abs(middle), reach), hypot(middle, reach))
  // β y₁ + (δ − θ) y₂ = 0 of the eigenvector y: what leaves the plane is |y₂| times what J q leaves it by
  const theta = where(greater(middle, 0), add(middle, reach), sub(middle, reach))
  const across = where(real, abs(sub(delta, theta)), hypot(half, reach))
  const share = div(beta, divisor(hypot(beta, across)))
  const outside = length(addScaled(addScaled(second, neg(gamma), v), neg(delta), q))
  return {
    radius: where(flat, abs(alpha), radius),
    residual: div(where(flat, beta, mul(share, outside)), divisor(where(flat, abs(alpha), radius))),
  }
}
