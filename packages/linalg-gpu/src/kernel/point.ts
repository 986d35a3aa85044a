/** What one node of a kernel is, and what one access means, at one point of the dimensions. */

import type { DType, TypedArray } from '../dtype.js'
import { fail } from '../errors.js'
import { binaryOf, castOf, compareFns, reinterpret, testFns, unaryOf } from '../plain/elementwise.js'
import { fromHalf, toHalf } from '../plain/half.js'
import { polygamma } from '../plain/special.js'
import { threefry2x32 } from '../plain/threefry.js'
import type { Access, Bound, Kernel, Loop, Node } from './kernel.js'

/** The value of a dtype that stands for an f64. f16 is computed in f32 and narrowed from there, but for casts and moves. */
const rounding: { readonly [D in DType]: (x: number) => number } = {
  f32: Math.fround,
  f64: (x) => x,
  f16: (x) => fromHalf(toHalf(x)),
  i32: (x) => x | 0,
  u32: (x) => x >>> 0,
  u8: (x) => x & 255,
  i8: (x) => (x << 24) >> 24,
  bool: (x) => x & 1,
}
export const rounded = (dtype: DType, x: number): number => rounding[dtype](dtype === 'f16' ? Math.fround(x) : x)

const affine = (offset: number, strides: readonly number[], at: readonly number[]): number => {
  let sum = offset
  for (let d = 0; d < strides.length; d++) sum += strides[d]! * at[d]!
  return sum
}

const holds = (bounds: readonly Bound[], at: readonly number[]): boolean =>
  bounds.every(({ offset, coefficients, size }) => {
    const i = affine(offset, coefficients, at)
    return i >= 0 && i < size
  })

/** The element that an access means at a point, or −1 out of bounds. */
export const place = (
  kernel: Kernel,
  operands: readonly TypedArray[],
  operand: number,
  { offset, strides, bounds, dynamic }: Access,
): ((at: readonly number[]) => number) => {
  const moved =
    dynamic === undefined
      ? offset
      : dynamic.strides.reduce(
          (sum, stride, j) => sum + stride * Math.max(0, Math.min(operands[dynamic.starts]![j]!, dynamic.limits[j]!)),
          offset,
        )
  const size = operands[operand]!.length
  return (at) => {
    if (!holds(bounds, at)) return -1
    const i = affine(moved, strides, at)
    return i >= 0 && i < size
      ? i
      : fail(kernel.name, `element ${i} of operand ${operand}, which has ${size}, at [${at}].`)
  }
}

/** The nodes that these need, in order. */
export const needed = (nodes: readonly Node[], roots: readonly { readonly node: number }[]): number[] => {
  const used = new Set(roots.map(({ node }) => node))
  for (let i = nodes.length - 1; i >= 0; i--) {
    const node = nodes[i]!
    if (used.has(i) && node.kind === 'apply') for (const input of node.inputs) used.add(input)
  }
  return [...used].sort((a, b) => a - b)
}

/** The function that computes node `i` at the point `at` from the nodes before it and the reductions so far. */
export const valueOf = (
  kernel: Loop,
  i: number,
  operands: readonly TypedArray[],
  at: readonly number[],
  values: readonly number[],
  totals: readonly number[],
): (() => number) => {
  const node = kernel.nodes[i]!
  const { dtype } = node
  const round = rounding[dtype]
  switch (node.kind) {
    case 'load': {
      const where = place(kernel, operands, node.operand, node.access)
      const from = operands[node.operand]!
      const fill = round(node.fill)
      return () => {
        const i = where(at)
        return i < 0 ? fill : dtype === 'f16' ? fromHalf(from[i]!) : from[i]!
      }
    }
    case 'constant': {
      const value = round(node.value)
      return () => value
    }
    case 'index':
      return () => round(affine(node.offset, node.strides, at))
    case 'inside':
      return () => Number(holds(node.bounds, at))
    case 'reduced':
      return () => totals[node.reduction]!
    case 'apply': {
      const [a, b, c, d] = node.inputs as [number, number, number, number]
      const from = kernel.nodes[a]!.dtype
      const { scalar } = node
      switch (scalar.kind) {
        case 'cast': {
          // rounded straight: by way of an f32 an f64 just off a tie of f16 would be rounded twice
          const cast = castOf(from, dtype)
          return () => round(cast(values[a]!))
        }
        case 'bitcast': {
          if (dtype === 'f16') return () => values[a]!
          const buffer = new ArrayBuffer(8)
          const [read, write] = [new reinterpret[dtype](buffer, 0, 1), new reinterpret[from](buffer, 0, 1)]
          return () => {
            write[0] = values[a]!
            return read[0]!
          }
        }
        case 'unary': {
          const fn = unaryOf(scalar.fn, dtype)
          return () => rounded(dtype, fn(values[a]!))
        }
        case 'test': {
          const fn = testFns[scalar.fn]
          return () => Number(fn(values[a]!))
        }
        case 'polygamma':
          return () => rounded(dtype, polygamma(scalar.n, values[a]!))
        case 'binary': {
          const fn = binaryOf(scalar.fn, dtype)
          return () => rounded(dtype, fn(values[a]!, values[b]!))
        }
        case 'compare': {
          const fn = compareFns[scalar.fn]
          return () => Number(fn(values[a]!, values[b]!))
        }
        case 'select':
          return () => values[values[a]! !== 0 ? b : c]!
        case 'threefry':
          return () => threefry2x32(values[a]!, values[b]!, values[c]!, values[d]!)[scalar.word]
      }
    }
  }
}
