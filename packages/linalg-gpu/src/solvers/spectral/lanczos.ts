/** Lanczos' recurrence: a symmetric operator on the Krylov space of a start, as a tridiagonal matrix.
 *
 *    β₀q₀ = 0,  q₁ = start/‖start‖,   wⱼ = A qⱼ − βⱼ₋₁ qⱼ₋₁,  αⱼ = qⱼᵀwⱼ,   βⱼ qⱼ₊₁ = wⱼ − αⱼ qⱼ
 *    A Q = Q T + βₖ qₖ₊₁ eₖᵀ,   T = tridiagonal(β, α, β),   QᵀQ = I
 *
 *  reorthogonalise   'full': wⱼ ← (I − Q Qᵀ) wⱼ, twice, so that QᵀQ = I to rounding. 'none': three vectors are kept instead of k; once an eigenvalue
 *                    has converged, rounding brings it back, and T gets copies of it (ghosts). Its values stay right, their multiplicities do not.
 *  An invariant subspace, where βⱼ is nothing beside ‖T‖, ends it: `steps` says how many of α, β and q hold, the rest
 *  are zero.
 *
 *  Needs    A symmetric: of another one T is made as if it were, and says nothing about A.
 *  Shapes   start: a vector · alpha, beta: [k] · basis: tree of [k, …], or null
 *  Cost     k products; 'full' 8 n k² operations and k vectors of n.
 *  Fails    nonfinite | breakdown (the start is zero); converged: an invariant subspace was met; maxIterations: all steps were taken
 *  Source   Lanczos 1950; Paige 1976 (what is true without orthogonality); Golub, Van Loan 2013, 10.1–10.3. */

import { scan } from '../../control/scan.js'
import { epsilonOf } from '../../dtype.js'
import { fail, showValue } from '../../errors.js'
import { abs, add, maximum, mul, neg } from '../../ops/arithmetic.js'
import { equal, greater, isFinite, lessEqual, logicalAnd, logicalNot, where } from '../../ops/comparison.js'
import { cast, iota } from '../../ops/creation.js'
import { scalarOf } from '../../ops/operands.js'
import { eager } from '../../trace/eager.js'
import type { Tensor } from '../../trace/tensor.js'
import { type Basis, basisOf, coefficients, combination, placed } from '../basis.js'
import type { Operator } from '../operator.js'
import { firstOf, integer } from '../refine.js'
import { code, running } from '../solution.js'
import { addScaled, choose, inner, length, minus, over, vectorIn, zeroIn } from '../vectors.js'
import { countOf, squareOf } from './rows.js'

export interface LanczosOptions {
  /** Steps, k. */
  readonly steps: number
  /** 'full' by default. */
  readonly reorthogonalise?: 'full' | 'none'
}

/** T: α on its diagonal, β beside it. */
export interface Tridiagonal {
  readonly alpha: Tensor
  /** Beside the diagonal; the last one is βₖ, the length of what is left. */
  readonly beta: Tensor
  /** i32: the steps that hold. */
  readonly steps: Tensor
  /** i32: see `statuses`. */
  readonly status: Tensor
}

export interface Lanczos<X> extends Tridiagonal {
  /** qⱼ, along leading axes of size k; null without reorthogonalisation. */
  readonly basis: Basis<X> | null
}

interface State<X> {
  readonly q: X
  readonly previous: X
  readonly beta: Tensor
  /** q₁ … qⱼ, and zeros; null without reorthogonalisation. */
  readonly basis: Basis<X> | null
  /** The largest |α| + |β|: about ‖T‖. */
  readonly size: Tensor
  readonly steps: Tensor
  readonly stop: Tensor
}

/** Lanczos' tridiagonal matrix.
 *  @example const { alpha, beta } = lanczos({ steps: 2 })(matrix([[2, 1], [1, 3]], { symmetric: true }))(array([1, 0]))
 *  const seen = [String(alpha), String(beta)] // => [ 'f32[2] [2, 3]', 'f32[2] [1, 0]' ] */
export const lanczos =
  ({ steps, reorthogonalise = 'full' }: LanczosOptions) =>
  <X>(operator: Operator<X>): ((start: X) => Lanczos<X>) => {
    const name = 'lanczos'
    const k = countOf(name, 'steps', steps)
    if (reorthogonalise !== 'full' && reorthogonalise !== 'none')
      fail(name, `reorthogonalise is 'full' or 'none', got ${showValue(reorthogonalise)}.`)
    const { n, dtype } = squareOf(name, operator)
    const { domain } = operator
    // what a product rounds: of a shorter rest the direction is not known
    const slack = 4 * Math.sqrt(n) * epsilonOf(dtype)
    const zero = (): X => zeroIn<X>(domain)

    const step = (s: State<X>, j: Tensor): readonly [State<X>, readonly [Tensor, Tensor]] => {
      const active = equal(s.stop, running)
      const product = vectorIn(name, 'the product', operator.apply(s.q), domain)
      const w = addScaled(product, neg(s.beta), s.previous)
      const alpha = inner(s.q, w)
      const rest = addScaled(w, neg(alpha), s.q)
      const basis = s.basis === null ? null : placed(s.basis, j, s.q)
      const orthogonal = (x: X): X => (basis === null ? x : minus(x, combination(basis, coefficients(basis, x))))
      const r = orthogonal(orthogonal(rest))
      const beta = length(r)
      const size = maximum(s.size, add(abs(alpha), beta))
      const valid = logicalAnd(isFinite(alpha), isFinite(beta))
      const ends = lessEqual(beta, mul(slack, size))
      const holds = logicalAnd(active, valid)
      const goesOn = logicalAnd(holds, logicalNot(ends))
      const stop = firstOf(
        [
          [logicalNot(active), s.stop],
          [logicalNot(valid), code.nonfinite],
          [ends, code.converged],
        ],
        running,
      )
      const next: State<X> = {
        q: choose(goesOn, over(r, where(goesOn, beta, 1)), zero()),
        previous: s.q,
        beta: where(goesOn, beta, 0),
        basis: s.basis === null || basis === null ? null : choose(holds, basis, s.basis),
        size: where(holds, size, s.size),
        steps: add(s.steps, cast(holds, 'i32')),
        stop,
      }
      return [next, [where(holds, alpha, 0), where(holds, beta, 0)]]
    }

    return eager((start: X): Lanczos<X> => {
      const first = vectorIn(name, 'the start', start, domain)
      const norm = length(first)
      const known = logicalAnd(isFinite(norm), greater(norm, 0))
      const none = scalarOf(name, 0, dtype)
      const init: State<X> = {
        q: choose(known, over(first, where(known, norm, 1)), zero()),
        previous: zero(),
        beta: none,
        basis: reorthogonalise === 'full' ? basisOf(k, domain) : null,
        size: none,
        steps: integer(0),
        stop: firstOf(
          [
            [equal(norm, 0), code.breakdown],
            [logicalNot(known), code.nonfinite],
          ],
          running,
        ),
      }
      const [end, [alpha, beta]] = scan(step, init, iota([k]))
      const status = firstOf([[equal(end.stop, running), code.maxIterations]], end.stop)
      return { alpha, beta, steps: end.steps, status, basis: end.basis }
    })
  }
