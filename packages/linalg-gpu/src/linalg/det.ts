/** Determinants, with derivatives also where the matrix is singular.
 *
 *  d det A = ⟨cofactors of A, Ȧ⟩ is finite for any A, but det A · A⁻ᵀ is not. So the rule goes by a matrix near A: with the two
 *  weakest pivots of U replaced by cₖ of the size of their rows, A = Ã − Σₖ δₖ aₖ eₖᵀ,  aₖ = Pᵀ L eₖ,  δₖ = cₖ − uₖₖ,  and
 *
 *    det A = det Ã · det(I − [eᵢᵀ Ã⁻¹ aₖ δₖ]ᵢₖ)
 *
 *  is true of all A near by with the same aₖ and δₖ. Ã has factors L and Ũ, so nothing is factored again, and it is regular where
 *  A lacks at most two ranks. Where it lacks more, det and its first two derivatives are 0, and so is det Ã: other pivots
 *  that are 0 stay in its value, and are replaced where it is solved with. */

import { abs, add, clip, div, mul, neg, round, sub } from '../ops/arithmetic.js'
import { equal, greater, less, where } from '../ops/comparison.js'
import { matmul } from '../ops/contraction.js'
import { cast, eye, iota } from '../ops/creation.js'
import { max, sum } from '../ops/reductions.js'
import { concatenate, expandDims, reshape, sliceAxis, tril } from '../ops/shape.js'
import { argsort } from '../ops/sorting.js'
import { exp, log2 } from '../ops/transcendental.js'
import type { CustomKernel } from '../program/custom.js'
import { eager } from '../trace/eager.js'
import type { Tensor, TensorLike } from '../trace/tensor.js'
import { turned } from './blocked.js'
import { composed, held } from './composed.js'
import { inOrder } from './lu.js'
import { inSquares, run1 } from './operands.js'
import { product } from './product.js'
import { pivotsOf, regularKernel, traceOf } from './slogdet.js'
import { type Factors, factorsOf, solveWith } from './solve.js'

/** The determinant.
 *  Shapes    […, n, n] → […]: 1 for n = 0.
 *  Cost      2n³/3 operations; a derivative 2n³ more, by the factors of the value.
 *  Singular  0, and derivatives of order 1 and 2 are those of the cofactors; an element that is not finite: NaN, and NaN derivatives.
 *            It overflows or vanishes where det A does: `slogdet` does not.
 *  Laws      det(A B) = det A · det B; d det A = tr(adj(A) Ȧ).
 *  @example det(array([[1, 2], [3, 4]])) // => f32[] -2
 *  @example det(array([[2, 4], [1, 2]])) // => f32[] 0 */
export const det = eager(
  (a: TensorLike): Tensor =>
    inSquares('det', a, (x) => {
      const factors = factorsOf(x)
      return run1(detKernel, x, factors.packed, factors.permutation, factors.sign, product(pivotsOf(factors)))
    }),
)

/** A, packed factors, permutation, its sign and the determinant → the determinant. */
const detKernel: CustomKernel = composed(
  'det',
  ([, , , , value]) => [value!],
  ([, , , , value]) => [value!],
  {
    jvp: ([a, packed, permutation, sign], [da]) => [
      da === null || a!.shape.at(-1) === 0
        ? null
        : slope({ a: a!, packed: packed!, permutation: permutation!, sign: sign!, rows: permutation! }, da!),
    ],
  },
)

const slope = (factors: Factors, da: Tensor): Tensor => {
  const { near, columns, places, value, scale } = regular(factors)
  // det Ã = value · scale: one factor before Ã⁻¹ and one after it, in either mode, since both at once may overflow or vanish
  const scaled = mul(da, expandDims(scale, [-2, -1]))
  // m = det M,  M = I − E Ã⁻¹ C,  Ṁ = E Ã⁻¹ Ȧ Ã⁻¹ C
  const reached = solveWith(near, columns)
  const count = places.shape.at(-2)!
  const m = sub(eye(count, count, { dtype: da.dtype }), matmul(places, reached))
  const dm = matmul(places, solveWith(near, matmul(scaled, reached)))
  return mul(value, add(mul(traceOf(solveWith(near, scaled)), small(m)), smallSlope(m, dm)))
}

/** Elements (i, j) of stacked matrices. */
const at = (x: Tensor, i: number, j: number): Tensor => {
  const rank = x.shape.length
  return reshape(sliceAxis(sliceAxis(x, rank - 2, i, i + 1), rank - 1, j, j + 1), x.shape.slice(0, -2))
}

/** The determinant of 1 × 1 and 2 × 2 matrices, and its derivative. */
const small = (m: Tensor): Tensor =>
  m.shape.at(-1) === 1 ? at(m, 0, 0) : sub(mul(at(m, 0, 0), at(m, 1, 1)), mul(at(m, 0, 1), at(m, 1, 0)))

const smallSlope = (m: Tensor, dm: Tensor): Tensor =>
  m.shape.at(-1) === 1
    ? at(dm, 0, 0)
    : sub(
        add(mul(at(dm, 0, 0), at(m, 1, 1)), mul(at(m, 0, 0), at(dm, 1, 1))),
        add(mul(at(dm, 0, 1), at(m, 1, 0)), mul(at(m, 0, 1), at(dm, 1, 0))),
      )

/** Ã, the columns δₖ aₖ, the rows eₖᵀ, and det Ã in two factors of about the same size. All but Ã and its determinant are constants. */
const regular = ({
  a,
  packed,
  permutation,
  sign,
}: Factors): {
  readonly near: Factors
  readonly columns: Tensor
  readonly places: Tensor
  readonly value: Tensor
  readonly scale: Tensor
} => {
  const n = packed.shape.at(-1)!
  const { dtype } = packed
  const pivots = sliceAxis(pivotsOf({ packed, sign }), packed.shape.length - 2, 0, n)
  // of the rows of P A; a row of zeros has no size to go by
  const sizes = max(abs(inOrder(held(a), permutation)), { axis: -1 })
  const some = where(greater(sizes, 0), sizes, 1)
  const full = where(less(pivots, 0), neg(some), some)
  const weakest = sliceAxis(argsort(div(abs(pivots), some)), pivots.shape.length - 1, 0, Math.min(2, n))
  const places = cast(equal(expandDims(weakest, -1), iota([n])), dtype)
  const chosen = where(greater(sum(places, { axis: -2 }), 0), full, pivots)
  const safe = where(equal(chosen, 0), full, chosen)
  const change = expandDims(sub(chosen, pivots), -1)
  const lower = add(tril(packed, -1), eye(n, n, { dtype }))
  // Pᵀ puts row i where row permutation[i] is
  const columns = inOrder(matmul(lower, mul(turned(places), change)), argsort(permutation))
  const diagonal = equal(expandDims(iota([n]), -1), iota([n]))
  const moved = add(a, matmul(columns, places))
  const near = { a: moved, packed: where(diagonal, expandDims(safe, -2), packed), permutation, sign, rows: permutation }
  const range = dtype === 'f32' ? 120 : 1000
  const scale = exp(mul(clip(round(div(sum(log2(abs(safe)), { axis: -1 }), 2)), -range, range), Math.LN2))
  const rest = product(concatenate([chosen, expandDims(sign, -1), expandDims(div(1, scale), -1)], -1))
  return { near, columns, places, value: run1(regularKernel, moved, near.packed, permutation, rest), scale }
}
