/** Operands of array functions: numbers become scalars of the other operand's dtype, dtypes meet by promotion. */

import { arithmetic, type DType, floating, isFloat, promoted, represents } from '../dtype.js'
import { fail, showShape, showType } from '../errors.js'
import type { Op } from '../program/op.js'
import { type Type, typeOf } from '../program/type.js'
import { broadcastShapes } from '../shape.js'
import { emit1 } from '../trace/emit.js'
import { isTensor, type Tensor, type TensorLike, type TensorValue, typeOfTensor, valueOf } from '../trace/tensor.js'
import { literal } from '../trace/trace.js'

const scalar: Readonly<Record<DType, Type>> = {
  f32: typeOf('f32', []),
  f64: typeOf('f64', []),
  f16: typeOf('f16', []),
  i32: typeOf('i32', []),
  u32: typeOf('u32', []),
  u8: typeOf('u8', []),
  i8: typeOf('i8', []),
  bool: typeOf('bool', []),
}
const weakScalar = typeOf('f64', [], true)

const casts = Object.fromEntries(
  (Object.keys(scalar) as DType[]).map((dtype) => [dtype, { kind: 'cast', dtype } satisfies Op]),
) as Readonly<Record<DType, Op>>

/** A number or boolean as a scalar of the dtype, refused where the dtype cannot represent it. */
export const scalarOf = (name: string, value: number | boolean, dtype: DType): Tensor => {
  if (typeof value !== 'boolean' && !represents(dtype, value))
    fail(name, `the number ${value} is no ${dtype}: cast the tensor to a float dtype first, as cast(x, 'f32').`)
  return literal(Number(value), scalar[dtype])
}

/** The tensor with another dtype; the same tensor where it has it already. */
export const castTo = (x: Tensor, dtype: DType): Tensor => {
  const type = typeOfTensor(x)
  return type.dtype === dtype && !type.weak ? x : emit1(casts[dtype], x)
}

const alive = (name: string, x: unknown): TensorValue => {
  const value = valueOf(name, x)
  if (value.buffer === null && value.trace === null && value.constant === null)
    fail(name, `got ${showType(value.type)}, which was disposed: return it from its scope, or dispose it later.`)
  return value
}

/** A tensor; a lone number is f32, a lone boolean is bool. */
export const tensorOf = (name: string, x: TensorLike): Tensor =>
  typeof x === 'number'
    ? literal(x, scalar.f32)
    : typeof x === 'boolean'
      ? literal(Number(x), scalar.bool)
      : alive(name, x)

const met = (name: string, a: Type, b: Type): DType =>
  promoted(a.dtype, b.dtype) ??
  fail(
    name,
    `${showType(a)} with ${showType(b)}: there is no dtype that holds both without loss. Cast one, as cast(x, '${isFloat(b.dtype) ? b.dtype : a.dtype}').`,
  )

/** The operands as tensors of one dtype: numbers take the tensors' dtype, weak scalars too. */
export const together = (name: string, xs: readonly TensorLike[]): Tensor[] => {
  let dtype: DType | undefined
  let weak: Type | undefined
  let strong: Type | undefined
  for (const x of xs) {
    if (typeof x === 'number' || typeof x === 'boolean') continue
    const { type } = alive(name, x)
    if (type.weak) weak = type
    else if (strong === undefined || dtype === undefined) {
      strong = type
      dtype = type.dtype
    } else if (type.dtype !== dtype) {
      dtype = met(name, typeOf(dtype, strong.shape), type)
      strong = type
    }
  }
  if (dtype === undefined) {
    // numbers only: booleans stay bool, a weak scalar keeps numbers weak, else f32
    if (weak !== undefined) return xs.map((x) => (isTensor(x) ? x : literal(Number(x), weakScalar)))
    const target = xs.every((x) => typeof x === 'boolean') ? 'bool' : 'f32'
    return xs.map((x) => scalarOf(name, x as number | boolean, target))
  }
  // true and false among numbers are numbers; a number among bools is an i32
  if (dtype === 'bool' && xs.some((x) => typeof x === 'number')) dtype = 'i32'
  if (weak !== undefined && !isFloat(dtype))
    fail(
      name,
      `a number argument of jit meets ${showType(strong!)}: such arguments are float scalars. Pass array(n, { dtype: 'i32' }), or cast the tensor.`,
    )
  const target = dtype
  return xs.map((x) => (isTensor(x) ? castTo(x, target) : scalarOf(name, x as number | boolean, target)))
}

