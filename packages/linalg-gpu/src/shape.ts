/** Shapes and axes: row-major, sizes are non-negative integers, axes may count from the end. */

import { fail, showShape, showValue } from './errors.js'

export type Shape = readonly number[]

export const sizeOf = (shape: Shape): number => {
  let size = 1
  for (let i = 0; i < shape.length; i++) size *= shape[i]!
  return size
}

export const sameShape = (a: Shape, b: Shape): boolean => {
  if (a === b) return true
  if (a.length !== b.length) return false
  for (let i = 0; i < a.length; i++) if (a[i] !== b[i]) return false
  return true
}

/** Row-major strides, in elements. */
export const stridesOf = (shape: Shape): number[] => {
  const strides = new Array<number>(shape.length)
  let step = 1
  for (let i = shape.length - 1; i >= 0; i--) {
    strides[i] = step
    step *= shape[i]!
  }
  return strides
}

/** 2^53 elements is the last size whose index arithmetic is exact; far below it the allocator refuses anyway. */
export const checkShape = (name: string, shape: Shape): Shape => {
  if (!Array.isArray(shape)) fail(name, `a shape is an array of sizes, got ${showValue(shape)}.`)
  for (const size of shape)
    if (!Number.isInteger(size) || size < 0) fail(name, `sizes are non-negative integers, got ${showShape(shape)}.`)
  if (sizeOf(shape) > Number.MAX_SAFE_INTEGER)
    fail(name, `shape ${showShape(shape)} has ${sizeOf(shape)} elements, more than can be indexed.`)
  return shape
}

/** A non-negative integer, such as a number of parts. */
export const checkCount = (name: string, what: string, count: number): number =>
  Number.isInteger(count) && count >= 0
    ? count
    : fail(name, `${what} is a non-negative integer, got ${showValue(count)}.`)

/** An axis in 0 … rank − 1 from one that may be negative. */
export const checkAxis = (name: string, axis: number, rank: number): number => {
  if (!Number.isInteger(axis) || axis < -rank || axis >= rank)
    fail(
      name,
      rank === 0
        ? `axis ${axis} of a scalar: it has no axes.`
        : `axis ${axis} is out of range for rank ${rank}: use ${-rank} … ${rank - 1}.`,
    )
  return axis < 0 ? axis + rank : axis
}

/** Ascending distinct axes; undefined means all. */
export const checkAxes = (name: string, axes: number | readonly number[] | undefined, rank: number): number[] => {
  if (axes === undefined) return Array.from({ length: rank }, (_, i) => i)
  const list = (typeof axes === 'number' ? [axes] : [...axes]).map((axis) => checkAxis(name, axis, rank))
  list.sort((a, b) => a - b)
  for (let i = 1; i < list.length; i++)
    if (list[i] === list[i - 1]) fail(name, `axis ${list[i]} is named twice in ${showValue(axes)}.`)
  return list
}

/** NumPy broadcasting: align at the right, sizes agree or are 1. Undefined where they do not. */
export const broadcastShapes = (a: Shape, b: Shape): Shape | undefined => {
  if (sameShape(a, b)) return a
  const rank = Math.max(a.length, b.length)
  const out = new Array<number>(rank)
  for (let i = 1; i <= rank; i++) {
    const m = a[a.length - i] ?? 1
    const n = b[b.length - i] ?? 1
    if (m !== n && m !== 1 && n !== 1) return undefined
    out[rank - i] = m === 1 ? n : m
  }
  return sameShape(out, a) ? a : sameShape(out, b) ? b : out
}

export const without = <T>(list: readonly T[], positions: readonly number[]): T[] =>
  list.filter((_, i) => !positions.includes(i))
export const range = (n: number): number[] => Array.from({ length: n }, (_, i) => i)
