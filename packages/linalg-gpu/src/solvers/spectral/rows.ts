/** Square operators on trees as operators on flat vectors [n], for methods that keep many vectors: as the rows of one matrix. */

import { map } from '../../control/scan.js'
import { fail, showValue } from '../../errors.js'
import type { FloatDType } from '../../random/words.js'
import type { Tensor } from '../../trace/tensor.js'
import type { Operator } from '../operator.js'
import { transposeOf } from '../operators/algebra.js'
import { endo } from '../operators/spaces.js'
import { raveled, unraveled } from '../ravel.js'
import { dimensionOf, dtypeOf, vectorIn, zeroIn } from '../vectors.js'

/** The size of a square operator and the dtype of its vectors; one that is not square, or has no dimension, is refused. */
export const squareOf = <X>(
  name: string,
  operator: Operator<X>,
): { readonly n: number; readonly dtype: FloatDType } => {
  endo(name, operator)
  const n = dimensionOf(operator.domain)
  if (n === 0) fail(name, 'the operator has no dimension: its vectors have no elements.')
  return { n, dtype: dtypeOf(name, zeroIn(operator.domain)) as FloatDType }
}

/** A x of each row x of [k, n], one after the other: one product is in memory at a time. */
export const productsOf = <X>(name: string, { domain, apply }: Operator<X>, rows: Tensor): Tensor =>
  map((x: Tensor) => raveled(vectorIn(name, 'the product', apply(unraveled(domain, x)), domain)), rows)

/** Aᵀ as an operator, for its products alone. */
export const adjointOf = <X>(name: string, operator: Operator<X>): Operator<X> => ({
  ...operator,
  apply:
    transposeOf(operator) ??
    fail(name, 'needs products with Aᵀ: give the operator a transpose, or the fact that it is symmetric.'),
})

/** A count that was asked for: an integer ≥ 1. */
export const countOf = (name: string, what: string, count: number): number =>
  Number.isInteger(count) && count >= 1 ? count : fail(name, `${what} is an integer ≥ 1, got ${showValue(count)}.`)
