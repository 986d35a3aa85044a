/** Functions of calculus, elementwise. Integers count as f32; f16 is computed in f32. Outside a function's domain: NaN. */

import { fail, showValue } from '../errors.js'
import { range } from '../shape.js'
import { eager } from '../trace/eager.js'
import { emit1 } from '../trace/emit.js'
import { type Tensor, type TensorLike, typeOfTensor } from '../trace/tensor.js'
import { abs, add, div, mul, square } from './arithmetic.js'
import { greater, isFinite, isInf, less, logicalAnd, logicalNot, where } from './comparison.js'
import { asFloat, floatOperands, inFloat, scalarOf } from './operands.js'
import { comparePrimitive, floatOp } from './primitives.js'

/** eˣ. @example exp(array([0, 1])) // => f32[2] [1, 2.71828] */
export const exp = eager((x: TensorLike): Tensor => floatOp('exp', x))
/** eˣ − 1, accurate near 0. @example expm1(1e-8) // => f32[] 1e-8 */
export const expm1 = eager((x: TensorLike): Tensor => floatOp('expm1', x))
/** ln x. @example log(array([1, 10])) // => f32[2] [0, 2.30259] */
export const log = eager((x: TensorLike): Tensor => floatOp('log', x))
/** ln(1 + x), accurate near 0. @example log1p(1e-8) // => f32[] 1e-8 */
export const log1p = eager((x: TensorLike): Tensor => floatOp('log1p', x))
/** log₂ x. @example log2(array([8])) // => f32[1] [3] */
export const log2 = eager((x: TensorLike): Tensor => inFloat('log2', x, (value) => div(log(value), Math.LN2)))
/** √x. @example sqrt(array([4, 2])) // => f32[2] [2, 1.41421] */
export const sqrt = eager((x: TensorLike): Tensor => floatOp('sqrt', x))
/** 1 / √x. @example rsqrt(array([4])) // => f32[1] [0.5] */
export const rsqrt = eager((x: TensorLike): Tensor => floatOp('rsqrt', x))
/** ∛x, real for negative x too. @example cbrt(array([-8])) // => f32[1] [-2] */
export const cbrt = eager((x: TensorLike): Tensor => floatOp('cbrt', x))
/** @example sin(1) // => f32[] 0.841471 */
export const sin = eager((x: TensorLike): Tensor => floatOp('sin', x))
/** @example cos(1) // => f32[] 0.540302 */
export const cos = eager((x: TensorLike): Tensor => floatOp('cos', x))
/** @example tan(1) // => f32[] 1.55741 */
export const tan = eager((x: TensorLike): Tensor => floatOp('tan', x))
/** @example asin(1) // => f32[] 1.5708 */
export const asin = eager((x: TensorLike): Tensor => floatOp('asin', x))
/** @example acos(0) // => f32[] 1.5708 */
export const acos = eager((x: TensorLike): Tensor => floatOp('acos', x))
/** @example atan(1) // => f32[] 0.785398 */
export const atan = eager((x: TensorLike): Tensor => floatOp('atan', x))
/** @example sinh(1) // => f32[] 1.1752 */
export const sinh = eager((x: TensorLike): Tensor => floatOp('sinh', x))
/** @example cosh(1) // => f32[] 1.54308 */
export const cosh = eager((x: TensorLike): Tensor => floatOp('cosh', x))
/** @example tanh(1) // => f32[] 0.761594 */
export const tanh = eager((x: TensorLike): Tensor => floatOp('tanh', x))
/** @example asinh(1) // => f32[] 0.881374 */
export const asinh = eager((x: TensorLike): Tensor => floatOp('asinh', x))
/** @example acosh(2) // => f32[] 1.31696 */
export const acosh = eager((x: TensorLike): Tensor => floatOp('acosh', x))
/** @example atanh(0.5) // => f32[] 0.549306 */
export const atanh = eager((x: TensorLike): Tensor => floatOp('atanh', x))
/** 1 / (1 + e⁻ˣ). @example sigmoid(array([0, 100])) // => f32[2] [0.5, 1] */
export const sigmoid = eager((x: TensorLike): Tensor => floatOp('sigmoid', x))
/** ln(1 + eˣ), without overflow. @example softplus(array([0, 100])) // => f32[2] [0.693147, 100] */
export const softplus = eager((x: TensorLike): Tensor => floatOp('softplus', x))
/** max(x, 0), with slope 0 at 0, as in JAX and PyTorch. @example relu(array([-1, 0, 2])) // => f32[3] [0, 0, 2] */
export const relu = eager((x: TensorLike): Tensor => floatOp('relu', x))
/** x · sigmoid(x), also called swish. @example silu(1) // => f32[] 0.731059 */
export const silu = eager((x: TensorLike): Tensor => inFloat('silu', x, (value) => mul(value, sigmoid(value))))
/** x · Φ(x) with the normal distribution function Φ. @example gelu(array([1, -1])) // => f32[2] [0.841345, -0.158655] */
export const gelu = eager(
  (x: TensorLike): Tensor =>
    // Φ(x) = ½ erfc(−x/√2) keeps the left tail, where ½(1 + erf) cancels
    inFloat('gelu', x, (value) => mul(mul(value, 0.5), erfc(mul(value, -Math.SQRT1_2)))),
)
/** 2/√π ∫₀ˣ e^(−t²) dt. @example erf(1) // => f32[] 0.842701 */
export const erf = eager((x: TensorLike): Tensor => floatOp('erf', x))
/** 1 − erf x, accurate in the right tail. @example erfc(2) // => f32[] 0.00467773 */
export const erfc = eager((x: TensorLike): Tensor => floatOp('erfc', x))
/** The inverse of erf on (−1, 1). @example erfinv(0.5) // => f32[] 0.476936 */
export const erfinv = eager((x: TensorLike): Tensor => floatOp('erfinv', x))
/** ln |Γ(x)|. @example lgamma(5) // => f32[] 3.17805 */
export const lgamma = eager((x: TensorLike): Tensor => floatOp('lgamma', x))
/** ψ(x) = d ln Γ / dx. @example digamma(1) // => f32[] -0.577216 */
export const digamma = eager((x: TensorLike): Tensor => emit1({ kind: 'polygamma', n: 0 }, asFloat('digamma', x)))
/** ψ⁽ⁿ⁾(x), the n-th derivative of digamma. @example polygamma(1, 1) // => f32[] 1.64493 */
export const polygamma = eager((n: number, x: TensorLike): Tensor => {
  if (!Number.isInteger(n) || n < 0) fail('polygamma', `the order is a non-negative integer, got ${showValue(n)}.`)
  return emit1({ kind: 'polygamma', n }, asFloat('polygamma', x))
})

