/** Reductions along `axis` (one, several, or all by default); `keepDims` leaves axes of size 1. */

import { fail, showShape } from '../errors.js'
import type { ReduceFn } from '../program/op.js'
import { checkAxes, checkAxis, type Shape, sizeOf } from '../shape.js'
import { eager } from '../trace/eager.js'
import { emit1 } from '../trace/emit.js'
import { type Tensor, type TensorLike, typeOfTensor } from '../trace/tensor.js'
import { abs, add, div, mul, square, sub } from './arithmetic.js'
import { associativeScanOf } from './associative.js'
import { equal, isFinite, where } from './comparison.js'
import { asNumber, castTo, inFloat, scalarOf, tensorOf } from './operands.js'
import { binaryOp } from './primitives.js'
import { flatten, pad, reshape, sliceAxis } from './shape.js'
import { exp, log, sqrt } from './transcendental.js'

export interface Along {
  readonly axis?: number | readonly number[] | undefined
  readonly keepDims?: boolean
}

const kept = (x: Tensor, axes: readonly number[], reduced: Tensor, keepDims: boolean | undefined): Tensor =>
  keepDims
    ? reshape(
        reduced,
        x.shape.map((n, i) => (axes.includes(i) ? 1 : n)),
      )
    : reduced

const reduced = (name: string, fn: ReduceFn, x: Tensor, { axis, keepDims }: Along): Tensor => {
  const axes = checkAxes(name, axis, x.shape.length)
  if ((fn === 'max' || fn === 'min') && axes.some((a) => x.shape[a] === 0))
    fail(name, `over an empty axis of ${showShape(x.shape)} has no value: check the shape first.`)
  return axes.length === 0 ? x : kept(x, axes, emit1({ kind: 'reduce', fn, axes }, x), keepDims)
}

/** How many elements each result is made of. */
const count = (shape: Shape, axis: Along['axis'], name: string): number =>
  sizeOf(checkAxes(name, axis, shape.length).map((a) => shape[a]!))

/** Σ x; bool, u8 and i8 are summed as i32. @example sum(array([[1, 2], [3, 4]]), { axis: 0 }) // => f32[2] [4, 6] */
export const sum = eager((x: TensorLike, along: Along = {}): Tensor => reduced('sum', 'sum', asNumber('sum', x), along))
/** The largest; NaN wins; ties share the slope. @example max(array([[1, 5], [3, 4]]), { axis: 1 }) // => f32[2] [5, 4] */
export const max = eager((x: TensorLike, along: Along = {}): Tensor => reduced('max', 'max', tensorOf('max', x), along))
/** The smallest; NaN wins; ties share the slope. @example min(array([3, 1, 2])) // => f32[] 1 */
export const min = eager((x: TensorLike, along: Along = {}): Tensor => reduced('min', 'min', tensorOf('min', x), along))
/** Whether all are non-zero; true for none. @example all(array([1, 0])) // => bool[] false */
export const all = eager(
  (x: TensorLike, along: Along = {}): Tensor => reduced('all', 'and', castTo(tensorOf('all', x), 'bool'), along),
)
/** Whether one is non-zero; false for none. @example any(array([1, 0])) // => bool[] true */
export const any = eager(
  (x: TensorLike, along: Along = {}): Tensor => reduced('any', 'or', castTo(tensorOf('any', x), 'bool'), along),
)

/** Σ x / n, NaN for n = 0. @example mean(array([1, 2, 6])) // => f32[] 3 */
export const mean = eager(
  (x: TensorLike, along: Along = {}): Tensor =>
    inFloat('mean', x, (value) => div(reduced('mean', 'sum', value, along), count(value.shape, along.axis, 'mean'))),
)

/** Π x, by halves, so that its derivatives are right at zeros too. @example prod(array([2, 3, 4])) // => f32[] 24 */
export const prod = eager((x: TensorLike, { axis, keepDims }: Along = {}): Tensor => {
  const value = asNumber('prod', x)
  const axes = checkAxes('prod', axis, value.shape.length)
  const result = [...axes].reverse().reduce((y, a) => prodAlong(y, a), value)
  return kept(value, axes, result, keepDims)
})

