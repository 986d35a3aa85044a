/** Operators that act on each element alone. */

import { eye } from '../../ops/creation.js'
import { diag } from '../../ops/shape.js'
import { eager } from '../../trace/eager.js'
import type { Facts, Operator } from '../operator.js'
import { raveled } from '../ravel.js'
import { byElement, dimensionOf, dtypeOf, type Space, vectorIn, vectorSpace } from '../vectors.js'
import { identityFacts } from './facts.js'

/** x ↦ x on the vectors of a space.
 *  @example identity(vectorSpace({ w: array([1, 2]) })).apply({ w: array([3, 4]) }) // => { w: f32[2] [3, 4] } */
export const identity = <X>(space: Space<X>): Operator<X> => ({
  domain: space,
  codomain: space,
  apply: (x) => x,
  transpose: (y) => y,
  dense: () => eye(dimensionOf(space), dimensionOf(space), { dtype: space.types[0]?.dtype ?? 'f32' }),
  facts: identityFacts,
})

/** x ↦ d ⊙ x, element by element, for a vector d: Jacobi's preconditioner is that of 1/d.
 *  Facts    diagonal and symmetric; that all d > 0 only its maker knows, and may say.
 *  @example diagonalOperator(array([2, 3])).apply(array([1, 10])) // => f32[2] [2, 30] */
export const diagonalOperator = <X>(entries: X, facts: Pick<Facts, 'definite'> = {}): Operator<X> => {
  const space = vectorSpace(entries)
  const d = vectorIn('diagonalOperator', 'the diagonal', entries, space)
  dtypeOf('diagonalOperator', d)
  const apply = (x: X): X => byElement(d, x)
  return {
    domain: space,
    codomain: space,
    apply,
    transpose: apply,
    dense: eager(() => diag(raveled(d))),
    facts: { symmetric: true, diagonal: true, ...facts },
  }
}
