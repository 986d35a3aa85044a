/** Comparisons and logic. Their results are bool; nothing differentiates through them. */

import { isFloat } from '../dtype.js'
import { fail, showShape, showType } from '../errors.js'
import type { BinaryFn, CompareFn } from '../program/op.js'
import { broadcastShapes } from '../shape.js'
import { eager } from '../trace/eager.js'
import { emit1 } from '../trace/emit.js'
import { type Tensor, type TensorLike, typeOfTensor } from '../trace/tensor.js'
import { asFloat, castTo, floatOperands, forArithmetic, pairOf, tensorOf, together } from './operands.js'
import { binaryOp, binaryPrimitive, comparePrimitive, testOp, unaryPrimitive } from './primitives.js'

const compared = (name: string, fn: CompareFn, x: TensorLike, y: TensorLike): Tensor => {
  const [a, b] = pairOf(name, x, y)
  return emit1(comparePrimitive(fn), a, b)
}

/** x = y; NaN equals nothing. @example equal(array([1, 2]), 2) // => bool[2] [false, true] */
export const equal = eager((x: TensorLike, y: TensorLike): Tensor => compared('equal', 'eq', x, y))
/** @example notEqual(array([1, 2]), 2) // => bool[2] [true, false] */
export const notEqual = eager((x: TensorLike, y: TensorLike): Tensor => compared('notEqual', 'ne', x, y))
/** @example less(array([1, 2]), 2) // => bool[2] [true, false] */
export const less = eager((x: TensorLike, y: TensorLike): Tensor => compared('less', 'lt', x, y))
/** @example lessEqual(array([1, 2, 3]), 2) // => bool[3] [true, true, false] */
export const lessEqual = eager((x: TensorLike, y: TensorLike): Tensor => compared('lessEqual', 'le', x, y))
/** @example greater(array([1, 2, 3]), 2) // => bool[3] [false, false, true] */
export const greater = eager((x: TensorLike, y: TensorLike): Tensor => compared('greater', 'gt', x, y))
/** @example greaterEqual(array([1, 2, 3]), 2) // => bool[3] [false, true, true] */
export const greaterEqual = eager((x: TensorLike, y: TensorLike): Tensor => compared('greaterEqual', 'ge', x, y))

const toBool = (name: string, x: TensorLike): Tensor => castTo(tensorOf(name, x), 'bool')

const logical = (name: string, fn: 'and' | 'or' | 'xor', x: TensorLike, y: TensorLike): Tensor =>
  emit1(binaryPrimitive(fn), ...pairOf(name, toBool(name, x), toBool(name, y)))

/** Both are non-zero. @example logicalAnd(true, array([1, 0])) // => bool[2] [true, false] */
export const logicalAnd = eager((x: TensorLike, y: TensorLike): Tensor => logical('logicalAnd', 'and', x, y))
/** One at least is non-zero. @example logicalOr(false, array([1, 0])) // => bool[2] [true, false] */
export const logicalOr = eager((x: TensorLike, y: TensorLike): Tensor => logical('logicalOr', 'or', x, y))
/** Exactly one is non-zero. @example logicalXor(true, array([1, 0])) // => bool[2] [false, true] */
export const logicalXor = eager((x: TensorLike, y: TensorLike): Tensor => logical('logicalXor', 'xor', x, y))
/** Is zero. @example logicalNot(array([1, 0])) // => bool[2] [false, true] */
export const logicalNot = eager((x: TensorLike): Tensor => emit1(unaryPrimitive('not'), toBool('logicalNot', x)))

const bits = (name: string, fn: BinaryFn, x: TensorLike, y: TensorLike): Tensor => {
  const [a, b] = pairOf(name, x, y)
  if (isFloat(typeOfTensor(a).dtype))
    fail(name, `needs integers or bool, got ${showType(typeOfTensor(a))}: cast or bitcast it.`)
  return emit1(binaryPrimitive(fn), a, b)
}

const shifted = (name: string, fn: 'shl' | 'shr', x: TensorLike, y: TensorLike): Tensor => {
  const [a, b] = forArithmetic(name, x, y)
  if (isFloat(typeOfTensor(a).dtype))
    fail(name, `needs integers, got ${showType(typeOfTensor(a))}: cast or bitcast it.`)
  return emit1(binaryPrimitive(fn), a, b)
}

