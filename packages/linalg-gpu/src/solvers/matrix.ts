/** The operator of a matrix. */

import { fail, showType, showValue } from '../errors.js'
import { matmul } from '../ops/contraction.js'
import { array } from '../ops/creation.js'
import { asFloat } from '../ops/operands.js'
import { transpose } from '../ops/shape.js'
import { typeOf } from '../program/type.js'
import { eager } from '../trace/eager.js'
import { type Tensor, type TensorLike, typeOfTensor } from '../trace/tensor.js'
import type { Facts, Operator } from './operator.js'
import { type Space, spaceOf } from './vectors.js'

/** x ↦ A x, for a tensor, or for rows of numbers as f32.
 *  Shapes   A: [m, n] · x: [n] · A x: [m]
 *  Cost     m n products an application, of A and of Aᵀ alike: no transpose is made.
 *  Facts    are believed: `checkOperator` tests them.
 *  @example matrix([[1, 2], [3, 4]]).apply(array([1, 1])) // => f32[2] [3, 7] */
export const matrix = (a: TensorLike | readonly (readonly number[])[], facts: Facts = {}): Operator<Tensor, Tensor> => {
  const own = asFloat('matrix', Array.isArray(a) ? array(a) : (a as TensorLike))
  const type = typeOfTensor(own)
  if (type.shape.length !== 2)
    fail(
      'matrix',
      `needs a matrix of two axes, got ${showType(type)}. For a stack of them, vmap over the function that makes the operator.`,
    )
  const [m, n] = type.shape as unknown as [number, number]
  if (m !== n && Object.values(facts).some((fact) => fact !== undefined && fact !== false))
    fail('matrix', `${showType(type)} is not square: it has no facts, got ${showValue(facts)}.`)
  const space = (size: number): Space<Tensor> => spaceOf(typeOf(type.dtype, [size]))
  return {
    domain: space(n),
    codomain: space(m),
    apply: (x) => matmul(own, x),
    transpose: eager((y: Tensor) => matmul(transpose(own), y)),
    dense: () => own,
    facts,
  }
}
