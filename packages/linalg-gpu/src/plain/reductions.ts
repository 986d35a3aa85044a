/** Reductions along axes. Sums are accumulated in f64 and rounded once; integer sums wrap at every step. */

import { isFloat } from '../dtype.js'
import type { OpOf, ReduceFn } from '../program/op.js'
import type { Type } from '../program/type.js'
import { stridesOf } from '../shape.js'
import { type Dense, empty, walk } from './dense.js'

const start: { readonly [F in ReduceFn]: number } = { sum: 0, max: -Infinity, min: Infinity, and: 1, or: 0 }
const step: { readonly [F in ReduceFn]: (a: number, x: number) => number } = {
  sum: (a, x) => a + x,
  max: Math.max,
  min: Math.min,
  and: (a, x) => a & x,
  or: (a, x) => a | x,
}

/** Sums of integers stay integers of 32 bits at every step, so that they wrap and never lose low bits. */
const stepFor = (fn: ReduceFn, type: Type): ((a: number, x: number) => number) =>
  fn !== 'sum' || isFloat(type.dtype)
    ? step[fn]
    : type.dtype === 'u32'
      ? (a, x) => (a + x) >>> 0
      : (a, x) => (a + x) | 0

export const reduce = (op: OpOf<'reduce'>, [x]: readonly Dense[], [type]: readonly Type[]): readonly Dense[] => {
  const from = x!.data
  const shape = x!.type.shape
  const strides = stridesOf(shape)
  const kept = shape.map((_, i) => i).filter((i) => !op.axes.includes(i))
  const out = empty(type!)
  const fn = stepFor(op.fn, type!)
  const inner = op.axes.map((i) => shape[i]!)
  const innerStrides = op.axes.map((i) => strides[i]!)
  walk(
    kept.map((i) => shape[i]!),
    kept.map((i) => strides[i]!),
    0,
    (position, at) => {
      let total = start[op.fn]
      walk(inner, innerStrides, at, (_, i) => {
        total = fn(total, from[i]!)
      })
      out.data[position] = total
    },
  )
  return [out]
}

/** [before, along, after]: an array seen as three axes, the middle one being `axis`. */
const around = (type: Type, axis: number): [number, number, number] => {
  const n = type.shape[axis]!
  const after = stridesOf(type.shape)[axis]!
  return [n === 0 || after === 0 ? 0 : type.size / (n * after), n, after]
}

export const argReduce = (op: OpOf<'argReduce'>, [x]: readonly Dense[], [type]: readonly Type[]): readonly Dense[] => {
  const [before, n, after] = around(x!.type, op.axis)
  const out = empty(type!)
  const sign = op.fn === 'max' ? 1 : -1
  for (let b = 0; b < before; b++)
    for (let a = 0; a < after; a++) {
      let best = 0
      let value = sign * x!.data[b * n * after + a]!
      for (let i = 1; i < n && value === value; i++) {
        const v = sign * x!.data[(b * n + i) * after + a]!
        if (v > value || v !== v) [best, value] = [i, v]
      }
      out.data[b * after + a] = best
    }
  return [out]
}

export const cumsum = (op: OpOf<'cumsum'>, [x]: readonly Dense[], [type]: readonly Type[]): readonly Dense[] => {
  const [before, n, after] = around(x!.type, op.axis)
  const out = empty(type!)
  const fn = stepFor('sum', type!)
  for (let b = 0; b < before; b++)
    for (let a = 0; a < after; a++) {
      let total = 0
      for (let i = 0; i < n; i++) {
        const at = (b * n + (op.reverse ? n - 1 - i : i)) * after + a
        total = fn(total, x!.data[at]!)
        out.data[at] = total
      }
    }
  return [out]
}

export const argsort = (op: OpOf<'argsort'>, [x]: readonly Dense[], [type]: readonly Type[]): readonly Dense[] => {
  const [before, n, after] = around(x!.type, op.axis)
  const out = empty(type!)
  const sign = op.descending ? -1 : 1
  for (let b = 0; b < before; b++)
    for (let a = 0; a < after; a++) {
      const value = (i: number): number => x!.data[(b * n + i) * after + a]!
      const order = Array.from({ length: n }, (_, i) => i)
      // Array.prototype.sort is stable; NaN stands last in either direction, as in NumPy
      order.sort((i, j) => {
        const [p, q] = [value(i), value(j)]
        return p !== p ? (q !== q ? 0 : 1) : q !== q ? -1 : sign * (p < q ? -1 : p > q ? 1 : 0)
      })
      order.forEach((i, k) => {
        out.data[(b * n + k) * after + a] = i
      })
    }
  return [out]
}
