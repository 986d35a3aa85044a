/** Anderson acceleration of fixed-point iterations: the combination of the last steps whose residuals cancel best.
 *
 *  r = f(x) − x,   γ = argmin ‖r − ΔR γ‖,   x ← x + β r − (ΔX + β ΔR) γ      columns of ΔX, ΔR: differences of the last m iterates and residuals
 *
 *  Needs    less than a contraction: it also converges where Picard's iteration runs away slowly. Safeguarded: a combination that doubles the residual
 *           is not taken, and the memory is dropped, so that the next step is Picard's.
 *  Equal    of type II, as scipy.optimize.anderson and jaxopt.AndersonAcceleration; on linear f with all memory, of GMRES (Walker, Ni 2011).
 *  Cost     a step: one value of f, a QR decomposition of n × m, 2 m vectors of n.
 *  Fails    maxIterations | diverged | nonfinite
 *  Source   Anderson 1965; Walker, Ni 2011 */

import {
  abs,
  add,
  any,
  concatenate,
  diag,
  div,
  expandDims,
  full,
  less,
  logicalNot,
  logicalOr,
  matmul,
  max,
  mul,
  notEqual,
  slice,
  sub,
  type Tensor,
  transpose,
  zeros,
} from '@neumann/linalg-gpu'
import { qr, solveTriangular } from '@neumann/linalg-gpu/linalg'
import { frame, running, vectors } from '@neumann/linalg-gpu/solvers'
import { fail } from '../../language.js'
import { flattened, memoryOf, pushed } from '../flattened.js'
import type { Found, SearchOptions } from '../search.js'
import { dampingOf, type FixedPointSolver, searchedFixedPoint } from './families.js'

const { integer } = frame
const { choose, length, zeroLike } = vectors

export interface AndersonOptions extends SearchOptions {
  /** m, the differences that are kept: 5 by default, at most n. */
  readonly memory?: number
  /** β, 1 by default. */
  readonly damping?: number
  /** Of γ, relative to the columns of ΔR: 1e-6 in f32, 1e-14 in f64 by default. */
  readonly regularisation?: number
}

interface Memory {
  /** ΔXᵀ and ΔRᵀ: [m, n], the newest last; zeros where nothing is yet. */
  readonly dx: Tensor
  readonly dr: Tensor
}

/** argmin ‖r − ΔR γ‖² + ε² ‖D γ‖², D the largest elements of the columns: by QR of the columns divided by D, with ε I below. */
const weights = ({ dr }: Memory, r: Tensor, epsilon: number): Tensor => {
  const m = dr.shape[0]!
  const tops = max(abs(dr), { axis: 1 })
  const unit = vectors.divisor(tops)
  const columns = transpose(div(dr, expandDims(unit, 1)))
  const below = diag(full([m], epsilon, { dtype: r.dtype }))
  const { q, r: upper } = qr(concatenate([columns, below], 0))
  const right = matmul(transpose(slice(q, [0, r.shape[0]!])), r)
  return div(solveTriangular(upper, right, { lower: false }), unit)
}

/** Fixed points by Anderson acceleration.
 *  @example const point = anderson()((x: Tensor) => cos(x))(array([0, 1]))
 *  String(point.x) // => f32[2] [0.739085, 0.739085]
 *  statusOf(item(point.status)) // => converged */
export const anderson = ({
  memory = 5,
  damping = 1,
  regularisation,
  ...options
}: AndersonOptions = {}): FixedPointSolver => {
  const name = 'anderson'
  const beta = dampingOf(name, damping)
  const kept = memoryOf(name, memory)
  if (regularisation !== undefined && !(regularisation > 0))
    fail(name, `regularisation is a number > 0, got ${regularisation}: without it parallel differences have no γ.`)
  return <X>(f: (x: X) => X) =>
    flattened<X, Found<Tensor>>(name, ({ map }) =>
      searchedFixedPoint<Tensor, Memory>(
        name,
        options,
        map(f),
        (x) => {
          const none = zeros([Math.min(kept, x.shape[0]!), x.shape[0]!], { dtype: x.dtype })
          return { dx: none, dr: none }
        },
        ({ x, r, norm, memory: own }, residualAt) => {
          const gamma = weights(own, r, regularisation ?? (x.dtype === 'f64' ? 1e-14 : 1e-6))
          const next = sub(add(x, mul(beta, r)), matmul(gamma, add(own.dx, mul(beta, own.dr))))
          const after = residualAt(next)
          const size = length(after)
          // a step that combines nothing is Picard's: there is none to fall back to
          const taken = logicalOr(less(size, mul(2, norm)), logicalNot(any(notEqual(gamma, 0))))
          const grown = { dx: pushed(own.dx, sub(next, x)), dr: pushed(own.dr, sub(after, r)) }
          return {
            ...choose(taken, { x: next, r: after, norm: size }, { x, r, norm }),
            memory: choose(taken, grown, zeroLike(own)),
            stop: integer(running),
            evaluations: integer(1),
          }
        },
      ),
    )
}
