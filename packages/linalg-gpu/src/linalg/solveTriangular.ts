/** Triangular systems by substitution. */

import type { TypedArray } from '../dtype.js'
import { fail, showType } from '../errors.js'
import { neg, sub } from '../ops/arithmetic.js'
import { matmul } from '../ops/contraction.js'
import { castTo } from '../ops/operands.js'
import { tril, triu } from '../ops/shape.js'
import type { CustomKernel } from '../program/custom.js'
import type { Type } from '../program/type.js'
import { eager } from '../trace/eager.js'
import { isTensor, type Tensor, type TensorLike } from '../trace/tensor.js'
import { lowerTriangular, type Triangle } from '../wasm/dense/triangular.js'
import { above, half, quarters, rowsOf, turned } from './blocked.js'
import { throughColumns } from './columns.js'
import { batchOf, checkedOperands, checkOptions, countOf, run1, sizeOfMatrix, systems } from './operands.js'

export interface TriangularOptions {
  /** Which triangle of A is read: the lower by default. */
  readonly lower?: boolean
  /** Solves Aᵀ X = B, with the same triangle of A read. */
  readonly transposed?: boolean
  /** The diagonal is taken as ones and not read. */
  readonly unitDiagonal?: boolean
}

/** X with A X = B of a triangular A, of which only the one triangle is read; Aᵀ X = B where `transposed`.
 *  Shapes    A […, n, n] · B […, n, k] → […, n, k], or B [n] → […, n]; batch axes broadcast.
 *  Cost      n² k operations, most of them matrix products where n is large.
 *  Singular  a zero on the diagonal divides: ±Infinity or NaN, in that system alone.
 *  Laws      matmul(A, solveTriangular(A, B)) = B to n roundings, componentwise in |A||X|.
 *  Source    Golub, Van Loan, Matrix Computations, 3.1.
 *  @example solveTriangular(array([[2, 9], [1, 4]]), array([2, 9])) // => f32[2] [1, 2] */
export const solveTriangular = eager((a: TensorLike, b: TensorLike, options: TriangularOptions = {}): Tensor => {
  checkOptions('solveTriangular', options, { lower: 'boolean', transposed: 'boolean', unitDiagonal: 'boolean' })
  const { lower = true, transposed = false, unitDiagonal = false } = options
  const own = systems('solveTriangular', a, b)
  const kernel = triangularKernel({ lower, transposed, unitDiagonal })
  // one matrix for all is not copied for each: right sides are columns
  const shared = isTensor(a) && a.shape.length === 2 && own.b.shape.length > 2 ? castTo(a, own.b.dtype) : undefined
  return own.back(
    shared === undefined
      ? run1(kernel, own.a, own.b)
      : throughColumns(own.b, (columns) => run1(kernel, shared, columns), batchOf(own.b).length),
  )
})

/** Up to so many rows the kernel is as fast as products of halves. */
const leaf = 256

const infer = (inputs: readonly Type[]): readonly Type[] => {
  checkedOperands('solveTriangular', inputs, 2)
  const [a, b] = inputs as readonly [Type, Type]
  const [m, n] = sizeOfMatrix(a)
  if (m !== n) fail('solveTriangular', `needs square matrices, got ${showType(a)}: ${m} rows, ${n} columns.`)
  if (sizeOfMatrix(b)[0] !== n)
    fail('solveTriangular', `the matrix has ${n} rows, the right side ${sizeOfMatrix(b)[0]}.`)
  return [b]
}

/** xᵢ = (bᵢ − Σ aᵢⱼ xⱼ) / aᵢᵢ, over the j that are known, from the first row or from the last. */
const substitute =
  ({ lower, transposed, unitDiagonal }: Triangle): CustomKernel['oracle'] =>
  ([a, b], [x], { inputs }) => {
    const [n, k] = sizeOfMatrix(inputs[1]!)
    const forward = lower !== transposed
    const [row, column] = transposed ? [1, n] : [n, 1]
    const solve = (a: TypedArray, b: TypedArray, x: TypedArray): void => {
      for (let c = 0; c < k; c++) {
        const known: number[] = []
        for (let t = 0; t < n; t++) {
          const i = forward ? t : n - 1 - t
          let sum = b[i * k + c]!
          for (let s = 0; s < t; s++) sum -= a[i * row + (forward ? s : n - 1 - s) * column]! * known[s]!
          known[t] = unitDiagonal ? sum : sum / a[i * n + i]!
          x[i * k + c] = known[t]!
        }
      }
    }
    for (let m = 0; m < countOf(inputs[0]!); m++)
      solve(
        a!.subarray(m * n * n, (m + 1) * n * n),
        b!.subarray(m * n * k, (m + 1) * n * k),
        x!.subarray(m * n * k, (m + 1) * n * k),
      )
  }

