/** Triangular factors by elimination with row interchanges. */

import { add, mul, sub } from '../ops/arithmetic.js'
import { isFinite as finite, where } from '../ops/comparison.js'
import { matmul } from '../ops/contraction.js'
import { eye, ones, zeros } from '../ops/creation.js'
import { all } from '../ops/reductions.js'
import { broadcastTo, concatenate, sliceAxis, tril, triu } from '../ops/shape.js'
import type { CustomKernel } from '../program/custom.js'
import { type Type, typeOf } from '../program/type.js'
import { range } from '../shape.js'
import { eager } from '../trace/eager.js'
import { emit1 } from '../trace/emit.js'
import type { Tensor, TensorLike } from '../trace/tensor.js'
import { lowerLu } from '../wasm/dense/lu.js'
import { above, beside, columnsOf, rowsOf, turned } from './blocked.js'
import { held } from './composed.js'
import { asMatrices, batchOf, checkedOperands, countOf, run, run1, sizeOfMatrix } from './operands.js'
import { triangularKernel } from './solveTriangular.js'

export interface LU {
  /** L below the diagonal, whose ones are not kept, and U on and above it. */
  readonly lu: Tensor
  /** Row i of L U is row permutation[i] of A. */
  readonly permutation: Tensor
}

/** A[permutation] = L U with L unit lower triangular (or trapezoidal), |L| ≤ 1, and U upper triangular (or trapezoidal).
 *  Shapes    A […, m, n] → lu […, m, n], permutation i32 […, m].
 *  Cost      2n³/3 operations where m = n, most of them matrix products where n is large.
 *  Singular  has factors all the same, with zeros on the diagonal of U, and NaN or ±Infinity as derivative;
 *            one element that is not finite makes all factors of that matrix NaN.
 *  Laws      take(A, permutation, { axis: 0 }) = matmul(tril(lu, −1) + I, triu(lu)) to n roundings in |L||U|.
 *  Source    Golub, Van Loan, Matrix Computations, 3.4; Toledo 1997 for the recursion.
 *  @example
 *  const { lu: packed, permutation } = lu(array([[1, 3], [2, 4]]))
 *  packed // => f32[2,2] [[2, 4], [0.5, 1]]
 *  permutation // => i32[2] [1, 0] */
export const lu = eager((a: TensorLike): LU => {
  const [packed, permutation] = run(luKernel, asMatrices('lu', a)) as readonly [Tensor, Tensor]
  const sound = all(finite(held(packed)), { axis: [-1, -2], keepDims: true })
  // a factor, not a choice: derivatives become NaN too
  return { lu: mul(packed, where(sound, ones([], { dtype: packed.dtype }), Number.NaN)), permutation }
})

/** Rows of each matrix in another order: row i of the result is row order[i], or NaN where there is none. */
export const inOrder = (x: Tensor, order: Tensor): Tensor =>
  emit1({ kind: 'gather', batch: x.shape.length - 2, fill: Number.NaN }, x, order)

/** Up to so many columns the kernel takes all at once. */
const leaf = 32

const infer = (inputs: readonly Type[]): readonly Type[] => {
  checkedOperands('lu', inputs, 1)
  const [a] = inputs as readonly [Type]
  const lead = batchOf(a)
  return [a, typeOf('i32', [...lead, sizeOfMatrix(a)[0]]), typeOf(a.dtype, lead)]
}

