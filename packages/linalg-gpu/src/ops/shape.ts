/** Shape functions. None computes; devices make index maps of them where they can. */

import { represents } from '../dtype.js'
import { fail, showShape, showValue } from '../errors.js'
import { typeOf } from '../program/type.js'
import {
  broadcastShapes,
  checkAxes,
  checkAxis,
  checkCount,
  checkShape,
  range,
  type Shape,
  sameShape,
  sizeOf,
  without,
} from '../shape.js'
import { eager } from '../trace/eager.js'
import { emit1 } from '../trace/emit.js'
import { type Tensor, type TensorLike, typeOfTensor } from '../trace/tensor.js'
import { constant } from '../trace/trace.js'
import { tensorOf, together } from './operands.js'

/** The same elements in another shape, row-major; one size may be −1 and follows from the others.
 *  @example reshape(arange(6), [2, -1]) // => i32[2,3] [[0, 1, 2], [3, 4, 5]] */
export const reshape = eager((x: TensorLike, shape: Shape): Tensor => {
  const value = tensorOf('reshape', x)
  if (!Array.isArray(shape)) fail('reshape', `a shape is an array of sizes, got ${showValue(shape)}.`)
  const size = sizeOf(value.shape)
  const open = shape.indexOf(-1)
  const known = open < 0 ? 1 : sizeOf(without(shape, [open]))
  if (open >= 0 && (shape.lastIndexOf(-1) !== open || known === 0 || size % known !== 0))
    fail(
      'reshape',
      `${showShape(value.shape)} of ${size} elements does not fit ${showShape(shape)}: −1 has no whole size.`,
    )
  const full = checkShape('reshape', open < 0 ? shape : shape.map((n) => (n === -1 ? size / known : n)))
  if (sizeOf(full) !== size)
    fail(
      'reshape',
      `${showShape(value.shape)} has ${size} elements, ${showShape(full)} has ${sizeOf(full)}. One size may be −1 and follows from the others.`,
    )
  return sameShape(full, value.shape) ? value : emit1({ kind: 'reshape', shape: full }, value)
})

/** Axes in another order, reversed by default. @example transpose(array([[1, 2], [3, 4]])) // => f32[2,2] [[1, 3], [2, 4]] */
export const transpose = eager((x: TensorLike, perm?: readonly number[]): Tensor => {
  const value = tensorOf('transpose', x)
  const rank = value.shape.length
  const order = perm === undefined ? range(rank).reverse() : perm.map((axis) => checkAxis('transpose', axis, rank))
  if (order.length !== rank || new Set(order).size !== rank)
    fail('transpose', `${showValue(perm)} is no permutation of the ${rank} axes of ${showShape(value.shape)}.`)
  return order.every((axis, i) => axis === i) ? value : emit1({ kind: 'transpose', perm: order }, value)
})

/** Two axes exchanged. @example swapAxes(zeros([2, 3, 4]), 0, 2).shape // => [ 4, 3, 2 ] */
export const swapAxes = eager((x: TensorLike, a: number, b: number): Tensor => {
  const value = tensorOf('swapAxes', x)
  const order = range(value.shape.length)
  const [i, j] = [checkAxis('swapAxes', a, order.length), checkAxis('swapAxes', b, order.length)]
  order[i] = j
  order[j] = i
  return transpose(value, order)
})

/** An axis moved to another place. @example moveAxis(zeros([2, 3, 4]), 0, -1).shape // => [ 3, 4, 2 ] */
export const moveAxis = eager((x: TensorLike, from: number, to: number): Tensor => {
  const value = tensorOf('moveAxis', x)
  const rank = value.shape.length
  const source = checkAxis('moveAxis', from, rank)
  const order = without(range(rank), [source])
  order.splice(checkAxis('moveAxis', to, rank), 0, source)
  return transpose(value, order)
})

/** New axes of size 1 at these places of the result. @example expandDims(zeros([3]), 0).shape // => [ 1, 3 ] */
export const expandDims = eager((x: TensorLike, axes: number | readonly number[]): Tensor => {
  const value = tensorOf('expandDims', x)
  const count = typeof axes === 'number' ? 1 : axes.length
  const places = checkAxes('expandDims', axes, value.shape.length + count)
  const shape = [...value.shape]
  for (const axis of places) shape.splice(axis, 0, 1)
  return reshape(value, shape)
})

