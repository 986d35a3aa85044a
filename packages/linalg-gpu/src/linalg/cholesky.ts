/** Cholesky's factorisation of positive definite matrices. */

import { add, div, mul, sub } from '../ops/arithmetic.js'
import { matmul } from '../ops/contraction.js'
import { eye, zeros } from '../ops/creation.js'
import { tril } from '../ops/shape.js'
import type { CustomKernel } from '../program/custom.js'
import { eager } from '../trace/eager.js'
import type { Tensor, TensorLike } from '../trace/tensor.js'
import { lowerCholesky } from '../wasm/dense/cholesky.js'
import { above, beside, columnsOf, half, quarters, rowsOf, turned } from './blocked.js'
import { batchOf, checkedOperands, checkOptions, countOf, inSquares, run1, sizeOfMatrix } from './operands.js'
import { solveTriangular } from './solveTriangular.js'

/** L, lower triangular with a positive diagonal, of A = L Lᵀ; or U = Lᵀ where `upper`.
 *  Of a matrix that is not symmetric it is that of (A + Aᵀ)/2, so derivatives are symmetric.
 *  Shapes    A […, n, n] → […, n, n], zero in the other triangle
 *  Cost      n³/3 operations, most of them matrix products where n is large.
 *  Singular  a member that is not positive definite, or not finite, is NaN in all elements; the others are not touched.
 *  Laws      matmul(L, turned L) = A to n roundings of √(aᵢᵢ aⱼⱼ), whatever the condition number.
 *  Derivative  L̇ = L Φ(L⁻¹ Ȧ L⁻ᵀ), Φ the lower triangle with half of the diagonal.
 *  Source    Golub, Van Loan, Matrix Computations, 4.2; Murray 2016, Differentiation of the Cholesky decomposition.
 *  @example cholesky(array([[4, 2], [2, 10]])) // => f32[2,2] [[2, 0], [1, 3]] */
export const cholesky = eager((a: TensorLike, options: { readonly upper?: boolean } = {}): Tensor => {
  checkOptions('cholesky', options, { upper: 'boolean' })
  return inSquares('cholesky', a, (x) => run1(choleskyKernel(options.upper ?? false), x))
})

/** Up to so many rows the kernel is faster than blocks, even where those are dealt out to two threads. */
const leaf = 256

/** uᵢⱼ = (aᵢⱼ − Σ_{p<i} uₚᵢ uₚⱼ) / uᵢᵢ, row by row. */
const factor =
  (upper: boolean): CustomKernel['oracle'] =>
  ([a], [out], { inputs }) => {
    const [n] = sizeOfMatrix(inputs[0]!)
    for (let m = 0; m < countOf(inputs[0]!); m++) {
      const base = m * n * n
      const u = new Float64Array(n * n)
      let definite = true
      for (let i = 0; i < n; i++)
        for (let j = i; j < n; j++) {
          let sum = 0.5 * a![base + i * n + j]! + 0.5 * a![base + j * n + i]!
          for (let p = 0; p < i; p++) sum -= u[p * n + i]! * u[p * n + j]!
          if (i === j) definite &&= sum > 0 && sum < Number.POSITIVE_INFINITY
          u[i * n + j] = i === j ? Math.sqrt(sum) : sum / u[i * n + i]!
        }
      for (let i = 0; i < n; i++)
        for (let j = 0; j < n; j++) out![base + i * n + j] = definite ? u[upper ? i * n + j : j * n + i]! : Number.NaN
    }
  }

/** (A + Aᵀ)/2 of the two blocks that mirror each other. */
const mean = (x: Tensor, mirrored: Tensor): Tensor => add(mul(0.5, x), mul(0.5, turned(mirrored)))

/** U by halves, all solves from the left: U₁₁ᵀ U₁₂ = A₁₂, then U₂₂ of A₂₂ − U₁₂ᵀ U₁₂. If any pivot is NaN, the last is. */
const inHalves = (a: Tensor): Tensor => {
  const [n] = sizeOfMatrix(a)
  if (n <= leaf) return run1(choleskyKernel(true), a)
  const at = half(n)
  const [first, right, below, last] = quarters(a, at)
  const one = inHalves(first)
  const side = solveTriangular(one, mean(right, below), { lower: false, transposed: true })
  const other = inHalves(sub(last, matmul(turned(side), side)))
  return above(beside(one, side), beside(zeros([...batchOf(a), n - at, at], { dtype: a.dtype }), other))
}

const blocked = (upper: boolean, a: Tensor): readonly [Tensor] | undefined => {
  const [n] = sizeOfMatrix(a)
  if (n <= leaf) return undefined
  const u = inHalves(a)
  // NaN − NaN, where a block further down was not definite, reaches those before it
  const last = columnsOf(rowsOf(u, n - 1, n), n - 1, n)
  const all = add(u, sub(last, last))
  return [upper ? all : turned(all)]
}

const kernelOf = (upper: boolean): CustomKernel => ({
  name: upper ? 'cholesky upper' : 'cholesky',
  infer: (inputs) => {
    checkedOperands('cholesky', inputs, 1)
    return inputs
  },
  oracle: factor(upper),
  blocked: ([a]) => blocked(upper, a!),
  wasm: (inputs) => lowerCholesky(upper, inputs),
  dense: { kind: 'cholesky', upper },
  rules: {
    jvp: (_, [da], [y]) => {
      const [n] = sizeOfMatrix(y!)
      /** L⁻¹ X */
      const solve = (x: Tensor): Tensor =>
        solveTriangular(y!, x, upper ? { lower: false, transposed: true } : { lower: true })
      const inner = solve(turned(solve(mean(da!, da!))))
      const phi = mul(tril(inner), sub(1, div(eye(n, n, { dtype: y!.dtype }), 2)))
      return [upper ? matmul(turned(phi), y!) : matmul(y!, phi)]
    },
  },
})

const lowerKernel = kernelOf(false)
const upperKernel = kernelOf(true)

/** Operand A […, n, n], of which the symmetric part is taken → L or U. */
export const choleskyKernel = (upper: boolean): CustomKernel => (upper ? upperKernel : lowerKernel)
