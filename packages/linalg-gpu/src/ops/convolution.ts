/** Convolution (cross-correlation, as in deep learning) and pooling over any number of spatial axes.
 *  Layouts: inputs [batch, channels, …spatial], filters [filters, channels / groups, …window]. */

import { arithmetic, isFloat } from '../dtype.js'
import { fail, showShape, showType, showValue } from '../errors.js'
import { range, type Shape, sizeOf } from '../shape.js'
import { eager } from '../trace/eager.js'
import { emit1 } from '../trace/emit.js'
import { type Tensor, type TensorLike, typeOfTensor } from '../trace/tensor.js'
import { constant } from '../trace/trace.js'
import { div } from './arithmetic.js'
import { castTo, inFloat, tensorOf, together } from './operands.js'
import { reshape } from './shape.js'

export type Padding = 'valid' | 'same' | number | readonly (number | readonly [number, number])[]

const perAxis = (
  name: string,
  what: string,
  value: number | readonly number[] | undefined,
  otherwise: number,
  rank: number,
): readonly number[] => {
  const list = value === undefined || typeof value === 'number' ? range(rank).map(() => value ?? otherwise) : value
  if (list.length !== rank || list.some((n) => !Number.isInteger(n) || n < 1))
    fail(name, `${what} is one positive integer or ${rank} of them, got ${showValue(value)}.`)
  return list
}

/** [before, after] of each axis. `same` keeps ⌈n / stride⌉ outputs, the odd element after, as in TensorFlow and JAX. */
const paddingOf = (
  name: string,
  padding: Padding,
  size: Shape,
  window: Shape,
  strides: Shape,
  dilation: Shape,
): (readonly [number, number])[] =>
  size.map((n, i) => {
    if (padding === 'valid') return [0, 0]
    if (padding === 'same') {
      const total = Math.max(
        0,
        (Math.ceil(n / strides[i]!) - 1) * strides[i]! + (window[i]! - 1) * dilation[i]! + 1 - n,
      )
      return [Math.floor(total / 2), total - Math.floor(total / 2)]
    }
    const own =
      typeof padding === 'number'
        ? padding
        : Array.isArray(padding) && padding.length === size.length
          ? padding[i]!
          : fail(
              name,
              `padding is 'valid', 'same', a number, or one number or [before, after] for each of ${size.length} axes, got ${showValue(padding)}.`,
            )
    const [low, high] = (typeof own === 'number' ? [own, own] : own) as readonly [number, number]
    if (!Number.isInteger(low) || !Number.isInteger(high) || low < 0 || high < 0)
      fail(name, `padding is made of non-negative integers, got ${showValue(padding)}.`)
    return [low, high]
  })

const outputs = (
  size: Shape,
  window: Shape,
  strides: Shape,
  dilation: Shape,
  padding: readonly (readonly [number, number])[],
): number[] =>
  size.map((n, i) =>
    Math.max(
      0,
      Math.floor((n + padding[i]![0] + padding[i]![1] - (window[i]! - 1) * dilation[i]! - 1) / strides[i]!) + 1,
    ),
  )

export interface ConvOptions {
  readonly strides?: number | readonly number[]
  readonly padding?: Padding
  readonly dilation?: number | readonly number[]
  readonly groups?: number
}

const operands = (name: string, x: TensorLike, filters: TensorLike): [Tensor, Tensor] => {
  const [a, b] = together(name, [x, filters]) as [Tensor, Tensor]
  if (a.shape.length !== b.shape.length || a.shape.length < 3)
    fail(
      name,
      `input [batch, channels, …] and filters [filters, channels, …] of one rank ≥ 3 expected, got ${showShape(a.shape)} and ${showShape(b.shape)}.`,
    )
  const dtype = arithmetic(typeOfTensor(a).dtype)
  return [castTo(a, dtype), castTo(b, dtype)]
}

const checkGroups = (name: string, groups: number): void => {
  if (!Number.isInteger(groups) || groups < 1) fail(name, `groups is a positive integer, got ${showValue(groups)}.`)
}

