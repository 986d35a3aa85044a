/** Singular values and vectors of matrices of any shape. */

import { add, div, mul, sub } from '../ops/arithmetic.js'
import { lessEqual, where } from '../ops/comparison.js'
import { matmul } from '../ops/contraction.js'
import { sum } from '../ops/reductions.js'
import { expandDims, sliceAxis } from '../ops/shape.js'
import type { CustomKernel } from '../program/custom.js'
import { type Type, withShape } from '../program/type.js'
import { eager } from '../trace/eager.js'
import type { Tensor, TensorLike } from '../trace/tensor.js'
import { singular } from '../wasm/dense/svd.js'
import { turned } from './blocked.js'
import { inverseOff, uncertainty } from './eigh.js'
import { type Rows, rowJacobi, signOf } from './jacobi.js'
import { asMatrices, batchOf, checkedOperands, countOf, inMatrices, run, run1, sizeOfMatrix } from './operands.js'

/** A = U diag(s) Vᵀ, reduced: s descending and never negative, the k = min(m, n) columns of U and rows of Vᵀ orthonormal.
 *
 *  With Y + K = Uᵀ Ȧ V, symmetric and antisymmetric part, Eᵢⱼ = 1/(sⱼ − sᵢ) and Gᵢⱼ = 1/(sⱼ + sᵢ), both 0 on the diagonal:
 *
 *    ṡ = diag Y,   U̇ = U (Y ∘ E + K ∘ G) + (1 − UUᵀ) Ȧ V diag(1/s),   V̇ = V (Y ∘ E − K ∘ G) + (1 − VVᵀ) Ȧᵀ U diag(1/s)
 *
 *  where the last term of U̇ is there for m > n, that of V̇ for n > m. No square of s is formed, so nothing overflows.
 *  Shapes    […, m, n] → u […, m, k], s […, k], vh […, k, n]; f32 or f64, integers and f16 as f32.
 *  Signs     of the elements of a row of vh within 15 % of its largest, the first is positive, on all devices.
 *  Cost      about 80 k³ + 10 k² max(m, n) flops and one kernel for the whole stack; computed in f64 for both dtypes.
 *  Error     roundings of s₁; of each value its own where columns of a tall matrix, or rows of a wide one, differ only in size.
 *  Repeated  values have any orthonormal vectors, which differ between devices; where two are equal, to (max(m, n) + 4) ε s₁ in f64
 *            and 2 ε s₁ in f32, the vectors have no derivative: it is NaN or infinite. That of the values is right for functions
 *            symmetric in the equal ones; second derivatives are NaN or infinite, those of other values too.
 *  Singular  values of 0 (below 1e-135 of the largest element) have vectors that complete the basis. |σ| has a corner there:
 *            the derivative of the value is one of its slopes; that of the vectors is NaN or infinite if m ≠ n or two are 0, or
 *            nearer to 0 than to being known, as above.
 *            A matrix with an element that is not finite gets NaN, the others of its stack do not.
 *  Laws      s(A) = s(Aᵀ) = s(QA) for orthogonal Q; Σ s² = Σ A².
 *  Source    Drmač, Veselić 2008; derivatives: Townsend 2016, with its fractions split.
 *  @example svd(array([[0, 2], [1, 0]])).s // => f32[2] [2, 1] */
export const svd = eager((a: TensorLike): { readonly u: Tensor; readonly s: Tensor; readonly vh: Tensor } => {
  const [u, s, vh] = run(svdKernel, asMatrices('svd', a)) as [Tensor, Tensor, Tensor]
  return { u, s, vh }
})

/** The singular values, descending: those of `svd`, at two thirds of its cost.
 *  Shapes    […, m, n] → […, min(m, n)]
 *  Singular  as in `svd`, whose rule of derivatives this is.
 *  @example svdvals(array([[3, 0], [4, 0]])) // => f32[2] [5, 0] */
export const svdvals = eager((a: TensorLike): Tensor => inMatrices('svdvals', a, (x) => run1(svdvalsKernel, x)))

