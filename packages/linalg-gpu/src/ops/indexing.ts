/** Reading and writing at indices. Negative indices count from the end; out of range reads NaN (0 for integers) and writes nothing. */

import { arithmetic, type DType, isFloat } from '../dtype.js'
import { fail, showShape, showType } from '../errors.js'
import { broadcastShapes, checkAxis, checkCount, range, type Shape, sameShape, sizeOf, stridesOf } from '../shape.js'
import { eager } from '../trace/eager.js'
import { emit1 } from '../trace/emit.js'
import { isTensor, type Tensor, type TensorLike, typeOfTensor } from '../trace/tensor.js'
import { add, mul } from './arithmetic.js'
import { equal, greaterEqual, less, logicalAnd, where } from './comparison.js'
import { iota } from './creation.js'
import { asIndex, castTo, scalarOf, tensorOf, together } from './operands.js'
import { all, sum } from './reductions.js'
import { broadcastTo, expandDims, moveAxis, reshape, stack } from './shape.js'

const fillOf = (x: Tensor): number => (isFloat(typeOfTensor(x).dtype) ? Number.NaN : 0)

/** Negative positions counted from the end. */
const wrapped = (index: Tensor, n: number): Tensor => where(less(index, 0), add(index, n), index)

/** The entries of an axis at the indices; the axis is replaced by the axes of the indices. The flattened tensor without an axis.
 *  Cost     as many elements as the result has; its derivative is a scatterAdd.
 *  @example take(array([10, 20, 30]), array([2, 0, -1], { dtype: 'i32' })) // => f32[3] [30, 10, 30]
 *  @example take(array([[1, 2], [3, 4]]), 1, { axis: 1 }) // => f32[2] [2, 4] */
export const take = eager((x: TensorLike, indices: TensorLike, { axis }: { readonly axis?: number } = {}): Tensor => {
  const value = axis === undefined ? reshape(x, [sizeOf(tensorOf('take', x).shape)]) : tensorOf('take', x)
  const at = checkAxis('take', axis ?? 0, value.shape.length)
  const index = wrapped(asIndex('take', indices), value.shape[at]!)
  const front = moveAxis(value, at, 0)
  const out = emit1({ kind: 'gather', batch: 0, fill: fillOf(value) }, front, index)
  // the axes of the indices stand in front: the axes before `axis` go there instead
  const k = index.shape.length
  const order = [
    ...range(at).map((i) => k + i),
    ...range(k),
    ...range(out.shape.length - k - at).map((i) => k + at + i),
  ]
  return order.every((from, i) => from === i) ? out : emit1({ kind: 'transpose', perm: order }, out)
})

/** out[…, i, …] = x[…, indices[…, i, …], …] along an axis; the other axes agree or broadcast.
 *  @example takeAlongAxis(array([[3, 1, 2]]), argsort(array([[3, 1, 2]])), { axis: 1 }) // => f32[1,3] [[1, 2, 3]] */
export const takeAlongAxis = eager(
  (x: TensorLike, indices: TensorLike, { axis = -1 }: { readonly axis?: number } = {}): Tensor => {
    const value = tensorOf('takeAlongAxis', x)
    const index = asIndex('takeAlongAxis', indices)
    const rank = value.shape.length
    const at = checkAxis('takeAlongAxis', axis, rank)
    const lead = value.shape.map((n, i) => (n === 1 && i !== at ? (index.shape[i] ?? 1) : n))
    const agree = index.shape.length === rank && index.shape.every((n, i) => i === at || n === lead[i] || n === 1)
    if (!agree)
      fail('takeAlongAxis', `indices ${showShape(index.shape)} do not match ${showShape(value.shape)} off axis ${at}.`)
    const whole = broadcastTo(value, lead)
    const full = broadcastTo(
      index,
      lead.map((n, i) => (i === at ? index.shape[at]! : n)),
    )
    const last = emit1(
      { kind: 'gather', batch: rank - 1, fill: fillOf(value) },
      moveAxis(whole, at, -1),
      wrapped(moveAxis(full, at, -1), value.shape[at]!),
    )
    return moveAxis(last, -1, at)
  },
)

/** Index vectors of the leading axes as one index of their flattened axis; any component out of range makes it −1. */
const linear = (name: string, shape: Shape, indices: Tensor): { readonly index: Tensor; readonly depth: number } => {
  const depth =
    indices.shape[indices.shape.length - 1] ?? fail(name, 'indices need a last axis that holds index vectors.')
  if (depth > shape.length)
    fail(name, `index vectors of length ${depth} in ${showShape(shape)}, which has ${shape.length} axes.`)
  const sizes = stackNumbers(shape.slice(0, depth))
  const strides = stackNumbers(stridesOf(shape.slice(0, depth)))
  const positive = where(less(indices, 0), add(indices, sizes), indices)
  const inside = all(logicalAnd(greaterEqual(positive, 0), less(positive, sizes)), { axis: -1 })
  return { index: where(inside, sum(mul(positive, strides), { axis: -1 }), -1), depth }
}

const stackNumbers = (values: readonly number[]): Tensor =>
  values.length === 0 ? iota([0]) : stack(values.map((v) => scalarOf('gather', v, 'i32')))

