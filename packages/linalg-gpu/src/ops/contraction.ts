/** Matrix products and their generalisations. All end in `dot`, whose transposed forms cost no transposition. */

import { arithmetic } from '../dtype.js'
import { fail, showShape, showValue } from '../errors.js'
import { broadcastShapes, checkAxis, range, sameShape, sizeOf, without } from '../shape.js'
import { eager } from '../trace/eager.js'
import { emit1 } from '../trace/emit.js'
import { type Tensor, type TensorLike, typeOfTensor } from '../trace/tensor.js'
import { castTo, together } from './operands.js'
import { broadcastTo, reshape, transpose } from './shape.js'

const numbers = (name: string, x: TensorLike, y: TensorLike): [Tensor, Tensor] => {
  const [a, b] = together(name, [x, y]) as [Tensor, Tensor]
  const dtype = arithmetic(typeOfTensor(a).dtype)
  return dtype === typeOfTensor(a).dtype ? [a, b] : [castTo(a, dtype), castTo(b, dtype)]
}

/** NumPy's matrix product: the last two axes multiply, leading axes broadcast, a vector counts as a row on the left and a column on the right.
 *  Shapes   […, m, k] · […, k, n] → […, m, n]
 *  @example matmul(array([[1, 2], [3, 4]]), array([1, 1])) // => f32[2] [3, 7] */
export const matmul = eager((x: TensorLike, y: TensorLike): Tensor => {
  const [a, b] = numbers('matmul', x, y)
  const [p, q] = [a.shape.length, b.shape.length]
  if (p === 0 || q === 0)
    fail(
      'matmul',
      `needs at least one axis on each side, got ${showShape(a.shape)} · ${showShape(b.shape)}: use mul for scalars.`,
    )
  const [k, l] = [a.shape[p - 1]!, b.shape[Math.max(0, q - 2)]!]
  if (k !== l) {
    const other =
      q >= 2 && b.shape[q - 1] === k
        ? ' Did you mean matmul(x, swapAxes(y, -1, -2))?'
        : p >= 2 && a.shape[p - 2] === l
          ? ' Did you mean matmul(swapAxes(x, -1, -2), y)?'
          : ''
    fail('matmul', `inner sizes differ: ${showShape(a.shape)} · ${showShape(b.shape)}, ${k} ≠ ${l}.${other}`)
  }
  const left = p === 1 ? reshape(a, [1, k]) : a
  const right = q === 1 ? reshape(b, [k, 1]) : b
  const out = batched(left, right)
  return p === 1 || q === 1
    ? reshape(out, [
        ...out.shape.slice(0, -2),
        ...(p === 1 ? [] : [out.shape[out.shape.length - 2]!]),
        ...(q === 1 ? [] : [out.shape[out.shape.length - 1]!]),
      ])
    : out
})

const batched = (a: Tensor, b: Tensor): Tensor => {
  const [m, k] = a.shape.slice(-2) as [number, number]
  const n = b.shape[b.shape.length - 1]!
  const [leadA, leadB] = [a.shape.slice(0, -2), b.shape.slice(0, -2)]
  if (leadB.length === 0) {
    // one right side for all: the batch folds into rows
    const rows = dot(reshape(a, [sizeOf(leadA) * m, k]), b, 0)
    return reshape(rows, [...leadA, m, n])
  }
  const lead =
    broadcastShapes(leadA, leadB) ??
    fail('matmul', `leading axes do not broadcast: ${showShape(a.shape)} · ${showShape(b.shape)}.`)
  return dot(broadcastTo(a, [...lead, m, k]), broadcastTo(b, [...lead, k, n]), lead.length)
}

const dot = (a: Tensor, b: Tensor, batch: number): Tensor =>
  emit1({ kind: 'dot', batch, left: 'plain', right: 'plain' }, a, b)

/** The sum of products over the last axis of x and the last but one of y (the only one of a vector), other axes side by side: NumPy's dot.
 *  @example dotProduct(array([1, 2, 3]), array([4, 5, 6])) // => f32[] 32 */
export const dotProduct = eager((x: TensorLike, y: TensorLike): Tensor => {
  const [a, b] = numbers('dot', x, y)
  if (a.shape.length === 0 || b.shape.length === 0) return emit1({ kind: 'binary', fn: 'mul' }, a, b)
  const [over, with_] = [a.shape.length - 1, Math.max(0, b.shape.length - 2)]
  if (a.shape[over] !== b.shape[with_])
    fail(
      'dot',
      `inner sizes differ: ${showShape(a.shape)} · ${showShape(b.shape)}, ${a.shape[over]} ≠ ${b.shape[with_]}.`,
    )
  return tensordot(a, b, [[over], [with_]])
})

