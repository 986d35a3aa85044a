/** Arithmetic, elementwise with broadcasting. Integers wrap modulo 2³²; `div` of integers gives f32. */

import { isFloat } from '../dtype.js'
import { eager } from '../trace/eager.js'
import { emit1 } from '../trace/emit.js'
import { type Tensor, type TensorLike, typeOfTensor } from '../trace/tensor.js'
import { equal, logicalOr, where } from './comparison.js'
import { asFloat, floatOperands, forArithmetic } from './operands.js'
import { binaryOp, binaryPrimitive, numberOp, unaryPrimitive } from './primitives.js'

/** x + y. @example add(array([1, 2]), 10) // => f32[2] [11, 12] */
export const add = eager((x: TensorLike, y: TensorLike): Tensor => binaryOp('add', x, y))
/** x − y. @example sub(array([1, 2]), 10) // => f32[2] [-9, -8] */
export const sub = eager((x: TensorLike, y: TensorLike): Tensor => binaryOp('sub', x, y))
/** x · y elementwise. @example mul(array([1, 2]), array([[1], [10]])) // => f32[2,2] [[1, 2], [10, 20]] */
export const mul = eager((x: TensorLike, y: TensorLike): Tensor => binaryOp('mul', x, y))
/** x / y; integers are divided as f32. @example div(array([1, 2]), 4) // => f32[2] [0.25, 0.5] */
export const div = eager(
  (x: TensorLike, y: TensorLike): Tensor => emit1(binaryPrimitive('div'), ...floatOperands('div', x, y)),
)
/** ⌊x / y⌋. Integer division by zero gives 0. @example floorDivide(array([-7, 7]), 2) // => f32[2] [-4, 3] */
export const floorDivide = eager((x: TensorLike, y: TensorLike): Tensor => {
  const [a, b] = forArithmetic('floorDivide', x, y)
  return isFloat(typeOfTensor(a).dtype)
    ? floor(emit1(binaryPrimitive('div'), a, b))
    : emit1(binaryPrimitive('quot'), a, b)
})
/** x − y·⌊x / y⌋: the sign of the divisor, as Python's %. @example mod(array([-7, 7]), 3) // => f32[2] [2, 1] */
export const mod = eager((x: TensorLike, y: TensorLike): Tensor => binaryOp('mod', x, y))
/** x − y·trunc(x / y): the sign of the dividend, as C's %. @example remainder(array([-7, 7]), 3) // => f32[2] [-1, 1] */
export const remainder = eager((x: TensorLike, y: TensorLike): Tensor => binaryOp('rem', x, y, 'remainder'))
/** xʸ. Where x is negative and finite and y no integer: NaN. Integers wrap; to a negative power they are the integer part of 1 / x⁻ʸ, 0 for x = 0. The slope in y at x = 0 is 0. @example pow(array([2, 3]), 2) // => f32[2] [4, 9] */
export const pow = eager(
  (x: TensorLike, y: TensorLike): Tensor => (y === 2 ? numberOp('square', x, 'pow') : binaryOp('pow', x, y)),
)
/** The larger of two; NaN wins; at a tie each takes half of the slope. @example maximum(array([1, 5]), 3) // => f32[2] [3, 5] */
export const maximum = eager((x: TensorLike, y: TensorLike): Tensor => binaryOp('max', x, y, 'maximum'))
/** The smaller of two; NaN wins; at a tie each takes half of the slope. @example minimum(array([1, 5]), 3) // => f32[2] [1, 3] */
export const minimum = eager((x: TensorLike, y: TensorLike): Tensor => binaryOp('min', x, y, 'minimum'))
/** The angle of the point (x, y) in (−π, π]. @example atan2(1, 1) // => f32[] 0.785398 */
export const atan2 = eager(
  (y: TensorLike, x: TensorLike): Tensor => emit1(binaryPrimitive('atan2'), ...floatOperands('atan2', y, x)),
)
/** √(x² + y²) without overflow on the way; NaN wins, then Infinity; its slope at (0, 0) is 0. @example hypot(3, 4) // => f32[] 5 */
export const hypot = eager((x: TensorLike, y: TensorLike): Tensor => {
  const [a, b] = floatOperands('hypot', x, y)
  const scale = emit1({ kind: 'mark', role: 'constant', name: '' }, maximum(abs(a), abs(b)))
  // zero and infinity are no scale: 1 leaves the plain formula
  const safe = where(logicalOr(equal(scale, 0), equal(scale, Infinity)), 1, scale)
  const total = add(square(div(a, safe)), square(div(b, safe)))
  // at the origin the root is steep and its argument flat, ∞ · 0: a root of 1 there leaves the slope 0
  const zero = equal(total, 0)
  return where(zero, 0, mul(safe, emit1(unaryPrimitive('sqrt'), where(zero, 1, total))))
})

/** −x. @example neg(array([1, -2])) // => f32[2] [-1, 2] */
export const neg = eager((x: TensorLike): Tensor => numberOp('neg', x))
/** |x|, with slope 0 at 0. @example abs(array([1, -2])) // => f32[2] [1, 2] */
export const abs = eager((x: TensorLike): Tensor => numberOp('abs', x))
/** −1, 0 or 1. @example sign(array([-3, 0, 2])) // => f32[3] [-1, 0, 1] */
export const sign = eager((x: TensorLike): Tensor => numberOp('sign', x))
/** x². @example square(array([3])) // => f32[1] [9] */
export const square = eager((x: TensorLike): Tensor => numberOp('square', x))
/** 1 / x. @example reciprocal(array([4])) // => f32[1] [0.25] */
export const reciprocal = eager((x: TensorLike): Tensor => div(1, asFloat('reciprocal', x)))
/** The largest integer ≤ x. @example floor(array([1.5, -1.5])) // => f32[2] [1, -2] */
export const floor = eager((x: TensorLike): Tensor => numberOp('floor', x))
/** The smallest integer ≥ x. @example ceil(array([1.5, -1.5])) // => f32[2] [2, -1] */
export const ceil = eager((x: TensorLike): Tensor => numberOp('ceil', x))
/** The nearest integer, halves to even. @example round(array([0.5, 1.5, 2.5])) // => f32[3] [0, 2, 2] */
export const round = eager((x: TensorLike): Tensor => numberOp('round', x))
/** Toward zero. @example trunc(array([1.5, -1.5])) // => f32[2] [1, -1] */
export const trunc = eager((x: TensorLike): Tensor => numberOp('trunc', x))
/** x held between two bounds. At a bound the slope is ½. @example clip(array([-1, 0.5, 2]), 0, 1) // => f32[3] [0, 0.5, 1] */
export const clip = eager(
  (x: TensorLike, low: TensorLike, high: TensorLike): Tensor =>
    binaryOp('min', binaryOp('max', x, low, 'clip'), high, 'clip'),
)
