/** How far a derivative may be believed: what the combinators of solvers share. */

import { equal, logicalOr } from '@neumann/linalg-gpu'
import { type Solution, type Status, statuses, vectors } from '@neumann/linalg-gpu/solvers'
import { stopGradient } from '../api/checkpoint.js'
import {
  fail,
  inline,
  nameOf,
  recordTree,
  showValue,
  type Tensor,
  tensorsOf,
  typeOfTensor,
  unflatten,
} from '../language.js'

/** Whether a status, as the number that it is in programs, is one of these. */
export const acceptance = (name: string, accept: readonly Status[]): ((status: Tensor) => Tensor) => {
  const codes = accept.map((status) => {
    const code = statuses.indexOf(status)
    return code >= 0
      ? code
      : fail(name, `accept names ${showValue(status)}, which is no status: ${statuses.join(', ')}.`)
  })
  if (codes.length === 0)
    fail(name, `accept names no status, so every derivative would be NaN: give at least 'converged'.`)
  return (status) => codes.map((code) => equal(status, code)).reduce(logicalOr)
}

/** f, recorded once for arguments like these: as it is, and `still`, constant to every derivative in its arguments and in all that it closes over. */
export const recorded = <A extends readonly unknown[], R>(
  name: string,
  f: (...args: A) => R,
  like: A,
): { readonly again: (...args: A) => R; readonly still: (...args: A) => R } => {
  const { leaves, structure } = tensorsOf(name, like)
  const own = recordTree(nameOf(f, 'solve'), leaves.map(typeOfTensor), (xs) =>
    f(...(unflatten(structure, xs) as unknown as A)),
  )
  const on =
    (marked: (operands: readonly Tensor[]) => readonly Tensor[]) =>
    (...args: A): R =>
      unflatten(own.out, inline(own.program, marked([...tensorsOf(name, args).leaves, ...own.captured]))) as R
  return { again: on((operands) => operands), still: on(stopGradient) }
}

/** x where it is trusted. */
export const orNaN = <X>(trusted: Tensor, x: X): X => vectors.choose(trusted, x, vectors.times(NaN, x))

/** A solution, unless it is one in the sense of least squares: that moves by another rule, which has a term of the residual. */
export const exactly = <X>(name: string, found: Solution<X>): Solution<X> =>
  'gradient' in found
    ? fail(
        name,
        'the solver finds least squares, whose derivative is not that of A x = b. Solve the normal equations instead: cg on composed(transposed(A), A), and Aᵀb.',
      )
    : found