const typesOf = (a: Type): readonly [Type, Type, Type] => {
  const [m, n] = sizeOfMatrix(a)
  const k = Math.min(m, n)
  const shaped = (...shape: readonly number[]): Type => withShape(a, [...batchOf(a), ...shape])
  return [shaped(m, k), shaped(k), shaped(k, n)]
}

/** Calls back with U and V as rows, and s, of each matrix of a stack. */
const decomposed = (
  a: ArrayLike<number>,
  type: Type,
  write: (unit: number, u: Rows, s: readonly number[], v: Rows) => void,
): void => {
  const [m, n] = sizeOfMatrix(type)
  const [k, l] = [Math.min(m, n), Math.max(m, n)]
  for (let unit = 0; unit < countOf(type); unit++) {
    const element = (i: number, j: number): number => a[(unit * m + i) * n + j]!
    const b = Array.from({ length: k }, (_, i) =>
      Float64Array.from({ length: l }, (__, j) => (m < n ? element(i, j) : element(j, i))),
    )
    const { s, j, z } = rowJacobi(b, l)
    write(unit, m < n ? j : z, s, m < n ? z : j)
  }
}

export const svdKernel: CustomKernel = {
  name: 'svd',
  infer: (inputs) => {
    checkedOperands('svd', inputs, 1)
    return typesOf(inputs[0]!)
  },
  oracle: ([a], [us, values, vs], { inputs: [type] }) => {
    const [m, n] = sizeOfMatrix(type!)
    const k = Math.min(m, n)
    decomposed(a!, type!, (unit, u, s, v) => {
      values!.set(s, unit * k)
      v.forEach((row, c) => {
        const sign = signOf(row)
        row.forEach((x, j) => {
          vs![(unit * k + c) * n + j] = sign * x
        })
        u[c]!.forEach((x, i) => {
          us![(unit * m + i) * k + c] = sign * x
        })
      })
    })
  },
  wasm: (inputs) => singular('vectors', inputs),
  rules: {
    jvp: ([a], [da], [u, s, vh]) => {
      const [m, n] = sizeOfMatrix(a!)
      if (m * n === 0) return [null, null, null]
      const [ut, v, dat] = [turned(u!), turned(vh!), turned(da!)]
      const dav = matmul(da!, v)
      const p = matmul(ut, dav)
      const [symmetric, skew] = [mul(add(p, turned(p)), 0.5), mul(sub(p, turned(p)), 0.5)]
      const [row, column] = [expandDims(s!, -2), expandDims(s!, -1)]
      const least = uncertainty(sliceAxis(s!, s!.shape.length - 1, 0, 1), Math.max(m, n))
      const mixed = mul(symmetric, inverseOff(sub(row, column), least))
      const turning = mul(skew, inverseOff(add(row, column), least))
      const divisors = where(lessEqual(row, least), 0, row)
      const du = matmul(u!, add(mixed, turning))
      const dv = matmul(v, sub(mixed, turning))
      const beyond = (y: Tensor, basis: Tensor): Tensor =>
        div(sub(y, matmul(basis, matmul(turned(basis), y))), divisors)
      return [
        m > n ? add(du, beyond(dav, u!)) : du,
        sum(mul(u!, dav), { axis: -2 }),
        turned(n > m ? add(dv, beyond(matmul(dat, u!), v)) : dv),
      ]
    },
  },
}

export const svdvalsKernel: CustomKernel = {
  name: 'svdvals',
  infer: (inputs) => {
    checkedOperands('svdvals', inputs, 1)
    return [typesOf(inputs[0]!)[1]]
  },
  oracle: ([a], [values], { inputs: [type] }) => decomposed(a!, type!, (unit, _, s) => values!.set(s, unit * s.length)),
  wasm: (inputs) => singular('values', inputs),
  rules: {
    jvp: ([a], [da]) => {
      const [u, , vh] = run(svdKernel, a!)
      return [sum(mul(u!, matmul(da!, turned(vh!))), { axis: -2 })]
    },
  },
}
