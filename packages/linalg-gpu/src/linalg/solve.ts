/** Systems of equations, and the factors with which they are solved. */

import { abs, neg, sub } from '../ops/arithmetic.js'
import { greater, greaterEqual, less, logicalAnd, where } from '../ops/comparison.js'
import { matmul } from '../ops/contraction.js'
import { castTo, tensorOf } from '../ops/operands.js'
import { all } from '../ops/reductions.js'
import { broadcastTo, diagonal } from '../ops/shape.js'
import { argsort } from '../ops/sorting.js'
import type { CustomKernel } from '../program/custom.js'
import { eager } from '../trace/eager.js'
import { type Tensor, type TensorLike, typeOfTensor } from '../trace/tensor.js'
import { turned } from './blocked.js'
import { throughColumns } from './columns.js'
import { composed, held } from './composed.js'
import { inOrder, luKernel } from './lu.js'
import { batchOf, run, run1, sizeOfMatrix, squares, systems } from './operands.js'
import { triangularKernel } from './solveTriangular.js'

/** X with A X = B, by triangular factors of A with row interchanges. Derivatives use the factors of the value, at any order.
 *  Shapes    A […, n, n] · B […, n, k] → […, n, k], or B [n] → […, n]; batch axes broadcast.
 *  Cost      2n³/3 + 2n² k operations; A is factored once, for all right sides that it is broadcast to.
 *  Singular  a pivot that is 0, or an element that is not finite: all of X is NaN, for that matrix alone, and its derivatives too.
 *            A pivot that is 0 but for rounding is a number like others: see `cond`.
 *  Laws      matmul(A, solve(A, B)) = B to about n roundings in |L||U||X|: of the size of |A||X| but for matrices made to let factors
 *            grow; solve(A, A) = I.
 *  Source    Golub, Van Loan, Matrix Computations, 3.4.
 *  @example solve(array([[2, 1], [1, 3]]), array([5, 10])) // => f32[2] [1, 3]
 *  @example solve(array([[1, 2], [2, 4]]), array([1, 1])) // => f32[2] [NaN, NaN] */
export const solve = eager((a: TensorLike, b: TensorLike): Tensor => {
  const own = systems('solve', squares('solve', tensorOf('solve', a), 'lstsq'), b)
  // as it was before it was broadcast
  const matrix = castTo(tensorOf('solve', a), typeOfTensor(own.a).dtype)
  return own.back(solveWith(factorsOf(matrix), own.b))
})

/** A matrix and what is known of it, for solving with. */
export interface Factors {
  readonly a: Tensor
  readonly packed: Tensor
  readonly permutation: Tensor
  /** +1 or −1: the determinant of the permutation. */
  readonly sign: Tensor
  /** The permutation, but for a matrix that has no inverse: no row. */
  readonly rows: Tensor
}

/** Factors of a stack of square matrices. Their derivatives are not asked for: what is made with them brings its own. */
export const factorsOf = (a: Tensor): Factors => {
  const [packed, permutation, sign] = run(luKernel, held(a)) as readonly [Tensor, Tensor, Tensor]
  return { a, packed, permutation, sign, rows: rowsOfRegular(packed, permutation) }
}

/** The permutation where all pivots are finite and not 0, else n: out of range, for reading NaN. */
export const rowsOfRegular = (packed: Tensor, permutation: Tensor): Tensor => {
  const size = abs(diagonal(packed))
  const regular = all(logicalAnd(greater(size, 0), less(size, Infinity)), { axis: -1, keepDims: true })
  return where(regular, permutation, sizeOfMatrix(packed)[0])
}

/** A⁻¹ B of right sides whose batch axes are those of A or more. */
export const solveWith = ({ a, packed, rows }: Pick<Factors, 'a' | 'packed' | 'rows'>, b: Tensor): Tensor => {
  const [lead, own] = [batchOf(b), batchOf(a)]
  // one matrix for all is not copied for each: right sides are columns
  if (own.length === 0 && lead.length > 0)
    return throughColumns(b, (columns) => run1(solved, a, packed, rows, columns), lead.length)
  const over = (x: Tensor, rank: number): Tensor => broadcastTo(x, [...lead, ...x.shape.slice(-rank)])
  return run1(solved, over(a, 2), over(packed, 2), over(rows, 1), b)
}

const lower = { lower: true, unitDiagonal: true }
const upper = { lower: false, unitDiagonal: false }

/** A = Pᵀ L U: A X = B is L U X = P B, and Aᵀ X = B is Uᵀ Lᵀ (P X) = B. */
export const substituted = (packed: Tensor, rows: Tensor, b: Tensor, transposed: boolean): Tensor => {
  if (!transposed) {
    const y = run1(triangularKernel({ ...lower, transposed }), packed, inOrder(b, rows))
    return run1(triangularKernel({ ...upper, transposed }), packed, y)
  }
  const y = run1(triangularKernel({ ...upper, transposed }), packed, b)
  const x = run1(triangularKernel({ ...lower, transposed }), packed, y)
  const n = sizeOfMatrix(packed)[0]
  // no row stays no row
  return inOrder(x, where(greaterEqual(rows, n), n, argsort(rows)))
}

/** A, its packed factors, its rows and B → op(A)⁻¹ B: linear in B, and its derivative in A needs no other factors. */
const kernelOf = (transposed: boolean): CustomKernel =>
  composed(
    transposed ? 'solveTransposed' : 'solve',
    ([, , , b]) => [b!],
    ([, packed, rows, b]) => [substituted(packed!, rows!, b!, transposed)],
    {
      // op(A) X = B: op(A) Ẋ = Ḃ − op(Ȧ) X
      jvp: ([a, packed, rows], [da, , , db], [x]) => {
        const again = (right: Tensor): readonly Tensor[] => [
          run1(transposed ? solvedTransposed : solved, a!, packed!, rows!, right),
        ]
        if (da === null) return db === null ? [null] : again(db!)
        const moved = matmul(transposed ? turned(da!) : da!, x!)
        return again(db === null ? neg(moved) : sub(db!, moved))
      },
      transpose: (ct, [a, packed, rows]) => [
        null,
        null,
        null,
        run1(transposed ? solved : solvedTransposed, a!, packed!, rows!, ct),
      ],
      batch: ([a, packed, rows, b], batched) =>
        batched.slice(0, 3).some((one) => one)
          ? undefined
          : [
              throughColumns(b!, (columns) =>
                run1(transposed ? solvedTransposed : solved, a!, packed!, rows!, columns),
              ),
            ],
    },
  )

const solved = kernelOf(false)
const solvedTransposed = kernelOf(true)
