/** Operations as the rules write them: operands have one dtype already, constants take the dtype of their neighbour. */

import {
  binaryPrimitive,
  comparePrimitive,
  emit,
  emit1,
  literal,
  type Op,
  range,
  type Shape,
  sameShape,
  type Tensor,
  type Type,
  typeOf,
  typeOfTensor,
  type UnaryFn,
  unaryPrimitive,
} from '../language.js'

/** A tangent or cotangent; null is a symbolic zero, which costs nothing. */
export type Tangent = Tensor | null

export const add = (x: Tensor, y: Tensor): Tensor => emit1(binaryPrimitive('add'), x, y)
export const sub = (x: Tensor, y: Tensor): Tensor => emit1(binaryPrimitive('sub'), x, y)
export const mul = (x: Tensor, y: Tensor): Tensor => emit1(binaryPrimitive('mul'), x, y)
export const div = (x: Tensor, y: Tensor): Tensor => emit1(binaryPrimitive('div'), x, y)
export const pow = (x: Tensor, y: Tensor): Tensor => emit1(binaryPrimitive('pow'), x, y)
export const neg = (x: Tensor): Tensor => emit1(unaryPrimitive('neg'), x)
export const unary = (fn: UnaryFn, x: Tensor): Tensor => emit1(unaryPrimitive(fn), x)
export const equal = (x: Tensor, y: Tensor): Tensor => emit1(comparePrimitive('eq'), x, y)
export const greater = (x: Tensor, y: Tensor): Tensor => emit1(comparePrimitive('gt'), x, y)
export const both = (x: Tensor, y: Tensor): Tensor => emit1(binaryPrimitive('and'), x, y)
const selectOp: Op = Object.freeze({ kind: 'select' })
export const select = (c: Tensor, x: Tensor, y: Tensor): Tensor => emit1(selectOp, c, x, y)
export const castTo = (x: Tensor, dtype: Type['dtype']): Tensor => emit1({ kind: 'cast', dtype }, x)

/** A scalar of the dtype of x. */
export const like = (x: Tensor, value: number): Tensor => {
  const type = typeOfTensor(x)
  return literal(value, typeOf(type.dtype, [], type.weak))
}

/** c · x by a number. */
export const scaled = (x: Tensor, value: number): Tensor => mul(x, like(x, value))

export const zeros = (type: Type): Tensor => emit1({ kind: 'full', value: 0, type })
export const ones = (type: Type): Tensor => emit1({ kind: 'full', value: 1, type })

/** A tangent that is there: zeros stand for a symbolic zero. */
export const instantiate = (x: Tangent, type: Type): Tensor => x ?? zeros(type)

export const sumTangents = (x: Tangent, y: Tangent): Tangent => (x === null ? y : y === null ? x : add(x, y))

export const reshape = (x: Tensor, shape: Shape): Tensor =>
  sameShape(x.shape, shape) ? x : emit1({ kind: 'reshape', shape }, x)

export const transpose = (x: Tensor, perm: readonly number[]): Tensor =>
  perm.every((axis, i) => axis === i) ? x : emit1({ kind: 'transpose', perm }, x)

export const moveAxis = (x: Tensor, from: number, to: number): Tensor => {
  const order = range(x.shape.length).filter((i) => i !== from)
  order.splice(to, 0, from)
  return transpose(x, order)
}

export const sum = (x: Tensor, axes: readonly number[]): Tensor =>
  axes.length === 0 ? x : emit1({ kind: 'reduce', fn: 'sum', axes }, x)

/** NumPy's broadcasting as a linear operation of its own. */
export const broadcastTo = (x: Tensor, shape: Shape): Tensor => {
  if (sameShape(x.shape, shape)) return x
  const lead = shape.length - x.shape.length
  const axes = range(shape.length).filter((i) => i < lead || (x.shape[i - lead] === 1 && shape[i] !== 1))
  const kept = reshape(
    x,
    x.shape.filter((_, i) => !axes.includes(i + lead)),
  )
  return emit1({ kind: 'broadcast', shape, axes }, kept)
}

/** The dual of broadcastTo: sums over what had been spread. */
export const unbroadcast = (x: Tensor, shape: Shape): Tensor => {
  if (sameShape(x.shape, shape)) return x
  const lead = x.shape.length - shape.length
  const axes = range(x.shape.length).filter((i) => i < lead || (shape[i - lead] === 1 && x.shape[i] !== 1))
  return reshape(sum(x, axes), shape)
}

export const literalIndex = (value: number): Tensor => literal(value, typeOf('i32', []))

/** x with a new leading axis of the given size. */
export const spread = (x: Tensor, size: number): Tensor =>
  emit1({ kind: 'broadcast', shape: [size, ...x.shape], axes: [0] }, x)

export { emit, emit1 }