/** Without the axes of size 1, or without these. @example squeeze(zeros([1, 3, 1])).shape // => [ 3 ] */
export const squeeze = eager((x: TensorLike, axes?: number | readonly number[]): Tensor => {
  const value = tensorOf('squeeze', x)
  const ones = range(value.shape.length).filter((i) => value.shape[i] === 1)
  const places = axes === undefined ? ones : checkAxes('squeeze', axes, value.shape.length)
  for (const axis of places)
    if (value.shape[axis] !== 1)
      fail('squeeze', `axis ${axis} of ${showShape(value.shape)} has size ${value.shape[axis]}, not 1.`)
  return reshape(value, without(value.shape, places))
})

/** All elements in one axis. @example flatten(zeros([2, 3])).shape // => [ 6 ] */
export const flatten = eager((x: TensorLike): Tensor => {
  const value = tensorOf('flatten', x)
  return reshape(value, [sizeOf(value.shape)])
})

/** The tensor in a larger shape, by NumPy's rules. @example broadcastTo(array([1, 2]), [2, 2]) // => f32[2,2] [[1, 2], [1, 2]] */
export const broadcastTo = eager((x: TensorLike, shape: Shape): Tensor => {
  const value = tensorOf('broadcastTo', x)
  checkShape('broadcastTo', shape)
  if (sameShape(value.shape, shape)) return value
  const lead = shape.length - value.shape.length
  if (lead < 0 || value.shape.some((n, i) => n !== 1 && n !== shape[lead + i]))
    fail(
      'broadcastTo',
      `${showShape(value.shape)} does not broadcast to ${showShape(shape)}: sizes agree from the right or are 1.`,
    )
  const grown = range(shape.length).filter((i) => i < lead || (value.shape[i - lead] === 1 && shape[i] !== 1))
  const kept = value.shape.filter((_, i) => !grown.includes(i + lead))
  return emit1({ kind: 'broadcast', shape, axes: grown }, reshape(value, kept))
})

/** All operands in their common shape. @example broadcastArrays([zeros([2, 1]), zeros([3])]).map((x) => x.shape) // => [ [ 2, 3 ], [ 2, 3 ] ] */
export const broadcastArrays = eager((xs: readonly TensorLike[]): Tensor[] => {
  const values = xs.map((x) => tensorOf('broadcastArrays', x))
  const shape = values.reduce<Shape>(
    (s, x) =>
      broadcastShapes(s, x.shape) ??
      fail('broadcastArrays', `shapes ${values.map((v) => showShape(v.shape)).join(' ')} do not broadcast.`),
    [],
  )
  return values.map((x) => broadcastTo(x, shape))
})

/** Tensors one after the other along an axis. @example concatenate([array([1]), array([2, 3])]) // => f32[3] [1, 2, 3] */
export const concatenate = eager((xs: readonly TensorLike[], axis: number = 0): Tensor => {
  if (!Array.isArray(xs) || xs.length === 0)
    fail('concatenate', `needs an array of at least one tensor, got ${showValue(xs)}.`)
  const values = together('concatenate', xs)
  const first = values[0]!.shape
  if (first.length === 0) fail('concatenate', 'scalars have no axis to join along: use stack.')
  const at = checkAxis('concatenate', axis, first.length)
  for (const { shape } of values)
    if (shape.length !== first.length || shape.some((n, i) => i !== at && n !== first[i]))
      fail(
        'concatenate',
        `shapes ${showShape(first)} and ${showShape(shape)} differ off axis ${at}: only that size may differ.`,
      )
  return values.length === 1 ? values[0]! : emit1({ kind: 'concatenate', axis: at }, ...values)
})

/** Tensors of one shape along a new axis. @example stack([array([1, 2]), array([3, 4])]) // => f32[2,2] [[1, 2], [3, 4]] */
export const stack = eager((xs: readonly TensorLike[], axis: number = 0): Tensor => {
  if (!Array.isArray(xs) || xs.length === 0)
    fail('stack', `needs an array of at least one tensor, got ${showValue(xs)}.`)
  const values = together('stack', xs)
  for (const { shape } of values)
    if (!sameShape(shape, values[0]!.shape))
      fail(
        'stack',
        `shapes ${showShape(values[0]!.shape)} and ${showShape(shape)} differ: broadcastArrays makes them one.`,
      )
  const at = checkAxis('stack', axis, values[0]!.shape.length + 1)
  return concatenate(
    values.map((x) => expandDims(x, at)),
    at,
  )
})

/** Parts along an axis: a count of equal parts, or the positions to cut at.
 *  @example split(arange(6), 3)[1] // => i32[2] [2, 3]
 *  @example split(arange(6), [1, 4]).map((x) => x.shape[0]) // => [ 1, 3, 2 ] */
