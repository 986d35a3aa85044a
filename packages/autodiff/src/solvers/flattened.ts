/** Searches that need coordinates: a function of trees as one of vectors [n]. */

import { concatenate, expandDims, slice, type Tensor } from '@neumann/linalg-gpu'
import { vectors } from '@neumann/linalg-gpu/solvers'
import { ravel } from '../api/ravel.js'
import { eager, fail } from '../language.js'

const { dtypeOf, vectorIn, vectorSpace } = vectors

/** A search on vectors of n elements as one on trees. */
export const flattened = <X, R extends { readonly x: Tensor }>(
  name: string,
  search: (on: Coordinates<X>) => (start: Tensor) => R,
): ((start: X) => Omit<R, 'x'> & { readonly x: X }) =>
  eager((start: X) => {
    dtypeOf(name, start)
    const space = vectorSpace(start)
    const { flat, unravel } = ravel(vectorIn(name, 'the start', start, space))
    const found = search({
      point: unravel,
      map: (f) => (x) => ravel(vectorIn(name, 'the result of the function', f(unravel(x)), space)).flat,
    })(flat)
    return { ...found, x: unravel(found.x) }
  })

export interface Coordinates<X> {
  /** The tree of a vector. */
  readonly point: (x: Tensor) => X
  /** A map of trees as one of vectors. */
  readonly map: (f: (x: X) => X) => (x: Tensor) => Tensor
}

/** A history [m, …], the newest last: without its oldest entry, and with a new one. */
export const pushed = (history: Tensor, entry: Tensor): Tensor =>
  concatenate([slice(history, [1, history.shape[0]!]), expandDims(entry, 0)], 0)

/** A whole number of vectors to keep. */
export const memoryOf = (name: string, memory: number): number =>
  Number.isInteger(memory) && memory >= 1
    ? memory
    : fail(name, `memory is an integer ≥ 1, got ${memory}: how many steps to remember.`)