/** ln(eˣ + eʸ), without overflow; at a tie each takes half of the slope. @example logaddexp(0, 0) // => f32[] 0.693147 */
export const logaddexp = eager((x: TensorLike, y: TensorLike): Tensor => {
  const [a, b] = floatOperands('logaddexp', x, y)
  const first = emit1(comparePrimitive('ge'), a, b)
  const [high, low] = [where(first, a, b), where(first, b, a)]
  // equal infinities have no difference: 0 stands for it, and ln 2 more than infinity is infinity
  const infinite = logicalAnd(isInf(high), emit1(comparePrimitive('eq'), high, low))
  const gap = where(infinite, 0, emit1({ kind: 'binary', fn: 'sub' }, low, high))
  return add(high, softplus(gap))
})

/** x ln y, and 0 wherever x is 0. There its slope in x is ln y where that is finite, else 0. @example xlogy(array([0, 2]), array([0, 1])) // => f32[2] [0, 0] */
export const xlogy = eager((x: TensorLike, y: TensorLike): Tensor => {
  const [a, b] = floatOperands('xlogy', x, y)
  const zero = emit1(comparePrimitive('eq'), a, scalarOf('xlogy', 0, typeOfTensor(a).dtype))
  // beside x = 0 a y without a finite logarithm is put aside
  const usable = logicalAnd(greater(b, 0), isFinite(b))
  return mul(a, log(where(logicalAnd(zero, logicalNot(usable)), 1, b)))
})

/** sin(πx) / (πx), 1 at 0. @example sinc(array([0, 0.5])) // => f32[2] [1, 0.63662] */
export const sinc = eager((x: TensorLike): Tensor => inFloat('sinc', x, sincOf))

const sincOf = (x: Tensor): Tensor => {
  const value = mul(x, Math.PI)
  // |z| < 1: the series Σ (−1)ᵏ z²ᵏ / (2k + 1)!, since the n-th derivative of the quotient cancels there, to n!/zⁿ ulps
  const near = less(abs(value), 1)
  const [small, large] = [where(near, square(value), 0), where(near, 1, value)]
  const series = sincSeries.reduceRight<Tensor | number>((sum, c) => add(c, mul(small, sum)), 0) as Tensor
  return where(near, series, div(sin(large), large))
}

// the first term left out is 1/23!: 0 in f64 to the fourth derivative as well
const sincSeries: readonly number[] = range(11).map((k) => range(2 * k + 1).reduce((c, i) => c / (i + 1), (-1) ** k))