/** y[n, f, o] = Σ x[n, i, stride·o + dilation·k − padding] w[f, i, k]; filters of group g see the channels of group g.
 *  Shapes   [n, c, …s], [f, c / groups, …k] → [n, f, …o]
 *  @example conv(reshape(arange(5), [1, 1, 5]), ones([1, 1, 2])) // => f32[1,1,4] [[[1, 3, 5, 7]]] */
export const conv = eager(
  (
    x: TensorLike,
    filters: TensorLike,
    { strides, padding = 'valid', dilation, groups = 1 }: ConvOptions = {},
  ): Tensor => {
    const [a, b] = operands('conv', x, filters)
    const [size, window] = [a.shape.slice(2), b.shape.slice(2)]
    const stride = perAxis('conv', 'strides', strides, 1, size.length)
    const spread = perAxis('conv', 'dilation', dilation, 1, size.length)
    checkGroups('conv', groups)
    if (a.shape[1] !== b.shape[1]! * groups)
      fail(
        'conv',
        `input has ${a.shape[1]} channels, filters ${showShape(b.shape)} take ${b.shape[1]} in each of ${groups} groups.`,
      )
    if (b.shape[0]! % groups !== 0) fail('conv', `${b.shape[0]} filters do not divide into ${groups} groups.`)
    const border = paddingOf('conv', padding, size, window, stride, spread)
    return emit1(
      {
        kind: 'conv',
        direction: 'forward',
        strides: stride,
        padding: border,
        dilation: spread,
        groups,
        size: outputs(size, window, stride, spread, border),
      },
      a,
      b,
    )
  },
)

/** The transpose of `conv` in its input: what a layer that undoes its strides needs.
 *  y with conv(y, w) of x's shape: size = (n − 1)·stride + dilation·(k − 1) + 1 − padding + outputPadding.
 *  Shapes   [n, f, …s], [f, c / groups, …k] → [n, c, …o]: the filters are those of the convolution that it transposes.
 *  @example convTranspose(array([[[1, 2]]]), ones([1, 1, 2]), { strides: 2 }) // => f32[1,1,4] [[[1, 1, 2, 2]]] */
export const convTranspose = eager(
  (
    x: TensorLike,
    filters: TensorLike,
    {
      strides,
      padding = 0,
      dilation,
      groups = 1,
      outputPadding = 0,
    }: ConvOptions & { readonly outputPadding?: number | readonly number[] } = {},
  ): Tensor => {
    const [a, b] = operands('convTranspose', x, filters)
    const [size, window] = [a.shape.slice(2), b.shape.slice(2)]
    const stride = perAxis('convTranspose', 'strides', strides, 1, size.length)
    const spread = perAxis('convTranspose', 'dilation', dilation, 1, size.length)
    if (padding === 'same')
      fail('convTranspose', "padding 'same' does not fix the size of a transposed convolution: give numbers.")
    checkGroups('convTranspose', groups)
    if (a.shape[1] !== b.shape[0])
      fail(
        'convTranspose',
        `input has ${a.shape[1]} channels, there are ${b.shape[0]} filters in ${showShape(b.shape)}.`,
      )
    if (b.shape[0]! % groups !== 0) fail('convTranspose', `${b.shape[0]} filters do not divide into ${groups} groups.`)
    const border = paddingOf('convTranspose', padding, size, window, stride, spread)
    const extra = typeof outputPadding === 'number' ? size.map(() => outputPadding) : outputPadding
    if (extra.length !== size.length || extra.some((n, i) => !Number.isInteger(n) || n < 0 || n >= stride[i]!))
      fail(
        'convTranspose',
        `outputPadding is a non-negative integer smaller than the stride on each of ${size.length} axes, got ${showValue(outputPadding)} with strides ${showShape(stride)}.`,
      )
    const out = size.map(
      (n, i) => (n - 1) * stride[i]! + spread[i]! * (window[i]! - 1) + 1 - border[i]![0] - border[i]![1] + extra[i]!,
    )
    if (out.some((n) => n < 0))
      fail('convTranspose', `padding ${showValue(padding)} leaves nothing of ${showShape(size)}.`)
    return emit1(
      { kind: 'conv', direction: 'input', strides: stride, padding: border, dilation: spread, groups, size: out },
      b,
      a,
    )
  },
)

