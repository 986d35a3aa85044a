/** Spaces that meet: what operators that are joined must agree on. */

import { fail, showType } from '../../errors.js'
import { sameStructure, showStructure } from '../../tree.js'
import type { Operator } from '../operator.js'
import type { Space } from '../vectors.js'

export const sameSpace = (a: Space<unknown>, b: Space<unknown>): boolean =>
  sameStructure(a.structure, b.structure) && a.types.every((type, i) => type === b.types[i])

/** `f32[3]`, or `{b: f32[2], w: f32[3,2]}`. */
export const showSpace = ({ structure, types }: Space<unknown>): string => {
  let at = 0
  return showStructure(structure).replace(/\*/g, () => showType(types[at++]!))
}

/** Refuses spaces that differ, with a remedy where there is one. */
export const meet = (name: string, what: string, got: Space<unknown>, expected: Space<unknown>, remedy = ''): void => {
  if (!sameSpace(got, expected)) fail(name, `${what}: ${showSpace(got)} is not ${showSpace(expected)}.${remedy}`)
}

/** Refuses an operator that maps to another space than its own. */
export const endo = <X, Y>(name: string, { domain, codomain }: Operator<X, Y>, remedy?: string): void =>
  meet(name, 'the operator maps to another space than from', codomain, domain, remedy)