const eliminate: CustomKernel['oracle'] = ([a], [packed, permutation, sign], { inputs }) => {
  const [m, n] = sizeOfMatrix(inputs[0]!)
  for (let s = 0; s < countOf(inputs[0]!); s++) {
    const rows = range(m).map((i) => Array.from(a!.subarray((s * m + i) * n, (s * m + i + 1) * n)))
    const order = range(m)
    let parity = 1
    for (let k = 0; k < Math.min(m, n); k++) {
      let [best, largest] = [k, -1]
      for (let i = k; i < m; i++) if (Math.abs(rows[i]![k]!) > largest) [best, largest] = [i, Math.abs(rows[i]![k]!)]
      if (best !== k) {
        ;[rows[k], rows[best]] = [rows[best]!, rows[k]!]
        ;[order[k], order[best]] = [order[best]!, order[k]!]
        parity = -parity
      }
      const top = rows[k]!
      for (const row of rows.slice(k + 1)) {
        // a column of zeros is done already
        const factor = (row[k] = row[k]! / (top[k] === 0 ? 1 : top[k]!))
        for (let j = k + 1; j < n; j++) row[j] = row[j]! - factor * top[j]!
      }
    }
    packed!.set(rows.flat(), s * m * n)
    permutation!.set(order, s * m)
    sign![s] = parity
  }
}

/** Columns cut in two: the left ones are factored, the right ones follow, and what is left of these is factored in turn. */
const inHalves = (a: Tensor): readonly Tensor[] | undefined => {
  const [m, n] = sizeOfMatrix(a)
  const least = Math.min(m, n)
  if (n <= leaf || m === 0) return undefined
  // rows that end before the columns do: those columns only follow
  const at = least <= leaf ? least : leaf * Math.ceil(least / 2 / leaf)
  const [left, order, sign] = run(luKernel, columnsOf(a, 0, at)) as readonly [Tensor, Tensor, Tensor]
  const right = inOrder(columnsOf(a, at, n), order)
  const upper = run1(unitLower, rowsOf(left, 0, at), rowsOf(right, 0, at))
  if (at === m) return [beside(left, upper), order, sign]
  const below = rowsOf(left, at, m)
  const rest = sub(rowsOf(right, at, m), matmul(below, upper))
  const [last, nextOrder, nextSign] = run(luKernel, rest) as readonly [Tensor, Tensor, Tensor]
  const vector = order.shape.length - 1
  const tail = emit1({ kind: 'gather', batch: vector, fill: 0 }, sliceAxis(order, vector, at, m), nextOrder)
  return [
    above(beside(rowsOf(left, 0, at), upper), beside(inOrder(below, nextOrder), last)),
    concatenate([sliceAxis(order, vector, 0, at), tail], -1),
    mul(sign, nextSign),
  ]
}

const unitLower = triangularKernel({ lower: true, transposed: false, unitDiagonal: true })
const upperFromRight = triangularKernel({ lower: false, transposed: true, unitDiagonal: false })

/** P Ȧ = L̇ U + L U̇, so  F = L⁻¹ P Ȧ U⁻¹ = L⁻¹ L̇ + U̇ U⁻¹: below the diagonal it is the first, on and above it the second term.
 *  What is not square is filled up with ones on the diagonal and zeros. */
const tangent = (da: Tensor, packed: Tensor, permutation: Tensor): Tensor => {
  const [m, n] = sizeOfMatrix(packed)
  const { dtype } = packed
  const block = (x: Tensor): Tensor => broadcastTo(x, [...batchOf(packed), ...x.shape])
  const left = m > n ? beside(packed, block(zeros([m, m - n], { dtype }))) : columnsOf(packed, 0, m)
  const fill = n > m ? beside(block(zeros([n - m, m], { dtype })), block(eye(n - m, n - m, { dtype }))) : undefined
  const right = fill === undefined ? rowsOf(packed, 0, n) : above(packed, fill)
  const half = run1(unitLower, left, inOrder(da, permutation))
  const both = turned(run1(upperFromRight, right, turned(half)))
  const lower = add(tril(left, -1), eye(m, m, { dtype }))
  return add(matmul(lower, tril(both, -1)), matmul(triu(both), triu(right)))
}

/** A → the packed factors, the permutation and its sign. */
export const luKernel: CustomKernel = {
  name: 'lu',
  infer,
  oracle: eliminate,
  blocked: ([a]) => inHalves(a!),
  wasm: lowerLu,
  dense: { kind: 'lu' },
  rules: {
    jvp: (_, [da], [packed, permutation]) => [da === null ? null : tangent(da!, packed!, permutation!), null, null],
  },
}
