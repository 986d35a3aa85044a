/** Operators as matrices. */

import { map } from '../control/scan.js'
import { eye, zeros } from '../ops/creation.js'
import { transpose } from '../ops/shape.js'
import { eager } from '../trace/eager.js'
import type { Tensor } from '../trace/tensor.js'
import type { Operator } from './operator.js'
import { raveled, unraveled } from './ravel.js'
import { dimensionOf } from './vectors.js'

/** The matrix of an operator, column j the image of the j-th unit vector; trees are counted leaf after leaf, records by sorted key.
 *  Shapes   [m, n], the numbers of elements of codomain and domain
 *  Cost     n products, one after another, and m n elements; none where the operator has its matrix at hand.
 *  @example materialise(damped(diagonalOperator(array([1, 2])), 3)) // => f32[2,2] [[4, 0], [0, 5]] */
export const materialise = eager(<X, Y>(operator: Operator<X, Y>): Tensor => {
  if (operator.dense !== undefined) return operator.dense()
  const { domain, codomain } = operator
  const [m, n] = [dimensionOf(codomain), dimensionOf(domain)]
  const dtype = domain.types[0]?.dtype ?? 'f32'
  if (n === 0 || m === 0) return zeros([m, n], { dtype })
  const image = (unit: Tensor): Tensor => raveled(operator.apply(unraveled(domain, unit)))
  return transpose(map(image, eye(n, n, { dtype })))
})
