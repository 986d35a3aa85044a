/** The rounds of `lsmr`: from r and Aᵀr, the d that makes ‖Aᵀ(r − A d)‖ least in span {Aᵀr, AᵀA Aᵀr, …}.
 *
 *  Golub and Kahan's steps make A bidiagonal, β u₊ = A v − α u, α₊ v₊ = Aᵀu₊ − β v. Two rotations a step make BᵀB triangular twice over, and with it
 *  h̄ ← h − (θ̄ ρ / ρ₋ ρ̄₋) h̄,  d ← d + (ζ / ρ ρ̄) h̄,  h ← v₊ − (θ / ρ) h,  ‖Aᵀ(r − A d)‖ = |ζ̄|.
 *  Source   Fong, Saunders 2011, algorithm LSMR, with λ = 0 */

import { whileLoop } from '../control/while.js'
import { abs, add, div, maximum, minimum, mul, neg } from '../ops/arithmetic.js'
import { equal, greater, isFinite, logicalAnd, logicalNot, logicalOr, where } from '../ops/comparison.js'
import { scalarOf } from '../ops/operands.js'
import type { Tensor } from '../trace/tensor.js'
import { firstOf, integer, type Round, unfinished } from './refine.js'
import { code, running } from './solution.js'
import { addScaled, choose, divisor, dtypeOf, hypotenuse, length, over, zeroLike } from './vectors.js'

/** A, or [A; λ I]: the rows that are to be made small, one block or two. */
export interface Rows<X> {
  readonly apply: (x: X) => readonly unknown[]
  readonly transpose: (y: readonly unknown[]) => X
}

interface State<X> {
  readonly d: X
  readonly r: readonly unknown[]
  readonly u: readonly unknown[]
  readonly v: X
  readonly h: X
  readonly hbar: X
  /** A h and A h̄: the residual goes along with them. */
  readonly ah: readonly unknown[]
  readonly ahbar: readonly unknown[]
  readonly alpha: Tensor
  readonly alphabar: Tensor
  readonly rho: Tensor
  readonly rhobar: Tensor
  readonly cbar: Tensor
  readonly sbar: Tensor
  readonly zetabar: Tensor
  /** θ / ρ of the step before. */
  readonly ratio: Tensor
  readonly norm: Tensor
  readonly stop: Tensor
  readonly iterations: Tensor
  readonly least: Tensor
  readonly greatest: Tensor
}

const unitOf = <X>(x: X, long: Tensor): X => over(x, divisor(long))

/** One round: min ‖r − A d‖ from d = 0, given Aᵀr, in the letters of the paper. */
export const bidiagonal = <X>(
  { apply, transpose }: Rows<X>,
  r: readonly unknown[],
  g: X,
  limit: { readonly target: Tensor; readonly small: Tensor; readonly iterations: Tensor },
): Round<X> => {
  const dtype = dtypeOf('lsmr', g)
  const scalar = (value: number): Tensor => scalarOf('lsmr', value, dtype)
  const beta = length(r)
  const slope = length(g)
  const v = unitOf(g, slope)
  const [none, empty] = [zeroLike(g), zeroLike(r)]
  const alpha = div(slope, beta)
  const init: State<X> = {
    d: none,
    r,
    u: over(r as unknown[], beta),
    v,
    h: none,
    hbar: none,
    ah: empty,
    ahbar: empty,
    alpha,
    alphabar: alpha,
    rho: scalar(1),
    rhobar: scalar(1),
    cbar: scalar(1),
    sbar: scalar(0),
    zetabar: slope,
    ratio: scalar(0),
    norm: beta,
    stop: integer(running),
    iterations: integer(0),
    least: scalar(Infinity),
    greatest: scalar(-Infinity),
  }
  const goesOn = (s: State<X>): Tensor =>
    logicalAnd(
      unfinished(s, limit),
      logicalOr(equal(s.iterations, 0), greater(div(abs(s.zetabar), s.greatest), mul(limit.small, s.norm))),
    )
  const step = (s: State<X>): State<X> => {
    const q = apply(s.v) as unknown[]
    const h = addScaled(s.v, neg(s.ratio), s.h)
    const ah = addScaled(q, neg(s.ratio), s.ah as unknown[])
    const left = addScaled(q, neg(s.alpha), s.u as unknown[])
    const beta = length(left)
    const u = unitOf(left, beta)
    const rest = addScaled(transpose(u), neg(beta), s.v)
    const alpha = length(rest)
    // B Bᵀ is made triangular by two rotations
    const rho = hypotenuse(s.alphabar, beta)
    const [c, sine] = [div(s.alphabar, rho), div(beta, rho)]
    const theta = mul(sine, alpha)
    const thetabar = mul(s.sbar, rho)
    const corner = mul(s.cbar, rho)
    const rhobar = hypotenuse(corner, theta)
    const [cbar, sbar] = [div(corner, rhobar), div(theta, rhobar)]
    const zeta = mul(cbar, s.zetabar)
    const back = neg(mul(div(thetabar, s.rho), div(rho, s.rhobar)))
    const hbar = addScaled(h, back, s.hbar)
    const ahbar = addScaled(ah, back, s.ahbar as unknown[])
    const long = div(div(zeta, rho), rhobar)
    const r = addScaled(s.r as unknown[], neg(long), ahbar)
    const norm = length(r)
    const valid = logicalAnd(isFinite(norm), isFinite(zeta))
    const size = length(q)
    return {
      d: choose(valid, addScaled(s.d, long, hbar), s.d),
      r: choose(valid, r, s.r as unknown[]),
      u,
      v: unitOf(rest, alpha),
      h,
      hbar,
      ah,
      ahbar,
      alpha,
      alphabar: mul(c, alpha),
      rho,
      rhobar,
      cbar,
      sbar,
      zetabar: neg(mul(sbar, s.zetabar)),
      ratio: div(theta, rho),
      norm: where(valid, norm, s.norm),
      stop: firstOf([[logicalNot(valid), code.nonfinite]], running),
      iterations: add(s.iterations, integer(1)),
      least: where(valid, minimum(s.least, size), s.least),
      greatest: where(valid, maximum(s.greatest, size), s.greatest),
    }
  }
  const { d, stop, iterations, least, greatest } = whileLoop(goesOn, step, init)
  return { d, stop, iterations, products: mul(iterations, 2), least, greatest }
}