export interface PoolOptions {
  readonly strides?: number | readonly number[]
  readonly padding?: Padding
  readonly dilation?: number | readonly number[]
}

/** Windows over the last axes, as further axes at the end: […, o…, window…]. */
const windows = (
  name: string,
  x: Tensor,
  window: number | readonly number[],
  { strides, padding = 'valid', dilation }: PoolOptions,
  fill: number,
): {
  readonly view: Tensor
  readonly axes: readonly number[]
  readonly border: readonly (readonly [number, number])[]
} => {
  const rank = typeof window === 'number' ? x.shape.length - 2 : window.length
  if (rank < 1 || rank > x.shape.length)
    fail(
      name,
      `window ${showValue(window)} over the last axes of ${showType(typeOfTensor(x))}: [batch, channels, …spatial] expected.`,
    )
  const shape = perAxis(name, 'window', window, 1, rank)
  const stride = strides === undefined ? shape : perAxis(name, 'strides', strides, 1, rank)
  const spread = perAxis(name, 'dilation', dilation, 1, rank)
  const lead = x.shape.length - rank
  const border = paddingOf(name, padding, x.shape.slice(lead), shape, stride, spread)
  const zeros = x.shape.slice(0, lead).map(() => 0)
  const low = [...zeros, ...border.map((p) => p[0])]
  const high = [...zeros, ...border.map((p) => p[1])]
  const padded = border.every(([a, b]) => a === 0 && b === 0)
    ? x
    : emit1({ kind: 'pad', low, high, interior: low.map(() => 0), value: fill }, x)
  const view = emit1({ kind: 'unfold', window: shape, strides: stride, dilation: spread }, padded)
  return { view, axes: range(rank).map((i) => view.shape.length - rank + i), border }
}

/** The largest of each window; strides are the window by default; padding never wins; NaN does; ties share the slope. u8, i8 and bool count as i32.
 *  @example maxPool(reshape(arange(4), [1, 1, 4]), 2) // => i32[1,1,2] [[[1, 3]]] */
export const maxPool = eager((x: TensorLike, window: number | readonly number[], options: PoolOptions = {}): Tensor => {
  const value = tensorOf('maxPool', x)
  const { dtype } = typeOfTensor(value)
  const least = isFloat(dtype) ? -Infinity : dtype === 'u32' ? 0 : -(2 ** 31)
  const { view, axes } = windows('maxPool', castTo(value, arithmetic(dtype)), window, options, least)
  if (axes.some((axis) => view.shape[axis] === 0) || sizeOf(view.shape) === 0)
    return reshape(view, view.shape.slice(0, axes[0]!))
  return emit1({ kind: 'reduce', fn: 'max', axes }, view)
})

/** The mean of each window. `countPadding` (false) says whether padding counts as zeros.
 *  @example avgPool(reshape(arange(4), [1, 1, 4]), 2) // => f32[1,1,2] [[[0.5, 2.5]]] */
export const avgPool = eager(
  (
    x: TensorLike,
    window: number | readonly number[],
    { countPadding = false, ...options }: PoolOptions & { readonly countPadding?: boolean } = {},
  ): Tensor => {
    return inFloat('avgPool', x, (value) => {
      const { view, axes, border } = windows('avgPool', value, window, options, 0)
      const total = emit1({ kind: 'reduce', fn: 'sum', axes }, view)
      const plain = countPadding || border.every(([a, b]) => a === 0 && b === 0)
      if (plain) return div(total, sizeOf(axes.map((axis) => view.shape[axis]!)))
      // how many elements of each window lie inside: the same windows over ones
      const type = typeOfTensor(value)
      const inside = windows('avgPool', constant({ kind: 'full', value: 1, type }, type), window, options, 0)
      return div(total, emit1({ kind: 'reduce', fn: 'sum', axes }, inside.view))
    })
  },
)
