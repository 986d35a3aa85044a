/** Eigenvalues and eigenvectors of symmetric matrices. */

import { epsilonOf } from '../dtype.js'
import { abs, add, div, maximum, mul, sub } from '../ops/arithmetic.js'
import { lessEqual, where } from '../ops/comparison.js'
import { matmul } from '../ops/contraction.js'
import { eye } from '../ops/creation.js'
import { sum } from '../ops/reductions.js'
import { expandDims, sliceAxis, swapAxes } from '../ops/shape.js'
import type { CustomKernel } from '../program/custom.js'
import { type Type, withShape } from '../program/type.js'
import { eager } from '../trace/eager.js'
import type { Tensor, TensorLike } from '../trace/tensor.js'
import { symmetricEigen } from '../wasm/dense/eigh.js'
import { symmetricJacobi } from './jacobi.js'
import {
  asMatrices,
  batchOf,
  checkedOperands,
  countOf,
  inSquares,
  run,
  run1,
  sizeOfMatrix,
  squares,
} from './operands.js'

/** A = V diag(λ) Vᵀ of symmetric A: λ ascending, the columns of V orthonormal. Only the symmetric part (A + Aᵀ)/2 counts.
 *
 *    λ̇ = diag(Vᵀ Ȧ V),   V̇ = V (F ∘ Vᵀ Ȧ V),   Fᵢⱼ = 1/(λⱼ − λᵢ), 0 on the diagonal
 *
 *  Shapes    […, n, n] → values […, n], vectors […, n, n]; f32 or f64, integers and f16 as f32.
 *  Signs     of the components of a vector within 15 % of its largest, the first is positive, on all devices.
 *  Cost      about 9 n³ flops and one kernel for the whole stack; computed in f64 for both dtypes.
 *  Repeated  eigenvalues, equal to (n + 4) ε max|λ| in f64 and 2 ε max|λ| in f32, have any orthonormal basis, which differs between
 *            devices. Their vectors have no derivative: it is NaN or infinite. The derivative of the values is the one along the
 *            basis found: right for functions that are symmetric in the equal values. Second derivatives are NaN or infinite,
 *            those of other values too.
 *  Singular  is nothing special. A matrix with an element that is not finite gets NaN, the others of its stack do not.
 *  Laws      A V = V diag(λ); Σ λ = trace A; eigh(QAQᵀ) has the same values for orthogonal Q.
 *  Source    Golub, Van Loan 2013, ch. 8; Magnus 1985 (derivatives).
 *  @example eigh(array([[2, 1], [1, 2]])).values // => f32[2] [1, 3] */
export const eigh = eager((a: TensorLike): { readonly values: Tensor; readonly vectors: Tensor } => {
  const [values, vectors] = run(eighKernel, symmetric(squares('eigh', asMatrices('eigh', a)))) as [Tensor, Tensor]
  return { values, vectors }
})

/** The eigenvalues of symmetric matrices, ascending: those of `eigh`, at a fifth of its cost.
 *  Shapes    […, n, n] → […, n]
 *  Singular  as in `eigh`, whose rule of derivatives this is.
 *  @example eigvalsh(array([[0, 1], [1, 0]])) // => f32[2] [-1, 1] */
export const eigvalsh = eager(
  (a: TensorLike): Tensor => inSquares('eigvalsh', a, (x) => run1(eigvalshKernel, symmetric(x))),
)

/** Halves are added, not sums halved: no overflow. */
const symmetric = (a: Tensor): Tensor => {
  const half = mul(a, 0.5)
  return add(half, swapAxes(half, -1, -2))
}

const valuesOf = (a: Type): Type => withShape(a, [...batchOf(a), sizeOfMatrix(a)[0]])

/** λ̇ᵢ = vᵢᵀ Ȧ vᵢ, of V and Ȧ V. */
const slopes = (v: Tensor, turned: Tensor): Tensor => sum(mul(v, turned), { axis: -2 })

/** How far values of matrices of n rows, the largest given, are apart without being known to differ: rounding to f32 is all
 *  that happens to what was computed in f64. */
export const uncertainty = (largest: Tensor, n: number): Tensor =>
  expandDims(mul(largest, (largest.dtype === 'f64' ? n + 4 : 2) * epsilonOf(largest.dtype)), -1)

/** 1/x off the diagonal, infinite where |x| ≤ least, and zero on it whatever stands there. */
export const inverseOff = (x: Tensor, least: Tensor): Tensor => {
  const own = eye(x.shape.at(-1)!, undefined, { dtype: 'bool' })
  return where(own, 0, div(1, where(own, 1, where(lessEqual(abs(x), least), 0, x))))
}

/** The largest |λ| of ascending λ: the first or the last. */
const sizeOfValues = (w: Tensor): Tensor => {
  const [axis, n] = [w.shape.length - 1, w.shape.at(-1)!]
  return maximum(abs(sliceAxis(w, axis, 0, 1)), abs(sliceAxis(w, axis, n - 1, n)))
}

export const eighKernel: CustomKernel = {
  name: 'eigh',
  infer: (inputs) => {
    checkedOperands('eigh', inputs, 1)
    return [valuesOf(inputs[0]!), inputs[0]!]
  },
  oracle: ([a], [values, vectors], { inputs: [type] }) => {
    const [n] = sizeOfMatrix(type!)
    for (let unit = 0; unit < countOf(type!); unit++) {
      const { values: own, vectors: rows } = symmetricJacobi(a!.subarray(unit * n * n, (unit + 1) * n * n), n)
      values!.set(own, unit * n)
      rows.forEach((row, j) => {
        row.forEach((x, i) => {
          vectors![(unit * n + i) * n + j] = x
        })
      })
    }
  },
  wasm: (inputs) => symmetricEigen('vectors', inputs),
  rules: {
    jvp: (_, [da], [w, v]) => {
      const n = w!.shape.at(-1)!
      if (n === 0) return [null, null]
      const turned = matmul(da!, v!)
      const least = uncertainty(sizeOfValues(w!), n)
      const gaps = sub(expandDims(w!, -2), expandDims(w!, -1))
      return [slopes(v!, turned), matmul(v!, mul(matmul(swapAxes(v!, -1, -2), turned), inverseOff(gaps, least)))]
    },
  },
}

export const eigvalshKernel: CustomKernel = {
  name: 'eigvalsh',
  infer: (inputs) => {
    checkedOperands('eigvalsh', inputs, 1)
    return [valuesOf(inputs[0]!)]
  },
  oracle: (inputs, [values], types) => {
    const vectors = new Float64Array(types.inputs[0]!.size)
    eighKernel.oracle(inputs, [values!, vectors], types)
  },
  wasm: (inputs) => symmetricEigen('values', inputs),
  rules: {
    jvp: ([a], [da]) => {
      const [, v] = run(eighKernel, a!)
      return [slopes(v!, matmul(da!, v!))]
    },
  },
}