/** With A cut in quarters, the half that does not need the other is solved first: X₁ = A₁₁⁻¹ B₁, X₂ = A₂₂⁻¹ (B₂ − A₂₁ X₁). */
const inHalves = (triangle: Triangle, a: Tensor, b: Tensor): readonly [Tensor] | undefined => {
  const [n, k] = sizeOfMatrix(b)
  if (n <= leaf || k === 1) return undefined
  const { lower, transposed } = triangle
  const solve = (own: Tensor, right: Tensor): Tensor => run1(triangularKernel(triangle), own, right)
  const at = half(n)
  const [first, upper, below, last] = quarters(a, at)
  const corner = lower ? below : upper
  const off = transposed ? turned(corner) : corner
  const [top, bottom] = [rowsOf(b, 0, at), rowsOf(b, at, n)]
  if (lower !== transposed) {
    const x = solve(first, top)
    return [above(x, solve(last, sub(bottom, matmul(off, x))))]
  }
  // from the last row to the first
  const x = solve(last, bottom)
  return [above(solve(first, sub(top, matmul(off, x))), x)]
}

/** The triangle that a kernel reads of a matrix, zero elsewhere. */
const readOf = ({ lower, unitDiagonal }: Triangle, a: Tensor): Tensor =>
  lower ? tril(a, unitDiagonal ? -1 : 0) : triu(a, unitDiagonal ? 1 : 0)

const kernelOf = (triangle: Triangle): CustomKernel => {
  const { lower, transposed, unitDiagonal } = triangle
  const words = [lower ? 'lower' : 'upper', ...(transposed ? ['transposed'] : []), ...(unitDiagonal ? ['unit'] : [])]
  return {
    name: `solveTriangular ${words.join(' ')}`,
    infer,
    oracle: substitute(triangle),
    blocked: ([a, b]) => inHalves(triangle, a!, b!),
    wasm: (inputs) => lowerTriangular(triangle, inputs),
    dense: { kind: 'triangular', triangle },
    rules: {
      // op(A) X = B: op(A) Ẋ = Ḃ − op(Ȧ) X, with Ȧ where A is read
      jvp: ([a], [da, db], [x]) => {
        if (da === null) return [run1(triangularKernel(triangle), a!, db!)]
        const read = readOf(triangle, da!)
        const moved = matmul(transposed ? turned(read) : read, x!)
        return [run1(triangularKernel(triangle), a!, db === null ? neg(moved) : sub(db!, moved))]
      },
      // X = op(A)⁻¹ B is linear in B: its dual is op(A)⁻ᵀ
      transpose: (ct, [a]) => [null, run1(triangularKernel({ ...triangle, transposed: !transposed }), a!, ct)],
      // right sides of one matrix are columns
      batch: ([a, b], [severalA]) =>
        severalA ? undefined : [throughColumns(b!, (columns) => run1(triangularKernel(triangle), a!, columns))],
    },
  }
}

const indexOf = ({ lower, transposed, unitDiagonal }: Triangle): number =>
  Number(lower) + 2 * Number(transposed) + 4 * Number(unitDiagonal)

const table: readonly CustomKernel[] = [0, 1, 2, 3, 4, 5, 6, 7].map((i) =>
  kernelOf({ lower: (i & 1) !== 0, transposed: (i & 2) !== 0, unitDiagonal: (i & 4) !== 0 }),
)

/** The kernel of each of the eight kinds: operands A […, n, n] and B […, n, k]. */
export const triangularKernel = (triangle: Triangle): CustomKernel => table[indexOf(triangle)]!