export const split = eager((x: TensorLike, parts: number | readonly number[], axis: number = 0): Tensor[] => {
  const value = tensorOf('split', x)
  const at = checkAxis('split', axis, value.shape.length)
  const n = value.shape[at]!
  if (typeof parts === 'number' && (!Number.isInteger(parts) || parts < 1 || n % parts !== 0))
    fail('split', `axis ${at} of size ${n} has no ${parts} equal parts: name the positions to cut at.`)
  const cuts = typeof parts === 'number' ? range(parts - 1).map((i) => ((i + 1) * n) / parts) : parts
  const edges = [0, ...cuts, n]
  return edges.slice(1).map((stop, i) => {
    if (!Number.isInteger(stop) || stop < edges[i]! || stop > n)
      fail(
        'split',
        `positions are integers that rise within 0 … ${n}, the size of axis ${at}, got ${showValue(parts)}.`,
      )
    return sliceAxis(value, at, edges[i]!, stop)
  })
})

/** From start to stop along one axis. */
export const sliceAxis = (x: Tensor, axis: number, start: number, stop: number, step = 1): Tensor => {
  const { shape } = x
  if (start === 0 && stop === shape[axis] && step === 1) return x
  return emit1(
    {
      kind: 'slice',
      start: shape.map((_, i) => (i === axis ? start : 0)),
      stop: shape.map((n, i) => (i === axis ? stop : n)),
      step: shape.map((_, i) => (i === axis ? step : 1)),
    },
    x,
  )
}

/** One axis of a slice: a position (which removes the axis), `null` for all, or [start, stop, step] with Python's meaning of negatives and `null`. */
export type Cut = number | null | readonly [start?: number | null, stop?: number | null, step?: number]

/** Basic indexing, x[i, a:b, ::-1] of NumPy, by constants.
 *  @example slice(arange(10), [2, 8, 3]) // => i32[2] [2, 5]
 *  @example slice(reshape(arange(6), [2, 3]), null, -1) // => i32[2] [2, 5]
 *  @example slice(arange(3), [null, null, -1]) // => i32[3] [2, 1, 0] */
export const slice = eager((x: TensorLike, ...cuts: readonly Cut[]): Tensor => {
  const value = tensorOf('slice', x)
  const { shape } = value
  if (cuts.length > shape.length)
    fail('slice', `${cuts.length} cuts of ${showShape(shape)}, which has ${shape.length} axes.`)
  const removed: number[] = []
  const flipped: number[] = []
  const [start, stop, step] = [shape.map(() => 0), [...shape], shape.map(() => 1)]
  cuts.forEach((cut, axis) => {
    const n = shape[axis]!
    if (cut === null) return
    if (typeof cut === 'number') {
      if (!Number.isInteger(cut) || cut < -n || cut >= n)
        fail(
          'slice',
          `position ${cut} is outside axis ${axis} of ${showShape(shape)}: integers from ${-n} to ${n - 1} are inside.`,
        )
      start[axis] = cut < 0 ? cut + n : cut
      stop[axis] = start[axis]! + 1
      removed.push(axis)
      return
    }
    const by = cut[2] ?? 1
    if (!Number.isInteger(by) || by === 0) fail('slice', `a step is a non-zero integer, got ${by} on axis ${axis}.`)
    for (const at of [cut[0], cut[1]])
      if (at !== null && at !== undefined && !Number.isInteger(at))
        fail('slice', `bounds are integers or null, got ${at} on axis ${axis}.`)
    const place = (at: number | null | undefined, otherwise: number, low: number, high: number): number =>
      at === null || at === undefined ? otherwise : Math.max(low, Math.min(high, at < 0 ? at + n : at))
    if (by > 0) {
      start[axis] = place(cut[0], 0, 0, n)
      stop[axis] = Math.max(start[axis]!, place(cut[1], n, 0, n))
      step[axis] = by
      return
    }
    // backwards: the same positions forwards, then turned round
    const first = place(cut[0], n - 1, -1, n - 1)
    const end = place(cut[1], -1, -1, n - 1)
    const count = Math.max(0, Math.ceil((first - end) / -by))
    start[axis] = count === 0 ? 0 : first + (count - 1) * by
    stop[axis] = count === 0 ? 0 : first + 1
    step[axis] = -by
    flipped.push(axis)
  })
  const whole = start.every((s, i) => s === 0 && stop[i] === shape[i] && step[i] === 1)
  const part = whole ? value : emit1({ kind: 'slice', start, stop, step }, value)
  const turned = flipped.length === 0 ? part : flip(part, flipped)
  return removed.length === 0 ? turned : reshape(turned, without(turned.shape, removed))
})

