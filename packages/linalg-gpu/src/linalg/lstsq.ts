/** Least squares of least norm, whatever the rank. */

import { add, div, mul, neg, sub } from '../ops/arithmetic.js'
import { where } from '../ops/comparison.js'
import { matmul } from '../ops/contraction.js'
import { castTo, tensorOf } from '../ops/operands.js'
import { sum } from '../ops/reductions.js'
import { broadcastTo, expandDims } from '../ops/shape.js'
import { withShape } from '../program/type.js'
import { eager } from '../trace/eager.js'
import { type Tensor, type TensorLike, typeOfTensor } from '../trace/tensor.js'
import { turned } from './blocked.js'
import { throughColumns } from './columns.js'
import { composed, held } from './composed.js'
import { counted, type RankOptions, rankOptions } from './matrixRank.js'
import { batchOf, checkOptions, run1, sizeOfMatrix, systems } from './operands.js'
import { svd } from './svd.js'

export interface LstsqResult {
  readonly x: Tensor
  /** ‖b − A x‖² of each right side, whatever the rank. */
  readonly residual: Tensor
  /** i32: of each matrix. */
  readonly rank: Tensor
  /** Descending, those that count as 0 too. */
  readonly singularValues: Tensor
}

/** The x of least norm among those with the least ‖b − A x‖: x = A⁺ b, by singular values.
 *  Shapes    A […, m, n] · b […, m, k] → x […, n, k] and residual […, k], or b [m] → […, n] and […]; batch axes broadcast.
 *  rcond     singular values σ ≤ rcond · σ₁ count as 0; by default ε · max(m, n), as NumPy and JAX.
 *  Cost      one singular value decomposition; a derivative of any order adds products with its factors.
 *  Singular  any rank is served. Derivatives are those at constant rank: where a small change of A changes the rank, A⁺ has none.
 *            A matrix with NaN or infinity has rank −1 and gives NaN, alone; a right side with them gives NaN for itself.
 *  Laws      Aᵀ (b − A x) = 0 and (I − A⁺A) x = 0, to rounding in ‖A‖‖b‖ and ‖x‖.
 *  Source    Golub, Van Loan, Matrix Computations, 5.5; derivative: Golub, Pereyra 1973.
 *  @example lstsq(array([[1, 0], [1, 1], [1, 2]]), array([6, 0, 0])).x // => f32[2] [5, -3]
 *  @example lstsq(array([[1, 1]]), array([2])).x // => f32[2] [1, 1] */
export const lstsq = eager((a: TensorLike, b: TensorLike, options: RankOptions = {}): LstsqResult => {
  checkOptions('lstsq', options, rankOptions)
  const own = systems('lstsq', a, b)
  // as it was before it was broadcast
  const matrix = castTo(tensorOf('lstsq', a), typeOfTensor(own.a).dtype)
  const factors = pseudoFactorsOf('lstsq', matrix, options.rcond)
  const x = pseudoSolve(factors, own.b)
  const rest = sub(own.b, matmul(matrix, x))
  return {
    x: own.back(x),
    residual: own.back(sum(mul(rest, rest), { axis: -2 })),
    rank: factors.rank,
    singularValues: factors.values,
  }
})

/** A matrix and its singular value decomposition, for applying its pseudo-inverse. */
export interface PseudoFactors {
  readonly a: Tensor
  /** Left singular vectors, as columns. */
  readonly u: Tensor
  /** Right singular vectors, as columns. */
  readonly v: Tensor
  /** Singular values as a column, infinity for those that count as 0. */
  readonly divisors: Tensor
  readonly rank: Tensor
  readonly values: Tensor
}

/** Factors of a stack of matrices. Their derivatives are not asked for: what is made with them brings its own. */
export const pseudoFactorsOf = (name: string, a: Tensor, rcond?: number): PseudoFactors => {
  const { u, s, vh } = svd(a)
  const values = held(s)
  const { counts, rank } = counted(name, values, a, rcond)
  return {
    a,
    u: held(u),
    v: held(turned(vh)),
    divisors: expandDims(where(counts, values, Infinity), -1),
    rank,
    values: s,
  }
}

/** A⁺ B of right sides whose batch axes are those of A or more. */
export const pseudoSolve = ({ a, u, divisors, v }: PseudoFactors, b: Tensor): Tensor => {
  const lead = batchOf(b)
  // one matrix for all is not copied for each: right sides are columns
  if (a.shape.length === 2 && lead.length > 0)
    return throughColumns(b, (columns) => run1(applied, a, u, divisors, v, columns), lead.length)
  const over = (x: Tensor): Tensor => broadcastTo(x, [...lead, ...x.shape.slice(-2)])
  return run1(applied, over(a), over(u), over(divisors), over(v), b)
}

/** A, its factors U, σ and V, and B → A⁺B = V σ⁻¹ Uᵀ B, linear in B. A derivative in A needs no other factors:
 *  Ẋ = A⁺(Ḃ − Ȧ X) + A⁺A⁺ᵀ Ȧᵀ(B − A X) + (I − A⁺A) Ȧᵀ A⁺ᵀX,   with A⁺ᵀY = U σ⁻¹ Vᵀ Y. */
const applied = composed(
  'pseudoSolve',
  ([a, , , , b]) => [withShape(b!, [...batchOf(b!), sizeOfMatrix(a!)[1], sizeOfMatrix(b!)[1]])],
  ([, u, divisors, v, b]) => [matmul(v!, div(matmul(turned(u!), b!), divisors!))],
  {
    jvp: ([a, u, divisors, v, b], [da, , , , db], [x]) => {
      const apply = (y: Tensor): Tensor => run1(applied, a!, u!, divisors!, v!, y)
      const applyTurned = (y: Tensor): Tensor => run1(applied, turned(a!), v!, divisors!, u!, y)
      if (da === null) return [db === null ? null : apply(db!)]
      const change = matmul(da!, x!)
      const turn = turned(da!)
      const left = matmul(turn, sub(b!, matmul(a!, x!)))
      const beside = matmul(turn, applyTurned(x!))
      return [
        add(
          apply(add(db === null ? neg(change) : sub(db!, change), applyTurned(left))),
          sub(beside, apply(matmul(a!, beside))),
        ),
      ]
    },
    transpose: (ct, [a, u, divisors, v]) => [null, null, null, null, run1(applied, turned(a!), v!, divisors!, u!, ct)],
    batch: ([a, u, divisors, v, b], batched) =>
      batched.slice(0, 4).some((one) => one)
        ? undefined
        : [throughColumns(b!, (columns) => run1(applied, a!, u!, divisors!, v!, columns))],
  },
)
