/** The family of minimisers: the residual of an iterate is its gradient, its merit the value. */

import { abs, div, greater, isFinite, mul, type Tensor, where } from '@neumann/linalg-gpu'
import { frame, vectors } from '@neumann/linalg-gpu/solvers'
import { valueAndGrad } from '../../api/derivatives.js'
import type { Sample } from '../lineSearch.js'
import { type Found, type Iterate, type SearchOptions, type Step, searched } from '../search.js'

const { integer } = frame
const { length } = vectors

/** What a minimiser found: a point where the gradient vanishes to the tolerance says `converged`, also where it is no minimum (a start on a saddle). */
export interface Minimum<X> extends Found<X> {
  /** f(x), the least of the values at the iterates. */
  readonly value: Tensor
}

/** Finds a local minimum of f, which maps vectors (trees of tensors) to a scalar, from `start`. */
export type Minimiser = <X>(f: (x: X) => Tensor) => (start: X) => Minimum<X>

export type SampleAt<X> = (x: X) => Sample<X>
type Moves<X, M> = (at: Iterate<X, M>, sampleAt: SampleAt<X>) => Step<X, M>

/** A search for a zero of ∇f that goes down f. */
export const searchedMinimum = <X, M>(
  name: string,
  options: SearchOptions,
  f: (x: X) => Tensor,
  remember: (x: X) => M,
  step: Moves<X, M>,
): ((start: X) => Minimum<X>) => {
  const both = valueAndGrad(f)
  const sampleAt: SampleAt<X> = (x) => {
    const { value, grad } = both(x)
    return { x, value, gradient: grad as X }
  }
  const search = searched<X, M>(name, 'start', options, {
    begin: (x) => ({ ...iterateOf(sampleAt(x)), memory: remember(x), evaluations: integer(1) }),
    step: (at) => step(at, sampleAt),
  })
  return (start) => {
    const { merit: value, ...found } = search(start)
    return { ...found, value }
  }
}

export const iterateOf = <X>({ x, value, gradient }: Sample<X>): Omit<Iterate<X, null>, 'memory'> => ({
  x,
  r: gradient,
  norm: length(gradient),
  merit: value,
})

/** The length of a first step, when nothing is known but x and f there: a hundredth of ‖x‖; at 0 as far as the slope would have to go on to bring f to 0.
 *  Source   Hager, Zhang 2005 */
export const firstLength = <X>({ x, norm, merit }: Pick<Iterate<X, null>, 'x' | 'norm' | 'merit'>): Tensor => {
  const size = length(x)
  const fall = div(abs(merit), norm)
  const other = where(greater(fall, 0), where(isFinite(fall), fall, 1), 1)
  return where(greater(size, 0), mul(0.01, size), other)
}
