/** Determinants by sign and logarithm. */

import { abs, mul, sign } from '../ops/arithmetic.js'
import { isFinite as finite, where } from '../ops/comparison.js'
import { sum } from '../ops/reductions.js'
import { concatenate, diagonal, expandDims } from '../ops/shape.js'
import { log } from '../ops/transcendental.js'
import type { CustomKernel } from '../program/custom.js'
import { eager } from '../trace/eager.js'
import type { Tensor, TensorLike } from '../trace/tensor.js'
import { composed } from './composed.js'
import { asMatrices, run1, squares } from './operands.js'
import { product } from './product.js'
import { type Factors, factorsOf, solveWith } from './solve.js'

/** det A = sign · exp(logdet), neither of which overflows.
 *  Shapes    […, n, n] → sign […], logdet […]: 1 and 0 for n = 0.
 *  Cost      2n³/3 operations; derivatives use the factors of the value.
 *  Singular  a pivot that is 0: sign 0, logdet −Infinity, derivative NaN. An element that is not finite: both NaN.
 *  Laws      d logdet = tr(A⁻¹ Ȧ); the sign has no derivative.
 *  @example slogdet(array([[0, 2], [3, 0]])).sign // => f32[] -1 */
export const slogdet = eager((a: TensorLike): { readonly sign: Tensor; readonly logdet: Tensor } => {
  const factors = factorsOf(squares('slogdet', asMatrices('slogdet', a)))
  const pivots = pivotsOf(factors)
  return {
    sign: product(sign(pivots)),
    logdet: run1(logdetKernel, factors.a, factors.packed, factors.rows, sum(log(abs(pivots)), { axis: -1 })),
  }
})

/** The diagonal of U and the sign of the permutation: the factors of the determinant. What is not finite counts as NaN. */
export const pivotsOf = ({ packed, sign }: Pick<Factors, 'packed' | 'sign'>): Tensor => {
  const pivots = diagonal(packed)
  return concatenate([where(finite(pivots), pivots, Number.NaN), expandDims(sign, -1)], -1)
}

/** A, packed factors, rows and a value → the value, which varies with A as `slope` says of tr(A⁻¹ Ȧ) and the value. */
export const varying = (name: string, slope: (trace: Tensor, value: Tensor) => Tensor): CustomKernel =>
  composed(
    name,
    ([, , , value]) => [value!],
    ([, , , value]) => [value!],
    {
      jvp: ([a, packed, rows], [da], [value]) => {
        if (da === null) return [null]
        return [slope(traceOf(solveWith({ a: a!, packed: packed!, rows: rows! }, da!)), value!)]
      },
    },
  )

export const traceOf = (x: Tensor): Tensor => sum(diagonal(x), { axis: -1 })

const logdetKernel = varying('logdet', (trace) => trace)

/** det A of a matrix known to be regular. */
export const regularKernel = varying('det of regular', (trace, value) => mul(value, trace))
