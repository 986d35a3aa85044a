/** What is known of an operator that is made of others.
 *
 *  Each way of joining operators is a row: when the result is symmetric, and the sign of xᵀA x where it is. A fact that no row gives is not known, which is
 *  not the same as false. Diagonal and triangular follow one rule for all rows: both hold where they hold for all parts. */

import type { Definite, Facts } from '../operator.js'

interface Sign {
  readonly positive: boolean
  /** Never zero for x ≠ 0. */
  readonly strict: boolean
}

const signs: { readonly [D in Definite]: Sign } = {
  positive: { positive: true, strict: true },
  nonnegative: { positive: true, strict: false },
  negative: { positive: false, strict: true },
  nonpositive: { positive: false, strict: false },
}

const definiteOf = ({ positive, strict }: Sign): Definite =>
  positive ? (strict ? 'positive' : 'nonnegative') : strict ? 'negative' : 'nonpositive'

/** The sign of a whole from the signs of its parts. */
type Join = (parts: readonly Sign[]) => Sign | undefined

const agreed = (parts: readonly Sign[], strict: boolean): Sign | undefined => {
  const [first] = parts
  return first !== undefined && parts.every((part) => part.positive === first.positive)
    ? { positive: first.positive, strict }
    : undefined
}

/** Of a sum: terms of one sign, one of which is never zero. */
const ofSum: Join = (parts) =>
  agreed(
    parts,
    parts.some((part) => part.strict),
  )
/** Of parts that each see their own share of x, which may be zero for all but one. */
const ofShares: Join = (parts) =>
  agreed(
    parts,
    parts.every((part) => part.strict),
  )
/** Of factors whose eigenvalues multiply. */
const ofProduct: Join = (parts) => ({
  positive: parts.filter((part) => !part.positive).length % 2 === 0,
  strict: parts.every((part) => part.strict),
})

type Holds = (parts: readonly Facts[]) => boolean

const isSymmetric = ({ symmetric, diagonal }: Facts): boolean => symmetric === true || diagonal === true
const allSymmetric: Holds = (parts) => parts.every(isSymmetric)
const allDiagonal: Holds = (parts) => parts.every(({ diagonal }) => diagonal === true)

const rows = {
  /** A + B + … */
  sum: { symmetric: allSymmetric, sign: ofSum },
  /** A on the first share of x, B on the second, … */
  blockDiagonal: { symmetric: allSymmetric, sign: ofShares },
  /** A ⊗ B: its eigenvalues are the products of theirs. */
  kronecker: { symmetric: allSymmetric, sign: ofProduct },
  /** A B: symmetric only where they commute, and diagonal ones do. */
  compose: { symmetric: allDiagonal, sign: ofProduct },
} as const satisfies Record<string, { readonly symmetric: Holds; readonly sign: Join }>

/** The triangle that all parts have; a diagonal part has both. */
const commonTriangle = (parts: readonly Facts[]): 'lower' | 'upper' | undefined => {
  const kinds = new Set(parts.flatMap(({ diagonal, triangular }) => (diagonal ? [] : [triangular])))
  return kinds.size === 1 ? [...kinds][0] : undefined
}

const facts = (
  symmetric: boolean,
  diagonal: boolean,
  triangular: 'lower' | 'upper' | undefined,
  definite: Definite | undefined,
): Facts => ({
  ...(symmetric && { symmetric }),
  ...(diagonal && { diagonal }),
  ...(triangular !== undefined && { triangular }),
  ...(definite !== undefined && { definite }),
})

/** The facts of a whole, from those of its parts. */
export const joinedFacts = (how: keyof typeof rows, parts: readonly Facts[]): Facts => {
  const row = rows[how]
  const symmetric = row.symmetric(parts)
  const known = parts.every(({ definite }) => definite !== undefined)
  const sign = symmetric && known ? row.sign(parts.map(({ definite }) => signs[definite!])) : undefined
  return facts(symmetric, allDiagonal(parts), commonTriangle(parts), sign === undefined ? undefined : definiteOf(sign))
}

/** Of c A, for a number c as the dtype holds it: undefined where it is traced. */
export const scaledFacts = (c: number | undefined, own: Facts): Facts => {
  const { definite, ...shape } = own
  if (definite === undefined || c === undefined || Number.isNaN(c)) return shape
  if (c === 0) return { ...shape, definite: 'nonnegative' }
  const { positive, strict } = signs[definite]
  return { ...shape, definite: definiteOf({ positive: positive === c > 0, strict }) }
}

/** Of Aᵀ. */
export const transposedFacts = ({ triangular, ...rest }: Facts): Facts =>
  triangular === undefined ? rest : { ...rest, triangular: triangular === 'lower' ? 'upper' : 'lower' }

/** Of I. */
export const identityFacts: Facts = { symmetric: true, diagonal: true, definite: 'positive' }