/** @example bitwiseAnd(array([6], { dtype: 'i32' }), 3) // => i32[1] [2] */
export const bitwiseAnd = eager((x: TensorLike, y: TensorLike): Tensor => bits('bitwiseAnd', 'and', x, y))
/** @example bitwiseOr(array([6], { dtype: 'i32' }), 3) // => i32[1] [7] */
export const bitwiseOr = eager((x: TensorLike, y: TensorLike): Tensor => bits('bitwiseOr', 'or', x, y))
/** @example bitwiseXor(array([6], { dtype: 'i32' }), 3) // => i32[1] [5] */
export const bitwiseXor = eager((x: TensorLike, y: TensorLike): Tensor => bits('bitwiseXor', 'xor', x, y))
/** @example bitwiseNot(array([0], { dtype: 'i32' })) // => i32[1] [-1] */
export const bitwiseNot = eager((x: TensorLike): Tensor => {
  const value = tensorOf('bitwiseNot', x)
  if (isFloat(typeOfTensor(value).dtype))
    fail('bitwiseNot', `needs integers or bool, got ${showType(typeOfTensor(value))}: cast or bitcast it.`)
  return emit1(unaryPrimitive('not'), value)
})
/** x · 2ʸ modulo 2³²: all bits are gone where y is not in 0 … 31. u8, i8 and bool count as i32. @example leftShift(array([1], { dtype: 'u32' }), 4) // => u32[1] [16] */
export const leftShift = eager((x: TensorLike, y: TensorLike): Tensor => shifted('leftShift', 'shl', x, y))
/** Keeps the sign of i32, fills u32 with zeros; only these are left where y is not in 0 … 31. @example rightShift(array([-8], { dtype: 'i32' }), 1) // => i32[1] [-4] */
export const rightShift = eager((x: TensorLike, y: TensorLike): Tensor => shifted('rightShift', 'shr', x, y))

/** @example isNaN(array([1, NaN])) // => bool[2] [false, true] */
export const isNaN = eager((x: TensorLike): Tensor => testOp('nan', x, 'isNaN'))
/** @example isInf(array([1, -Infinity])) // => bool[2] [false, true] */
export const isInf = eager((x: TensorLike): Tensor => testOp('infinite', x, 'isInf'))
/** @example isFinite(array([1, NaN])) // => bool[2] [true, false] */
export const isFinite = eager((x: TensorLike): Tensor => testOp('finite', x, 'isFinite'))

/** x where the condition holds, else y; all three broadcast. The branch not taken gets a zero cotangent,
 *  which times an infinite slope is NaN: put a harmless value into the unsafe branch first, as where(c, f(where(c, x, 1)), 0).
 *  @example where(array([true, false]), 1, array([5, 6])) // => f32[2] [1, 6] */
export const where = eager((condition: TensorLike, x: TensorLike, y: TensorLike): Tensor => {
  const c = toBool('where', condition)
  const [a, b] = together('where', [x, y]) as [Tensor, Tensor]
  const joint = broadcastShapes(a.shape, b.shape)
  if (joint === undefined || broadcastShapes(c.shape, joint) === undefined)
    fail(
      'where',
      `shapes do not broadcast: condition ${showShape(c.shape)}, values ${showShape(a.shape)} and ${showShape(b.shape)}.`,
    )
  return emit1({ kind: 'select' }, c, a, b)
})

/** NaN becomes `nan` (0), the infinities `posInf` and `negInf` (by default the largest finite numbers of the dtype).
 *  @example nanToNum(array([NaN, 1])) // => f32[2] [0, 1] */
export const nanToNum = eager(
  (
    x: TensorLike,
    { nan = 0, posInf, negInf }: { readonly nan?: number; readonly posInf?: number; readonly negInf?: number } = {},
  ): Tensor => {
    const value = asFloat('nanToNum', x)
    const { dtype, weak } = typeOfTensor(value)
    // a number argument of jit becomes f32
    const most = dtype === 'f16' ? 65504 : dtype === 'f32' || weak ? 3.4028234663852886e38 : Number.MAX_VALUE
    return where(
      isNaN(value),
      nan,
      where(equal(value, Infinity), posInf ?? most, where(equal(value, -Infinity), negInf ?? -most, value)),
    )
  },
)

/** |x − y| ≤ atol + rtol·|y|, elementwise; equal infinities are close. @example isClose(array([1, 2]), array([1.000001, 3])) // => bool[2] [true, false] */
export const isClose = eager(
  (
    x: TensorLike,
    y: TensorLike,
    {
      rtol = 1e-5,
      atol = 1e-8,
      equalNaN = false,
    }: { readonly rtol?: number; readonly atol?: number; readonly equalNaN?: boolean } = {},
  ): Tensor => {
    const [a, b] = floatOperands('isClose', x, y)
    const magnitude = (v: Tensor): Tensor => emit1(unaryPrimitive('abs'), v)
    const bound = binaryOp('add', binaryOp('mul', magnitude(b), rtol), atol)
    const near = logicalOr(
      logicalAnd(lessEqual(magnitude(emit1(binaryPrimitive('sub'), a, b)), bound), isFinite(b)),
      equal(a, b),
    )
    return equalNaN ? logicalOr(near, logicalAnd(isNaN(a), isNaN(b))) : near
  },
)
