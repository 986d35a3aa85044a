/** The two families of solvers whose merit is the length of the residual: of roots and of fixed points. */

import { frame, vectors } from '@neumann/linalg-gpu/solvers'
import { eager, fail } from '../../language.js'
import { type Found, type Iterate, type SearchOptions, type Step, searched } from '../search.js'

const { length, minus } = vectors
const { integer } = frame

/** Finds x with F(x) = 0 from `start`. F maps vectors (trees of tensors) to vectors of the same form. */
export interface RootSolver {
  <X>(f: (x: X) => X): (start: X) => Found<X>
  /** Never there: it keeps the families apart. */
  readonly finds?: 'root'
}

/** Finds x with f(x) = x from `start`. */
export interface FixedPointSolver {
  <X>(f: (x: X) => X): (start: X) => Found<X>
  readonly finds?: 'fixed point'
}

/** What a method's step returns: the merit is the norm. */
export type RootStep<X, M> = Omit<Step<X, M>, 'merit'>

/** What a method begins with, and what that costs beside F. */
export interface Remembered<M> {
  readonly memory: M
  readonly evaluations: number
}

const searchedResidual = <X, M>(
  name: string,
  relativeTo: 'start' | 'point',
  options: SearchOptions,
  residualAt: (x: X) => X,
  remember: (x: X, r: X) => Remembered<M>,
  step: (at: Iterate<X, M>) => RootStep<X, M>,
): ((start: X) => Found<X>) => {
  const search = searched<X, M>(name, relativeTo, options, {
    begin: (x) => {
      const r = residualAt(x)
      const norm = length(r)
      const { memory, evaluations } = remember(x, r)
      return { x, r, norm, merit: norm, memory, evaluations: integer(1 + evaluations) }
    },
    step: (at) => {
      const next = step(at)
      return { ...next, merit: next.norm }
    },
  })
  // outside traces what is left out here is freed
  return eager((start: X): Found<X> => {
    const { merit: _, ...found } = search(start)
    return found
  })
}

/** A search for a zero of F, whose residual is measured against that of the start. */
export const searchedRoot = <X, M>(
  name: string,
  options: SearchOptions,
  residualAt: (x: X) => X,
  remember: (x: X, r: X) => Remembered<M>,
  step: (at: Iterate<X, M>) => RootStep<X, M>,
): ((start: X) => Found<X>) => searchedResidual(name, 'start', options, residualAt, remember, step)

/** A search for a fixed point of f by steps that look at f(x) − x, measured against x. */
export const searchedFixedPoint = <X, M>(
  name: string,
  options: SearchOptions,
  f: (x: X) => X,
  remember: (x: X) => M,
  step: (at: Iterate<X, M>, residualAt: (x: X) => X) => RootStep<X, M>,
): ((start: X) => Found<X>) => {
  const residualAt = (x: X): X =>
    minus(vectors.vectorIn(name, 'the result of the function', f(x), vectors.vectorSpace(x)), x)
  return searchedResidual(
    name,
    'point',
    options,
    residualAt,
    (x) => ({ memory: remember(x), evaluations: 0 }),
    (at) => step(at, residualAt),
  )
}

/** A number in (0, 1]. */
export const dampingOf = (name: string, damping: number): number =>
  damping > 0 && damping <= 1 ? damping : fail(name, `damping is a number in (0, 1], got ${damping}.`)
