/** Broyden's method for roots: Newton's, with an inverse Jacobian H that is kept up by corrections of rank one.
 *
 *  d = −H F,  s = x₊ − x,  y = F₊ − F,   H₊ = H + (s − H y) sᵀH / sᵀH y
 *
 *  Needs    F near the start close to linear; a Jacobian at the start, and again where the step of an old H does not make ‖F‖ fall.
 *  Equal    of the "good" method, scipy.optimize.broyden1, with the true Jacobian to begin with.
 *  Cost     a step: n² for H, a value of F for each step length tried; n products with J side by side and 2 n³ where the Jacobian is taken anew
 *           (in a batch, at every step).
 *  Fails    singular (J, where it was taken) | breakdown (the step of a fresh H does not make ‖F‖ fall) | maxIterations | nonfinite
 *  Source   Broyden 1965; Dennis, Schnabel 1983, section 8.1 */

import {
  abs,
  add,
  all,
  array,
  cond,
  div,
  greater,
  isFinite,
  logicalAnd,
  logicalNot,
  matmul,
  mul,
  neg,
  outer,
  sub,
  type Tensor,
  where,
} from '@neumann/linalg-gpu'
import { inv } from '@neumann/linalg-gpu/linalg'
import { frame, running, statusCode, vectors } from '@neumann/linalg-gpu/solvers'
import { jacfwd } from '../../api/jacobian.js'
import { flattened } from '../flattened.js'
import type { Found, SearchOptions } from '../search.js'
import { backtrack } from './backtrack.js'
import { type RootSolver, searchedRoot } from './families.js'

const { firstOf, integer } = frame
const { choose, length } = vectors

interface Memory {
  /** H */
  readonly inverse: Tensor
  /** bool: whether the Jacobian that H came from was finite. */
  readonly known: Tensor
  /** bool: whether H is that of the Jacobian at this x. */
  readonly fresh: Tensor
}

/** H₊, or H where the correction would make it nearly singular: its determinant becomes sᵀH y / sᵀs times what it was. */
const corrected = (inverse: Tensor, s: Tensor, y: Tensor): Tensor => {
  const size = length(s)
  const [u, h] = [div(s, size), div(matmul(inverse, y), size)]
  const along = matmul(u, h)
  const sound = greater(abs(along), mul(1e-3, length(h)))
  return where(sound, add(inverse, div(outer(sub(u, h), matmul(u, inverse)), along)), inverse)
}

/** Roots by Broyden's method.
 *  @example const root = broyden()((x: Tensor) => sub(mul(x, x), array([4, 9])))(array([1.5, 2.5]))
 *  String(root.x) // => f32[2] [2, 3]
 *  statusOf(item(root.status)) // => converged */
export const broyden =
  (options: SearchOptions = {}): RootSolver =>
  <X>(f: (x: X) => X) =>
    flattened<X, Found<Tensor>>('broyden', ({ map }) => {
      const residualAt = map(f)
      const begun = (x: Tensor, fresh: Tensor): Memory => {
        const jacobian = jacfwd(residualAt)(x) as Tensor
        return { inverse: inv(jacobian), known: all(isFinite(jacobian)), fresh }
      }
      return searchedRoot<Tensor, Memory>(
        'broyden',
        options,
        residualAt,
        (x) => ({ memory: begun(x, array(true)), evaluations: x.shape[0]! }),
        (at) => {
          const { inverse, known, fresh } = at.memory
          const next = backtrack(residualAt, at, neg(matmul(inverse, at.r)))
          // no step from an old H: a new one, at the same x
          const renews = logicalAnd(logicalNot(next.found), logicalNot(fresh))
          const memory = cond(
            renews,
            () => begun(at.x, array(true)),
            () => ({ inverse: corrected(inverse, sub(next.x, at.x), sub(next.r, at.r)), known, fresh: array(false) }),
          )
          const point = choose(
            next.found,
            { x: next.x, r: next.r, norm: next.norm },
            { x: at.x, r: at.r, norm: at.norm },
          )
          return {
            ...point,
            memory,
            stop: firstOf(
              [
                [next.found, running],
                [renews, running],
                [logicalNot(known), statusCode.nonfinite],
                [all(isFinite(inverse)), statusCode.breakdown],
              ],
              statusCode.singular,
            ),
            evaluations: add(next.evaluations, where(renews, integer(at.x.shape[0]!), integer(0))),
          }
        },
      )
    })