/** out[…i, …r] = x[indices[…i, 0], …, indices[…i, k − 1], …r]: NumPy's x[i, j] with the index arrays stacked along a last axis.
 *  Shapes   [n₁, …, n_k, …r], [… i, k] → […i, …r]
 *  @example gather(array([[1, 2], [3, 4]]), array([[0, 1], [1, 0]], { dtype: 'i32' })) // => f32[2] [2, 3] */
export const gather = eager((x: TensorLike, indices: TensorLike): Tensor => {
  const value = tensorOf('gather', x)
  const { index, depth } = linear('gather', value.shape, asIndex('gather', indices))
  const rows = reshape(value, [sizeOf(value.shape.slice(0, depth)), ...value.shape.slice(depth)])
  return emit1({ kind: 'gather', batch: 0, fill: fillOf(value) }, rows, index)
})

/** x with updates added at index vectors; updates to one place add up, in a fixed order.
 *  Shapes   [n₁, …, n_k, …r], [… i, k], […i, …r]
 *  @example scatterAdd(zeros([3]), array([[0], [2], [0]], { dtype: 'i32' }), array([1, 5, 10])) // => f32[3] [11, 0, 5] */
export const scatterAdd = eager((x: TensorLike, indices: TensorLike, updates: TensorLike): Tensor => {
  const [value, update] = together('scatterAdd', [x, updates]).map((t) =>
    castTo(t, arithmetic(typeOfTensor(t).dtype as DType)),
  ) as [Tensor, Tensor]
  const index = asIndex('scatterAdd', indices)
  const { index: rows, depth } = linear('scatterAdd', value.shape, index)
  const full = [...rows.shape, ...value.shape.slice(depth)]
  if (!sameShape(broadcastShapes(update.shape, full) ?? [-1], full))
    fail(
      'scatterAdd',
      `updates ${showShape(update.shape)} do not broadcast to ${showShape(full)}, the shape of what the indices name.`,
    )
  const parts = broadcastTo(update, full)
  const added = emit1({ kind: 'scatterAdd', batch: 0, size: sizeOf(value.shape.slice(0, depth)) }, parts, rows)
  return add(value, reshape(added, value.shape))
})

const startsOf = (name: string, x: Tensor, starts: TensorLike | readonly TensorLike[]): Tensor => {
  const vector = Array.isArray(starts)
    ? starts.length === 0
      ? iota([0])
      : stack(starts.map((s) => asIndex(name, s)))
    : asIndex(name, starts as TensorLike)
  const index = vector.shape.length === 0 ? reshape(vector, [1]) : vector
  if (!sameShape(index.shape, [x.shape.length]))
    fail(
      name,
      `one start for each of the ${x.shape.length} axes of ${showShape(x.shape)} expected, got ${isTensor(starts) ? showType(typeOfTensor(starts)) : index.shape[0]}.`,
    )
  const sizes = stackNumbers(x.shape)
  return where(less(index, 0), add(index, sizes), index)
}

/** The part of the given sizes that begins at `starts`, one for each axis, which may be traced; starts are clamped so that it lies inside.
 *  @example dynamicSlice(arange(10), [7], [5]) // => i32[5] [5, 6, 7, 8, 9] */
export const dynamicSlice = eager((x: TensorLike, starts: TensorLike | readonly TensorLike[], sizes: Shape): Tensor => {
  const value = tensorOf('dynamicSlice', x)
  if (sizes.length !== value.shape.length || sizes.some((n, i) => !Number.isInteger(n) || n < 0 || n > value.shape[i]!))
    fail('dynamicSlice', `sizes ${showShape(sizes)} do not fit into ${showShape(value.shape)}.`)
  return emit1({ kind: 'dynamicSlice', sizes }, value, startsOf('dynamicSlice', value, starts))
})

/** x with a part replaced, which begins at `starts`, clamped as in dynamicSlice.
 *  @example dynamicUpdateSlice(zeros([4]), array([1, 2]), [1]) // => f32[4] [0, 1, 2, 0] */
export const dynamicUpdateSlice = eager(
  (x: TensorLike, update: TensorLike, starts: TensorLike | readonly TensorLike[]): Tensor => {
    const [value, part] = together('dynamicUpdateSlice', [x, update]) as [Tensor, Tensor]
    if (part.shape.length !== value.shape.length || part.shape.some((n, i) => n > value.shape[i]!))
      fail('dynamicUpdateSlice', `update ${showShape(part.shape)} does not fit into ${showShape(value.shape)}.`)
    return emit1({ kind: 'dynamicUpdateSlice' }, value, part, startsOf('dynamicUpdateSlice', value, starts))
  },
)

/** 1 at the index along a new last axis, 0 elsewhere; all 0 where the index is not in 0 … classes − 1.
 *  @example oneHot(array([1, 0], { dtype: 'i32' }), 3) // => f32[2,3] [[0, 1, 0], [1, 0, 0]] */
export const oneHot = eager(
  (indices: TensorLike, classes: number, { dtype = 'f32' }: { readonly dtype?: DType } = {}): Tensor => {
    checkCount('oneHot', 'the number of classes', classes)
    const index = expandDims(asIndex('oneHot', indices), -1)
    return castTo(equal(index, iota([classes])), dtype)
  },
)
