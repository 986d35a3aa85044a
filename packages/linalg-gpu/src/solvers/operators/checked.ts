/** Operators of a user's own functions. */

import { fail } from '../../errors.js'
import type { Facts, Operator } from '../operator.js'
import { dtypeOf, type Space, vectorIn, zeroIn } from '../vectors.js'
import { sameSpace, showSpace } from './spaces.js'

export interface OperatorParts<X, Y> {
  readonly domain: Space<X>
  /** The domain by default. */
  readonly codomain?: Space<Y>
  readonly apply: (x: X) => Y
  readonly transpose?: (y: Y) => X
  readonly facts?: Facts
}

/** A linear map given by its function, with each vector that goes in or comes out checked to be of its space.
 *  Facts    are believed; `checkOperator` tests them.
 *  Fails    with the leaf that does not fit; where a square operator is claimed of one that is not.
 *  @example const shift = operator({ domain: vectorSpace(zeros([3])), apply: (x) => roll(x, 1), transpose: (y) => roll(y, -1) })
 *  shift.apply(array([1, 2, 3])) // => f32[3] [3, 1, 2] */
export const operator: {
  <X>(parts: Omit<OperatorParts<X, X>, 'codomain'>): Operator<X>
  <X, Y>(parts: OperatorParts<X, Y>): Operator<X, Y>
} = <X, Y>({ domain, codomain, apply, transpose, facts = {} }: OperatorParts<X, Y>): Operator<X, Y> => {
  const to = codomain ?? (domain as unknown as Space<Y>)
  dtypeOf('operator', zeroIn(domain))
  const square = facts.symmetric || facts.diagonal || facts.triangular !== undefined || facts.definite !== undefined
  if (square && !sameSpace(domain, to))
    fail('operator', `facts that only a square operator has, of one from ${showSpace(domain)} to ${showSpace(to)}.`)
  return {
    domain,
    codomain: to,
    apply: (x) => vectorIn('operator', 'the product', apply(vectorIn('operator', 'the vector', x, domain)), to),
    ...(transpose !== undefined && {
      transpose: (y: Y) =>
        vectorIn(
          'operator',
          'the product with the transpose',
          transpose(vectorIn('operator', 'the vector', y, to)),
          domain,
        ),
    }),
    facts,
  }
}