/** Contraction over the named axes of x with those of y, or over the last n of x with the first n of y.
 *  Shapes   free axes of x, then free axes of y
 *  @example tensordot(ones([2, 3, 4]), ones([4, 3, 5]), [[1, 2], [1, 0]]).shape // => [ 2, 5 ] */
export const tensordot = eager(
  (x: TensorLike, y: TensorLike, axes: number | readonly [readonly number[], readonly number[]] = 2): Tensor => {
    const [a, b] = numbers('tensordot', x, y)
    const [p, q] = [a.shape.length, b.shape.length]
    if (typeof axes === 'number' && (!Number.isInteger(axes) || axes > p || axes > q || axes < 0))
      fail('tensordot', `${axes} axes of ${showShape(a.shape)} and ${showShape(b.shape)}: there are not so many.`)
    const [over, with_] =
      typeof axes === 'number'
        ? [range(axes).map((i) => p - axes + i), range(axes)]
        : [axes[0].map((i) => checkAxis('tensordot', i, p)), axes[1].map((i) => checkAxis('tensordot', i, q))]
    if (new Set(over).size !== over.length || new Set(with_).size !== with_.length)
      fail('tensordot', `an axis is named twice in ${showValue(axes)}.`)
    if (over.length !== with_.length || over.some((axis, i) => a.shape[axis] !== b.shape[with_[i]!]))
      fail(
        'tensordot',
        `axes ${showValue(over)} of ${showShape(a.shape)} do not match axes ${showValue(with_)} of ${showShape(b.shape)}.`,
      )
    const [freeA, freeB] = [without(range(p), over), without(range(q), with_)]
    return contract(a, b, [], [], freeA, freeB, over, with_)
  },
)

/** Batch axes, then free axes of a, then free axes of b; each axis list in the order wanted. */
export const contract = (
  a: Tensor, b: Tensor,
  batchA: readonly number[], batchB: readonly number[],
  freeA: readonly number[], freeB: readonly number[],
  overA: readonly number[], overB: readonly number[]
): Tensor => {
  const sizes = (x: Tensor, axes: readonly number[]): number[] => axes.map((axis) => x.shape[axis]!)
  const batch = sizes(a, batchA)
  const [m, n, k] = [sizes(a, freeA), sizes(b, freeB), sizes(a, overA)]
  // the transposed forms of dot spare a transposition where the axes stand in the other order already
  const plainA = [...batchA, ...freeA, ...overA]
  const turnedA = [...batchA, ...overA, ...freeA]
  const plainB = [...batchB, ...overB, ...freeB]
  const turnedB = [...batchB, ...freeB, ...overB]
  const ordered = (axes: readonly number[]): boolean => axes.every((axis, i) => axis === i)
  const left = !ordered(plainA) && ordered(turnedA) ? 'transposed' : 'plain'
  const right = !ordered(plainB) && ordered(turnedB) ? 'transposed' : 'plain'
  const lead = batch.length === 0 ? [] : [sizeOf(batch)]
  const [M, N, K] = [sizeOf(m), sizeOf(n), sizeOf(k)]
  const x = reshape(left === 'plain' ? transpose(a, plainA) : a, left === 'plain' ? [...lead, M, K] : [...lead, K, M])
  const y = reshape(right === 'plain' ? transpose(b, plainB) : b, right === 'plain' ? [...lead, K, N] : [...lead, N, K])
  return reshape(emit1({ kind: 'dot', batch: lead.length, left, right }, x, y), [...batch, ...m, ...n])
} // biome-ignore format: three pairs of axis lists

/** Σᵢ xᵢ yᵢ over all elements of two tensors of one shape. @example vdot(ones([2, 2]), full([2, 2], 3)) // => f32[] 12 */
export const vdot = eager((x: TensorLike, y: TensorLike): Tensor => {
  const [a, b] = numbers('vdot', x, y)
  if (!sameShape(a.shape, b.shape))
    fail('vdot', `shapes ${showShape(a.shape)} and ${showShape(b.shape)} differ: it takes tensors of one shape.`)
  const n = sizeOf(a.shape)
  return reshape(dot(reshape(a, [1, n]), reshape(b, [n, 1]), 0), [])
})

/** xᵢ yⱼ of two vectors. @example outer(array([1, 2]), array([3, 4])) // => f32[2,2] [[3, 4], [6, 8]] */
export const outer = eager((x: TensorLike, y: TensorLike): Tensor => {
  const [a, b] = numbers('outer', x, y)
  return emit1({ kind: 'binary', fn: 'mul' }, reshape(a, [sizeOf(a.shape), 1]), reshape(b, [1, sizeOf(b.shape)]))
})
