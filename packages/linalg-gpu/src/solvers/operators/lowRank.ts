/** A diagonal and a few directions. */

import { fail, showShape } from '../../errors.js'
import { lu } from '../../linalg/lu.js'
import { luSolve } from '../../linalg/luSolve.js'
import { add, div, mul, sub } from '../../ops/arithmetic.js'
import { matmul } from '../../ops/contraction.js'
import { eye } from '../../ops/creation.js'
import { scalarOf } from '../../ops/operands.js'
import { broadcastTo, diag, reshape, transpose } from '../../ops/shape.js'
import { typeOf } from '../../program/type.js'
import { eager } from '../../trace/eager.js'
import { isTensor, type Tensor, typeOfTensor } from '../../trace/tensor.js'
import type { Facts, Operator } from '../operator.js'
import { dtypeOf, spaceOf } from '../vectors.js'
import { heldIn } from './algebra.js'
import { identityFacts, joinedFacts, scaledFacts } from './facts.js'

export interface LowRank {
  /** D: one number for all, or one for each element. */
  readonly diagonal: Tensor | number
  /** U: [n, r] */
  readonly left: Tensor
  /** C: a vector [r] for a diagonal one, or a matrix [r, r]; the identity by default. */
  readonly center?: Tensor
  /** V: [n, r]; U by default. */
  readonly right?: Tensor
}

/** An operator that knows its inverse. */
export interface Invertible extends Operator {
  readonly inverse: () => Operator
}

/** D + U C Vᵀ on vectors [n], and its inverse by the formula of Sherman, Morrison and Woodbury, in a form that does not invert C:
 *  (D + U C Vᵀ)⁻¹ = D⁻¹ − D⁻¹ U C (I + Vᵀ D⁻¹ U C)⁻¹ Vᵀ D⁻¹
 *
 *  Cost     4 n r operations an application; `inverse` 2 n r² + r³ once, then 4 n r + 2 r² an application.
 *  Facts    symmetric where V is left out and C is no matrix; positive where besides D is a number above 0 and C is left out. What else is known is said by `facts`.
 *  Inverse  needs D without zeros and the whole not singular: else infinities and NaN, which solvers report. Its error is about ε κ(D) κ(I + Vᵀ D⁻¹ U C):
 *           where D is nothing beside U C Vᵀ it loses digits that a solver that uses it as a preconditioner wins back.
 *  Source   Woodbury 1950; Hager 1989
 *  @example const a = lowRank({ diagonal: 2, left: array([[1], [1]]) })
 *  a.apply(array([1, 0])) // => f32[2] [3, 1]
 *  a.inverse().apply(array([3, 1])) // => f32[2] [1, 0] */
export const lowRank = ({ diagonal, left, center, right = left }: LowRank, facts: Facts = {}): Invertible => {
  const { n, r } = checked({ diagonal, left, right, ...(center !== undefined && { center }) })
  // C goes into one of the sides, once
  const w = center === undefined ? left : center.shape.length === 2 ? matmul(left, center) : mul(left, center)
  const { dtype } = w
  const space = spaceOf(typeOf(dtype, [n]))
  const line = (): Tensor => broadcastTo(isTensor(diagonal) ? diagonal : scalarOf('lowRank', diagonal, dtype), [n])
  const product = (u: Tensor, v: Tensor): ((x: Tensor) => Tensor) =>
    eager((x: Tensor) => add(mul(diagonal, x), matmul(u, matmul(transpose(v), x))))
  const symmetric = right === left && center?.shape.length !== 2
  const terms: readonly Facts[] = [
    scaledFacts(heldIn(space, diagonal), identityFacts),
    { symmetric: true, ...(center === undefined && { definite: 'nonnegative' }) },
  ]
  const own = { ...(symmetric && joinedFacts('sum', terms)), ...facts }
  return {
    domain: space,
    codomain: space,
    apply: product(w, right),
    transpose: product(right, w),
    dense: eager(() => add(diag(line()), matmul(w, transpose(right)))),
    facts: own,
    inverse: () => {
      // I + Vᵀ D⁻¹ W is factored once, and its factors belong to the inverse
      const factors = eager(() => {
        const divided = div(w, reshape(line(), [n, 1]))
        return lu(add(eye(r, r, { dtype }), matmul(transpose(right), divided)))
      })()
      const back = (u: Tensor, v: Tensor, transposed: boolean): ((b: Tensor) => Tensor) =>
        eager((b: Tensor) => {
          const small = luSolve(factors, matmul(transpose(v), div(b, diagonal)), { transposed })
          return div(sub(b, matmul(u, small)), diagonal)
        })
      return {
        domain: space,
        codomain: space,
        apply: back(w, right, false),
        transpose: back(right, w, true),
        facts: {
          ...(own.symmetric && { symmetric: true }),
          ...((own.definite === 'positive' || own.definite === 'negative') && { definite: own.definite }),
        },
      }
    },
  }
}

const checked = ({ diagonal, left, center, right }: LowRank): { readonly n: number; readonly r: number } => {
  if (left.shape.length !== 2) fail('lowRank', `the left side is a matrix [n, r], got ${showShape(left.shape)}.`)
  const [n, r] = left.shape as unknown as readonly [number, number]
  dtypeOf(
    'lowRank',
    [left, right, diagonal, center].filter((x) => isTensor(x) && !typeOfTensor(x).weak),
  )
  const fits = (what: string, x: Tensor | number | undefined, ...shapes: readonly (readonly number[])[]): void => {
    if (isTensor(x) && !shapes.some((shape) => showShape(shape) === showShape(x.shape)))
      fail(
        'lowRank',
        `${what} is ${shapes.map(showShape).join(' or ')} for ${r} directions of ${n} elements, got ${showShape(x.shape)}.`,
      )
  }
  fits('the diagonal', diagonal, [], [n])
  fits('the center', center, [r], [r, r])
  fits('the right side', right, [n, r])
  return { n, r }
}
