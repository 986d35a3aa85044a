/** For tests: plain row-major arrays moved by index functions, and comparison with tensors in units of the last place.
 *  Nothing here calls an array function: a tensor is made by `array` and looked at by `readSync`. */

import * as assert from 'uvu/assert'
import { type DType, isFloat, storage } from '../dtype.js'
import { plain } from '../plain/device.js'
import { fromHalf, toHalf } from '../plain/half.js'
import type { Device } from '../run/device.js'
import { defaultDevice } from '../run/onDevice.js'
import { readSync } from '../run/read.js'
import type { Tensor } from '../trace/tensor.js'
import { array } from './creation.js'

export interface Flat {
  readonly shape: readonly number[]
  readonly data: readonly number[]
}

export const product = (sizes: readonly number[]): number => sizes.reduce((a, b) => a * b, 1)

/** All index vectors of a shape, in row-major order. */
export const indices = (shape: readonly number[]): number[][] =>
  shape.reduce<number[][]>((all, n) => all.flatMap((head) => Array.from({ length: n }, (_, i) => [...head, i])), [[]])

export const position = (shape: readonly number[], index: readonly number[]): number =>
  index.reduce((at, i, axis) => at * shape[axis]! + i, 0)

export const at = (x: Flat, index: readonly number[]): number => x.data[position(x.shape, index)]!

export const make = (shape: readonly number[], f: (index: readonly number[]) => number): Flat => ({
  shape,
  data: indices(shape).map(f),
})

/** The element of `x` at an index of a shape to which it broadcasts. */
export const spread = (x: Flat, index: readonly number[]): number =>
  at(
    x,
    x.shape.map((n, i) => (n === 1 ? 0 : index[index.length - x.shape.length + i]!)),
  )

/** The shape in which shapes meet, right aligned. */
export const meet = (...shapes: readonly (readonly number[])[]): number[] => {
  const rank = Math.max(...shapes.map((s) => s.length))
  return Array.from({ length: rank }, (_, axis) => {
    const sizes = shapes.map((s) => s[axis - rank + s.length] ?? 1)
    return sizes.find((n) => n !== 1) ?? 1
  })
}

/** Multiples of 1/8 in [−4, 4], the same for the same seed: exact in every float dtype, and few enough to tie. */
export const sample = (shape: readonly number[], seed = 1): Flat => {
  let state = seed * 2654435761
  return make(shape, () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0
    return ((state >>> 16) % 65) / 8 - 4
  })
}

/** Whole numbers in [low, high]. */
export const integers = (shape: readonly number[], low: number, high: number, seed = 1): Flat => {
  let state = seed * 2246822519
  return make(shape, () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0
    return low + ((state >>> 12) % (high - low + 1))
  })
}

export const put = (x: Flat, dtype: DType = 'f64', device?: Device): Tensor =>
  array(
    dtype === 'f16' ? Uint16Array.from(x.data, toHalf) : Float64Array.from(x.data),
    device ? { shape: x.shape, dtype, device } : { shape: x.shape, dtype },
  )

/** The number that a dtype makes of another: the nearest float, the integer modulo its range. */
export const rounded = (dtype: DType, value: number): number => {
  if (dtype === 'f16') return fromHalf(toHalf(value))
  const cell = storage(dtype, 1)
  cell[0] = value
  return cell[0]!
}

const digits: Partial<Record<DType, readonly [number, number]>> = { f64: [52, -1074], f32: [23, -149], f16: [10, -24] }

/** One unit in the last place of the dtype at `value`. */
export const ulp = (dtype: DType, value: number): number => {
  const [fraction, least] = digits[dtype]!
  return value === 0 ? 2 ** least : 2 ** Math.max(least, Math.floor(Math.log2(Math.abs(value))) - fraction)
}

/** How far one function of calculus in f32 may be from the true value on the device of the tests, in units in the last place: plain
 *  computes in f64 and rounds once; the forms of other devices, in f32 throughout, promise 2 (`wasm/math`). */
export const ulpsOfF32 = (): number => (defaultDevice() === plain ? 0.51 : 2)

/** Asserts type and elements. `ulps` = 0: bit by bit after rounding, so −0 is not 0. Else that many units in the last place;
 *  `scale` gives the size of what was summed, where the result may be small by cancellation. */
export const same = (
  got: Tensor,
  dtype: DType,
  want: Flat,
  { ulps = 0, scale = 0, note = '' }: { readonly ulps?: number; readonly scale?: number; readonly note?: string } = {},
): void => {
  assert.equal(`${got.dtype}[${got.shape}]`, `${dtype}[${want.shape}]`, note)
  const data = readSync(got)
  want.data.forEach((value, i) => {
    const own = data[i]!
    const exact = ulps === 0 || !isFloat(dtype) || !Number.isFinite(value)
    const near = exact
      ? Object.is(own, rounded(dtype, value))
      : Math.abs(own - value) <= ulps * ulp(dtype, Math.max(Math.abs(value), scale))
    if (!near) assert.unreachable(`${note} element ${i}: got ${show(own)}, expected ${show(value)} in ${dtype}`)
  })
}

const show = (x: number): string => (Object.is(x, -0) ? '-0' : String(x))

/** Numbers written as words, for tables from elsewhere: `nan inf -inf -0 0.5`. */
export const words = (text: string): number[] =>
  text
    .trim()
    .split(/\s+/)
    .map((word) => Number(word.replace(/^nan$/, 'NaN').replace('inf', 'Infinity')))

export const flat = (shape: readonly number[], data: readonly number[]): Flat => ({ shape, data })

/** Asserts that `f` throws exactly this message. */
export const throws = (f: () => unknown, message: string): void => {
  let said = 'nothing was thrown'
  try {
    f()
  } catch (error) {
    said = (error as Error).message
  }
  assert.is(said, message)
}

export const floats = ['f64', 'f32', 'f16'] as const