/** Refuses shapes that do not broadcast, in the words of the function that was called. */
const checkBroadcast = (name: string, a: Tensor, b: Tensor): void => {
  if (broadcastShapes(a.shape, b.shape) === undefined)
    fail(
      name,
      `shapes ${showShape(a.shape)} and ${showShape(b.shape)} do not broadcast: sizes agree from the right or are 1. Give one a size 1 by reshape or expandDims.`,
    )
}

/** Two operands of one dtype whose shapes broadcast. */
export const pairOf = (name: string, a: TensorLike, b: TensorLike): [Tensor, Tensor] => {
  const [x, y] = together(name, [a, b]) as [Tensor, Tensor]
  checkBroadcast(name, x, y)
  return [x, y]
}

/** As `pairOf`, in the dtype in which arithmetic happens. */
export const forArithmetic = (name: string, a: TensorLike, b: TensorLike): [Tensor, Tensor] => {
  if (isTensor(a)) {
    const type = typeOfTensor(a)
    if (isTensor(b)) {
      const other = typeOfTensor(b)
      if (type.dtype === other.dtype && type.weak === other.weak && arithmetic(type.dtype) === type.dtype) {
        if (type !== other) checkBroadcast(name, a, b)
        return [a, b]
      }
    } else if (typeof b === 'number' && isFloat(type.dtype))
      return [a, literal(b, type.weak ? weakScalar : scalar[type.dtype])]
  } else if (typeof a === 'number' && isTensor(b)) {
    const type = typeOfTensor(b)
    if (isFloat(type.dtype)) return [literal(a, type.weak ? weakScalar : scalar[type.dtype]), b]
  }
  const [x, y] = pairOf(name, widened(name, a, b), widened(name, b, a))
  const dtype = arithmetic(typeOfTensor(x).dtype)
  return [keepWeak(x, dtype), keepWeak(y, dtype)]
}

/** A storage dtype beside a number is widened first, so that the number need not fit into 8 bits. */
const widened = (name: string, x: TensorLike, other: TensorLike): TensorLike =>
  typeof other === 'number' && isTensor(x) ? asNumber(name, x) : x

/** The tensor with another dtype; a weak scalar that has it already stays weak. */
export const keepWeak = (x: Tensor, dtype: DType): Tensor => (typeOfTensor(x).dtype === dtype ? x : castTo(x, dtype))

/** The operand in a float dtype: integers count as f32. */
export const asFloat = (name: string, x: TensorLike): Tensor => {
  const value = tensorOf(name, x)
  const { dtype } = typeOfTensor(value)
  return isFloat(dtype) ? value : castTo(value, floating(dtype))
}

/** `f` of an operand in a float dtype, for functions of several steps: f16 is computed in f32 and rounded once, at the end. */
export const inFloat = (name: string, x: TensorLike, f: (value: Tensor) => Tensor): Tensor => {
  const value = asFloat(name, x)
  return typeOfTensor(value).dtype === 'f16' ? castTo(f(castTo(value, 'f32')), 'f16') : f(value)
}

/** The operand in the dtype of arithmetic: u8, i8 and bool count as i32. */
export const asNumber = (name: string, x: TensorLike): Tensor => {
  const value = tensorOf(name, x)
  return keepWeak(value, arithmetic(typeOfTensor(value).dtype))
}

/** Integer operands for the positions of indexing: i32. */
export const asIndex = (name: string, x: TensorLike): Tensor => {
  if (typeof x === 'number')
    return represents('i32', x) ? scalarOf(name, x, 'i32') : fail(name, `indices are integers of 32 bits, got ${x}.`)
  const value = tensorOf(name, x)
  const type = typeOfTensor(value)
  if (isFloat(type.dtype) || type.dtype === 'bool')
    fail(name, `indices are integers, got ${showType(type)}: cast them, as cast(x, 'i32').`)
  return castTo(value, 'i32')
}

/** Two operands of one float dtype: integers count as f32. */
export const floatOperands = (name: string, a: TensorLike, b: TensorLike): [Tensor, Tensor] => {
  const [x, y] = forArithmetic(name, a, b)
  return [asFloat(name, x), asFloat(name, y)]
}