/** The order along axes reversed, along all by default. @example flip(array([1, 2, 3])) // => f32[3] [3, 2, 1] */
export const flip = eager((x: TensorLike, axes?: number | readonly number[]): Tensor => {
  const value = tensorOf('flip', x)
  const places = checkAxes('flip', axes, value.shape.length)
  return places.length === 0 ? value : emit1({ kind: 'flip', axes: places }, value)
})

/** The elements moved along an axis, those that leave come in again. @example roll(array([1, 2, 3]), 1) // => f32[3] [3, 1, 2] */
export const roll = eager((x: TensorLike, by: number, axis: number = 0): Tensor => {
  const value = tensorOf('roll', x)
  const at = checkAxis('roll', axis, value.shape.length)
  if (!Number.isInteger(by)) fail('roll', `moves by an integer, got ${by}.`)
  const n = value.shape[at]!
  const cut = n === 0 ? 0 : (((n - by) % n) + n) % n
  return cut === 0 ? value : concatenate([sliceAxis(value, at, cut, n), sliceAxis(value, at, 0, cut)], at)
})

const modes = ['constant', 'edge', 'reflect', 'wrap']

/** Wider by [before, after] on each axis; negative widths cut. mode: `constant` (with `value`, 0), `edge`, `reflect`, `wrap`.
 *  @example pad(array([1, 2]), [[1, 2]]) // => f32[5] [0, 1, 2, 0, 0]
 *  @example pad(array([1, 2, 3]), [[2, 0]], { mode: 'reflect' }) // => f32[5] [3, 2, 1, 2, 3] */
export const pad = eager(
  (
    x: TensorLike,
    widths: readonly (readonly [number, number])[],
    {
      mode = 'constant',
      value = 0,
    }: { readonly mode?: 'constant' | 'edge' | 'reflect' | 'wrap'; readonly value?: number } = {},
  ): Tensor => {
    const whole = tensorOf('pad', x)
    const rank = whole.shape.length
    const { dtype } = typeOfTensor(whole)
    if (
      !Array.isArray(widths) ||
      widths.length !== rank ||
      widths.some((w) => w.length !== 2 || !w.every(Number.isInteger))
    )
      fail(
        'pad',
        `widths are one [before, after] of integers for each of the ${rank} axes of ${showShape(whole.shape)}, got ${showValue(widths)}.`,
      )
    if (!modes.includes(mode)) fail('pad', `mode is one of ${modes.join(', ')}, got ${showValue(mode)}.`)
    if (mode === 'constant' && !represents(dtype, value))
      fail('pad', `the value ${value} is no ${dtype}: cast the tensor to a dtype that holds it.`)
    widths.forEach(([low, high], axis) => {
      if (Math.max(0, -low) + Math.max(0, -high) > whole.shape[axis]!)
        fail('pad', `[${low}, ${high}] cuts more than the ${whole.shape[axis]} elements of axis ${axis}.`)
    })
    const cut = widths.some(([low, high]) => low < 0 || high < 0)
    const inner = cut
      ? slice(
          whole,
          ...widths.map(([low, high], i) => [Math.max(0, -low), whole.shape[i]! - Math.max(0, -high)] as const),
        )
      : whole
    const grow = widths.map(([low, high]) => [Math.max(0, low), Math.max(0, high)] as const)
    if (grow.every(([low, high]) => low === 0 && high === 0)) return inner
    if (mode === 'constant')
      return emit1(
        { kind: 'pad', low: grow.map((w) => w[0]), high: grow.map((w) => w[1]), interior: grow.map(() => 0), value },
        inner,
      )
    return grow.reduce<Tensor>((y, [low, high], axis) => {
      const n = y.shape[axis]!
      const most = mode === 'reflect' ? n - 1 : mode === 'wrap' ? n : n > 0 ? Infinity : 0
      if (low > most || high > most)
        fail('pad', `${mode} by [${low}, ${high}] of axis ${axis}, which has only ${n} elements.`)
      const edge = (at: number, count: number): Tensor =>
        broadcastTo(
          sliceAxis(y, axis, at, at + 1),
          y.shape.map((m, i) => (i === axis ? count : m)),
        )
      const [before, after] =
        mode === 'edge'
          ? [edge(0, low), edge(n - 1, high)]
          : mode === 'wrap'
            ? [sliceAxis(y, axis, n - low, n), sliceAxis(y, axis, 0, high)]
            : [flip(sliceAxis(y, axis, 1, 1 + low), axis), flip(sliceAxis(y, axis, n - 1 - high, n - 1), axis)]
      return concatenate([...(low > 0 ? [before!] : []), y, ...(high > 0 ? [after!] : [])], axis)
    }, inner)
  },
)