const prodAlong = (x: Tensor, axis: number): Tensor => {
  const n = x.shape[axis]!
  if (n === 0) return sumOfNone(x, axis)
  if (n === 1)
    return reshape(
      x,
      x.shape.filter((_, i) => i !== axis),
    )
  const half = Math.floor(n / 2)
  const pairs = mul(sliceAxis(x, axis, 0, half), sliceAxis(x, axis, half, 2 * half))
  const rest = n % 2 === 1 ? mulFirst(pairs, sliceAxis(x, axis, n - 1, n), axis) : pairs
  return prodAlong(rest, axis)
}

/** The last element of an odd axis goes into the first pair. */
const mulFirst = (pairs: Tensor, last: Tensor, axis: number): Tensor => {
  const widths = pairs.shape.map((n, i) => [0, i === axis ? n - 1 : 0] as const)
  return mul(pairs, pad(last, widths, { value: 1 }))
}

const sumOfNone = (x: Tensor, axis: number): Tensor => add(emit1({ kind: 'reduce', fn: 'sum', axes: [axis] }, x), 1)

/** The position of the largest along an axis (of the flattened tensor by default); the first of equals, NaN wins. i32.
 *  @example argmax(array([[1, 5], [7, 4]]), { axis: 1 }) // => i32[2] [1, 0] */
export const argmax = eager(
  (x: TensorLike, along: { readonly axis?: number } = {}): Tensor => position('argmax', 'max', x, along),
)
/** The position of the smallest. @example argmin(array([3, 1, 2])) // => i32[] 1 */
export const argmin = eager(
  (x: TensorLike, along: { readonly axis?: number } = {}): Tensor => position('argmin', 'min', x, along),
)

const position = (name: string, fn: 'max' | 'min', x: TensorLike, { axis }: { readonly axis?: number }): Tensor => {
  const whole = tensorOf(name, x)
  const value = axis === undefined ? flatten(whole) : whole
  const at = checkAxis(name, axis ?? 0, value.shape.length)
  if (value.shape[at] === 0)
    fail(name, `over an empty axis of ${showShape(value.shape)} has no value: check the shape first.`)
  return emit1({ kind: 'argReduce', fn, axis: at }, value)
}

/** A constant to derivatives: shifts that cancel in exact arithmetic. */
const held = (x: Tensor): Tensor => emit1({ kind: 'mark', role: 'constant', name: '' }, x)

/** The largest element as a shift that is finite: 0 stands for an infinity. */
export const finiteMax = (x: Tensor, along: Along): Tensor => {
  const top = held(reduced('max', 'max', x, along))
  return where(isFinite(top), top, 0)
}

/** ln Σ eˣ, without overflow; −∞ for none. @example logsumexp(array([1000, 1000])) // => f32[] 1000.69 */
export const logsumexp = eager(
  (x: TensorLike, along: Along = {}): Tensor => inFloat('logsumexp', x, (value) => logsumexpOf(value, along)),
)

const logsumexpOf = (value: Tensor, { axis, keepDims }: Along): Tensor => {
  const axes = checkAxes('logsumexp', axis, value.shape.length)
  if (axes.some((a) => value.shape[a] === 0)) return log(sum(value, { axis: axes, keepDims: keepDims ?? false }))
  const shift = finiteMax(value, { axis: axes, keepDims: true })
  const total = add(log(sum(exp(sub(value, shift)), { axis: axes, keepDims: true })), shift)
  return keepDims
    ? total
    : reshape(
        total,
        value.shape.filter((_, i) => !axes.includes(i)),
      )
}

/** Σ (x − mean)² / (n − ddof), NaN or Infinity where ddof ≥ n. @example variance(array([1, 2, 3, 4])) // => f32[] 1.25 */
export const variance = eager(
  (x: TensorLike, options: Along & { readonly ddof?: number } = {}): Tensor =>
    inFloat('variance', x, (value) => varianceOf('variance', value, options)),
)

const varianceOf = (
  name: string,
  value: Tensor,
  { axis, keepDims, ddof = 0 }: Along & { readonly ddof?: number },
): Tensor => {
  const n = count(value.shape, axis, name)
  const spread = square(sub(value, mean(value, { axis, keepDims: true })))
  return div(sum(spread, { axis, keepDims: keepDims ?? false }), Math.max(0, n - ddof))
}

/** The root of `var`; its slope is 0 where nothing varies, as that of `norm`. @example std(array([1, 3])) // => f32[] 1 */
export const std = eager(
  (x: TensorLike, options: Along & { readonly ddof?: number } = {}): Tensor =>
    inFloat('std', x, (value) => {
      const squared = varianceOf('std', value, options)
      const none = equal(squared, 0)
      return where(none, 0, sqrt(where(none, 1, squared)))
    }),
)

