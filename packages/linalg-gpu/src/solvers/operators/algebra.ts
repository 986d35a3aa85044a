/** Sums, multiples, products and transposes of operators, which are operators again and keep the facts that survive (`facts.ts`).
 *
 *  Cost     an application costs those of the parts; nothing is multiplied out.
 *  Facts    what the rules cannot see can be said: `{ ...composed(transposed(A), A), facts: { symmetric: true, definite: 'nonnegative' } }`. */

import { storage } from '../../dtype.js'
import { fail, showShape } from '../../errors.js'
import { add, mul } from '../../ops/arithmetic.js'
import { transpose } from '../../ops/shape.js'
import { eager } from '../../trace/eager.js'
import { isTensor, type Tensor } from '../../trace/tensor.js'
import type { Operator } from '../operator.js'
import { plus, type Space, times } from '../vectors.js'
import { identity } from './diagonal.js'
import { joinedFacts, scaledFacts, transposedFacts } from './facts.js'
import { endo, meet } from './spaces.js'

/** Aᵀ y of an operator, where it is known. */
export const transposeOf = <X, Y>({ transpose, facts, apply }: Operator<X, Y>): ((y: Y) => X) | undefined =>
  transpose ?? (facts.symmetric || facts.diagonal ? (apply as unknown as (y: Y) => X) : undefined)

/** Optional members, which are absent rather than undefined; what they make on the way is freed. */
export const ways = <X, Y>(
  transpose: ((y: Y) => X) | undefined,
  dense?: () => Tensor,
): Pick<Operator<X, Y>, 'transpose' | 'dense'> => ({
  ...(transpose !== undefined && { transpose: eager(transpose) }),
  ...(dense !== undefined && { dense: eager(dense) }),
})

/** Aᵀ
 *  Fails    where the transpose is not known.
 *  @example transposed(matrix([[1, 2], [3, 4]])).apply(array([1, 1])) // => f32[2] [4, 6] */
export const transposed = <X, Y>(a: Operator<X, Y>): Operator<Y, X> => {
  const { dense } = a
  return {
    domain: a.codomain,
    codomain: a.domain,
    apply:
      transposeOf(a) ??
      fail(
        'transposed',
        'the transpose of the operator is not known. Give `transpose` where it is made (`linearTranspose` finds that of a linear function), or say facts.symmetric where it holds.',
      ),
    ...ways(a.apply, dense && (() => transpose(dense()))),
    facts: transposedFacts(a.facts),
  }
}

/** What a number becomes in the vectors' dtype: 1e-50 is 0 in f32, and no sign is left. Undefined for what is traced. */
export const heldIn = (space: Space<unknown>, c: Tensor | number): number | undefined => {
  if (isTensor(c)) return undefined
  const held = storage(space.types[0]?.dtype ?? 'f64', 1)
  held[0] = c
  return held[0]
}

const checkFactor = (name: string, what: string, c: Tensor | number): void => {
  if (isTensor(c) ? c.shape.length !== 0 : !Number.isFinite(c))
    fail(name, `${what} is a finite number or a scalar, got ${isTensor(c) ? showShape(c.shape) : c}.`)
}

/** c A, for a number or a scalar tensor. A number becomes part of the programs that apply it; of a schedule make tensors, and all its c share one program.
 *  Facts    those of A; the sign of xᵀA x where that of c is known, which it is not for a tensor.
 *  @example scaled(-2, matrix([[1]], { symmetric: true, definite: 'positive' })).facts // => { symmetric: true, definite: 'negative' } */
export const scaled = <X, Y>(c: Tensor | number, a: Operator<X, Y>): Operator<X, Y> => {
  checkFactor('scaled', 'the factor', c)
  const { dense } = a
  const back = transposeOf(a)
  return {
    domain: a.domain,
    codomain: a.codomain,
    apply: eager((x: X) => times(c, a.apply(x))),
    ...ways(back && ((y: Y) => times(c, back(y))), dense && (() => mul(c, dense()))),
    facts: scaledFacts(heldIn(a.codomain, c), a.facts),
  }
}

/** A + B + …
 *  @example sumOf(matrix([[1, 2], [3, 4]]), matrix([[1, 1], [1, 1]])).apply(array([1, 0])) // => f32[2] [2, 4] */
export const sumOf = <X, Y>(first: Operator<X, Y>, ...rest: readonly Operator<X, Y>[]): Operator<X, Y> => {
  rest.forEach((term, i) => {
    meet('sumOf', `term ${i + 1} maps from another space`, term.domain, first.domain)
    meet('sumOf', `term ${i + 1} maps to another space`, term.codomain, first.codomain)
  })
  const all = [first, ...rest]
  const back = defined(all.map(transposeOf))
  const matrices = defined(all.map(({ dense }) => dense))
  return {
    domain: first.domain,
    codomain: first.codomain,
    apply: eager((x: X) => all.map((term) => term.apply(x)).reduce((y, z) => plus(y, z))),
    ...ways(
      back && ((y: Y) => back.map((f) => f(y)).reduce((x, z) => plus(x, z))),
      matrices && (() => matrices.map((dense) => dense()).reduce((a, b) => add(a, b))),
    ),
    facts: joinedFacts(
      'sum',
      all.map((term) => term.facts),
    ),
  }
}

/** The list, where nothing in it is missing. */
const defined = <T>(list: readonly (T | undefined)[]): readonly T[] | undefined =>
  list.includes(undefined) ? undefined : (list as readonly T[])

/** A + λ I
 *  Facts    positive definite where A is nonnegative and λ a number above 0.
 *  @example damped(matrix([[1, 2], [3, 4]]), 10).apply(array([1, 0])) // => f32[2] [11, 3] */
export const damped = <X>(a: Operator<X>, lambda: Tensor | number): Operator<X> => {
  endo('damped', a)
  checkFactor('damped', 'λ', lambda)
  return sumOf(a, scaled(lambda, identity(a.domain)))
}

/** A B: B first.
 *  @example composed(matrix([[0, 1], [1, 0]]), matrix([[1, 2], [3, 4]])).apply(array([1, 0])) // => f32[2] [3, 1] */
export const composed = <X, Y, Z>(a: Operator<Y, Z>, b: Operator<X, Y>): Operator<X, Z> => {
  meet('composed', 'the second maps to another space than the first from', b.codomain, a.domain)
  const [backA, backB] = [transposeOf(a), transposeOf(b)]
  return {
    domain: b.domain,
    codomain: a.codomain,
    apply: eager((x: X) => a.apply(b.apply(x))),
    ...ways(backA && backB && ((z: Z) => backB(backA(z)))),
    facts: joinedFacts('compose', [a.facts, b.facts]),
  }
}
