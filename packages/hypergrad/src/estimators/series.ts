/** The sum that phantom gradients and one-pass gradients are made of, and what its terms say.
 *
 *  x = Σ_{t<terms} Bᵗ b,   B = λ Jᵀ + (1 − λ) I     λ x → (I − Jᵀ)⁻¹ b where the eigenvalues of B are below 1
 *
 *  Cost     terms − 1 products, written out one after the other, so that programs may fuse them */

import { div, greater, sqrt, type Tensor, where } from '@neumann/linalg-gpu'
import { vectors } from '@neumann/linalg-gpu/solvers'

const { addScaled, inner, plus, times } = vectors

export interface PartialSum<X> {
  readonly sum: X
  /** Lengths of the last two terms; the same twice where there is one. */
  readonly sizes: readonly [before: Tensor, last: Tensor]
}

/** The sum of `terms` terms, by x ↦ B x. */
export const partialSum = <X>(next: (x: X) => X, right: X, terms: number): PartialSum<X> => {
  let [term, sum] = [right, right]
  let [before, last] = [norm(right), norm(right)]
  for (let t = 1; t < terms; t++) {
    term = next(term)
    sum = plus(sum, term)
    before = last
    last = norm(term)
  }
  return { sum, sizes: [before, last] }
}

/** (1 − λ) x + λ y */
export const damp = <X>(damping: number, x: X, y: X): X =>
  damping === 1 ? y : addScaled(times(1 - damping, x), damping, y)

/** ‖x‖ in one sum, of vectors that were scaled to numbers about 1. */
export const norm = (x: unknown): Tensor => sqrt(inner(x, x))

/** a / b, and 0 where nothing is left of b. */
export const ratio = (a: Tensor, b: Tensor): Tensor => where(greater(b, 0), div(a, where(greater(b, 0), b, 1)), 0)