/** The whole repeated so many times on each axis. @example tile(array([1, 2]), [2]) // => f32[4] [1, 2, 1, 2] */
export const tile = eager((x: TensorLike, counts: readonly number[]): Tensor => {
  const value = tensorOf('tile', x)
  if (!Array.isArray(counts)) fail('tile', `counts are one for each axis, got ${showValue(counts)}.`)
  for (const count of counts) checkCount('tile', 'a count', count)
  const rank = Math.max(counts.length, value.shape.length)
  const shape = [...new Array<number>(rank - value.shape.length).fill(1), ...value.shape]
  const times = [...new Array<number>(rank - counts.length).fill(1), ...counts]
  const spread = shape.flatMap((n, i) => [times[i]!, n])
  const grown = emit1({ kind: 'broadcast', shape: spread, axes: range(rank).map((i) => 2 * i) }, reshape(value, shape))
  return reshape(
    grown,
    shape.map((n, i) => n * times[i]!),
  )
})

/** Each element repeated along an axis. @example repeat(array([1, 2]), 2) // => f32[4] [1, 1, 2, 2] */
export const repeat = eager((x: TensorLike, times: number, axis: number = 0): Tensor => {
  const value = tensorOf('repeat', x)
  checkCount('repeat', 'times', times)
  const at = checkAxis('repeat', axis, value.shape.length)
  const shape = [...value.shape]
  shape.splice(at + 1, 0, times)
  return reshape(
    emit1({ kind: 'broadcast', shape, axes: [at + 1] }, value),
    value.shape.map((n, i) => (i === at ? n * times : n)),
  )
})

const band = (name: string, x: TensorLike, k: number, keep: 'lower' | 'upper'): Tensor => {
  const value = tensorOf(name, x)
  if (value.shape.length < 2) fail(name, `needs a matrix, got ${showShape(value.shape)}.`)
  const [n, m] = value.shape.slice(-2) as [number, number]
  if (!Number.isInteger(k)) fail(name, `k is an integer, got ${k}.`)
  const index = (axis: number): Tensor =>
    constant({ kind: 'iota', axis, type: typeOf('i32', [n, m]) }, typeOf('i32', [n, m]))
  const limit = emit1({ kind: 'binary', fn: 'add' }, ...(together(name, [index(0), k]) as [Tensor, Tensor]))
  const inside = emit1({ kind: 'compare', fn: keep === 'lower' ? 'le' : 'ge' }, index(1), limit)
  return emit1({ kind: 'select' }, inside, value, together(name, [value, false])[1]!)
}

/** The lower triangle, up to diagonal k; zero above. @example tril(ones([2, 2])) // => f32[2,2] [[1, 0], [1, 1]] */
export const tril = eager((x: TensorLike, k: number = 0): Tensor => band('tril', x, k, 'lower'))
/** The upper triangle, from diagonal k; zero below. @example triu(ones([2, 2])) // => f32[2,2] [[1, 1], [0, 1]] */
export const triu = eager((x: TensorLike, k: number = 0): Tensor => band('triu', x, k, 'upper'))

/** The diagonal of the last two axes. @example diagonal(array([[1, 2], [3, 4]])) // => f32[2] [1, 4] */
export const diagonal = eager((x: TensorLike): Tensor => {
  const value = tensorOf('diagonal', x)
  if (value.shape.length < 2) fail('diagonal', `needs a matrix, got ${showShape(value.shape)}.`)
  const [n, m] = value.shape.slice(-2) as [number, number]
  const lead = value.shape.slice(0, -2)
  const k = Math.min(n, m)
  // element i stands at i·(m + 1) of the flattened matrix
  const flat = reshape(sliceAxis(value, lead.length, 0, k), [...lead, k * m])
  return k === 0 ? reshape(flat, [...lead, 0]) : sliceAxis(flat, lead.length, 0, (k - 1) * (m + 1) + 1, m + 1)
})

/** A diagonal matrix of the last axis. @example diag(array([1, 2])) // => f32[2,2] [[1, 0], [0, 2]] */
export const diag = eager((x: TensorLike): Tensor => {
  const value = tensorOf('diag', x)
  if (value.shape.length < 1) fail('diag', 'needs at least one axis, got a scalar.')
  const n = value.shape[value.shape.length - 1]!
  const lead = value.shape.slice(0, -1)
  if (n === 0) return reshape(value, [...lead, 0, 0])
  const none = lead.map(() => 0)
  // spread with n zeros between, then cut into rows
  const spread = emit1({ kind: 'pad', low: [...none, 0], high: [...none, n], interior: [...none, n], value: 0 }, value)
  return reshape(sliceAxis(spread, lead.length, 0, n * n), [...lead, n, n])
})
