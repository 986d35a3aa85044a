/** For tests: tensors of f64, elements read by index so that oracles are loops, comparison, and messages. */

import {
  array,
  cast,
  key,
  readSync,
  type Shape,
  type Tensor,
  trace,
  treeLeaves,
  treeMap,
  uniform,
} from '@neumann/linalg-gpu'
import { outputTypes, sizeOf } from '@neumann/linalg-gpu/program'
import * as assert from 'uvu/assert'

/** A tree of weights in f64. */
export const double = <T>(tree: T): T => treeMap((x: Tensor) => cast(x, 'f64'), tree) as T

/** Numbers in [−1, 1), the same for the same seed. */
export const sample = (shape: Shape, seed = 1): Tensor => uniform(key(seed), shape, { low: -1, high: 1, dtype: 'f64' })

/** A tree of the same form with other numbers: oracles see nothing of zeros and ones that weights begin with. */
export const shaken = <T>(tree: T, seed = 7): T => {
  let at = 0
  return treeMap((x: Tensor) => sample(x.shape, seed + at++), tree) as T
}

export const integers = (data: readonly number[], shape: Shape = [data.length]): Tensor =>
  array(new Int32Array(data), { shape })

/** The element at an index; 0 outside. */
export const reader = (x: Tensor): ((...index: readonly number[]) => number) => {
  const elements = readSync(x)
  return (...index) =>
    index.every((i, axis) => i >= 0 && i < x.shape[axis]!)
      ? Number(elements[index.reduce((at, i, axis) => at * x.shape[axis]! + i, 0)])
      : 0
}

/** f of every index of a shape, row by row. */
export const build = (shape: Shape, f: (...index: readonly number[]) => number): number[] =>
  shape
    .reduce<number[][]>((all, n) => all.flatMap((head) => Array.from({ length: n }, (_, i) => [...head, i])), [[]])
    .map((index) => f(...index))

export const total = (n: number, f: (i: number) => number): number => {
  let sum = 0
  for (let i = 0; i < n; i++) sum += f(i)
  return sum
}

/** The elements of all tensors of a tree. */
export const elements = (tree: unknown): number[] =>
  treeLeaves<Tensor>(tree as Tensor).flatMap((x) => Array.from(readSync(x)))

/** Roundings of f64 that a short chain of sums of numbers near 1 may leave. */
export const rounding = 64 * 2 ** -53

/** Within `tolerance` of the largest number expected, at least 1. */
export const near = (got: Tensor, shape: Shape, want: readonly number[], tolerance = rounding, note = ''): void => {
  assert.equal(got.shape, shape, note)
  close(elements(got), want, tolerance, note)
}

export const close = (got: readonly number[], want: readonly number[], tolerance = rounding, note = ''): void => {
  assert.is(got.length, want.length, `${note}: ${got.length} numbers, expected ${want.length}`)
  const scale = want.reduce((most, v) => Math.max(most, Math.abs(v)), 1)
  got.forEach((v, i) => {
    if (!(Math.abs(v - want[i]!) <= tolerance * scale))
      assert.unreachable(`${note}: element ${i} is ${v}, expected ${want[i]}, off by ${Math.abs(v - want[i]!) / scale}`)
  })
}

export const messageOf = (f: () => unknown): string => {
  try {
    f()
  } catch (error) {
    return (error as Error).message
  }
  return 'nothing was thrown'
}

/** How many numbers a model has as weights: from the types of what it would draw. */
export const sizeOfModel = ({ init }: { readonly init: (key: Tensor) => unknown }): number =>
  outputTypes(trace(init)(key(0))).reduce((n, { shape }) => n + sizeOf(shape), 0)