/** The vector norm (Σ |x|ᵖ)^(1/p) of all elements, or along axes; ord 1, 2 (default), Infinity, or any p > 0.
 *  Scaled, so that it neither overflows nor underflows; its slope at 0 is 0. @example norm(array([3, 4])) // => f32[] 5 */
export const norm = eager(
  (x: TensorLike, { axis, keepDims, ord = 2 }: Along & { readonly ord?: number } = {}): Tensor => {
    if (!(ord > 0)) fail('norm', `ord is a positive number or Infinity, got ${ord}.`)
    return inFloat('norm', x, (value) => normOf(abs(value), ord, axis, keepDims ?? false))
  },
)

const normOf = (value: Tensor, ord: number, axis: Along['axis'], keepDims: boolean): Tensor => {
  const axes = checkAxes('norm', axis, value.shape.length)
  const along = { axis: axes, keepDims }
  if (axes.some((a) => value.shape[a] === 0)) return sum(value, along)
  if (ord === 1) return sum(value, along)
  if (ord === Infinity) return max(value, along)
  const top = held(reduced('max', 'max', value, { axis: axes, keepDims: true }))
  // an infinite or zero largest element is no scale: 1 leaves the plain formula
  const scale = where(isPositiveFinite(top), top, 1)
  const ratio = div(value, scale)
  const total = sum(ord === 2 ? square(ratio) : binaryOp('pow', ratio, ord), { axis: axes, keepDims: true })
  const empty = emit1({ kind: 'compare', fn: 'eq' }, total, scalarOf('norm', 0, typeOfTensor(total).dtype))
  const safe = where(empty, 1, total)
  const root = where(empty, 0, mul(ord === 2 ? sqrt(safe) : binaryOp('pow', safe, 1 / ord), scale))
  return along.keepDims
    ? root
    : reshape(
        root,
        value.shape.filter((_, i) => !axes.includes(i)),
      )
}

const isPositiveFinite = (x: Tensor): Tensor => {
  const positive = emit1({ kind: 'compare', fn: 'gt' }, x, scalarOf('norm', 0, typeOfTensor(x).dtype))
  return emit1({ kind: 'binary', fn: 'and' }, positive, isFinite(x))
}

/** Running sums along an axis (of the flattened tensor by default). @example cumsum(array([1, 2, 3])) // => f32[3] [1, 3, 6] */
export const cumsum = eager(
  (x: TensorLike, { axis, reverse = false }: { readonly axis?: number; readonly reverse?: boolean } = {}): Tensor => {
    const whole = asNumber('cumsum', x)
    const value = axis === undefined ? flatten(whole) : whole
    return emit1({ kind: 'cumsum', axis: checkAxis('cumsum', axis ?? 0, value.shape.length), reverse }, value)
  },
)

/** Running products along an axis; derivatives are right at zeros too. @example cumprod(array([1, 2, 3])) // => f32[3] [1, 2, 6] */
export const cumprod = eager(
  (x: TensorLike, { axis, reverse = false }: { readonly axis?: number; readonly reverse?: boolean } = {}): Tensor =>
    running('cumprod', x, axis, reverse, mul),
)
/** Running maxima; NaN wins. @example cummax(array([1, 3, 2])) // => f32[3] [1, 3, 3] */
export const cummax = eager(
  (x: TensorLike, { axis, reverse = false }: { readonly axis?: number; readonly reverse?: boolean } = {}): Tensor =>
    running('cummax', x, axis, reverse, (a, b) => binaryOp('max', a, b)),
)
/** Running minima; NaN wins. @example cummin(array([3, 1, 2])) // => f32[3] [3, 1, 1] */
export const cummin = eager(
  (x: TensorLike, { axis, reverse = false }: { readonly axis?: number; readonly reverse?: boolean } = {}): Tensor =>
    running('cummin', x, axis, reverse, (a, b) => binaryOp('min', a, b)),
)

const running = (
  name: string,
  x: TensorLike,
  axis: number | undefined,
  reverse: boolean,
  combine: (a: Tensor, b: Tensor) => Tensor,
): Tensor => {
  const whole = asNumber(name, x)
  const value = axis === undefined ? flatten(whole) : whole
  const at = checkAxis(name, axis ?? 0, value.shape.length)
  return associativeScanOf(([a], [b]) => [combine(a!, b!)], [value], at, reverse)[0]!
}
