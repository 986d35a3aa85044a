/** Where a value is looked at: one affine function of the kernel's dimensions for each of its axes, and how views change it. */

import type { Op } from '../program/op.js'
import type { Type } from '../program/type.js'
import { type Shape, stridesOf } from '../shape.js'
import type { Bound } from './kernel.js'

/** offset + Σ coefficients[d] · i_d */
export interface Affine {
  readonly offset: number
  readonly coefficients: readonly number[]
}

/** An affine function for each axis of a value. */
export type Index = readonly Affine[]

export const constantAffine = (offset: number, dims: number): Affine => ({
  offset,
  coefficients: new Array<number>(dims).fill(0),
})

/** The point i_d itself, along each axis d. */
export const identity = (dims: number): Index =>
  Array.from({ length: dims }, (_, d) => ({
    offset: 0,
    coefficients: Array.from({ length: dims }, (_, e) => (d === e ? 1 : 0)),
  }))

const scaled = (x: Affine, factor: number, offset: number): Affine => ({
  offset: x.offset * factor + offset,
  coefficients: x.coefficients.map((c) => c * factor),
})

const plus = (x: Affine, y: Affine): Affine => ({
  offset: x.offset + y.offset,
  coefficients: x.coefficients.map((c, d) => c + y.coefficients[d]!),
})

/** Σ_a strides[a] · index[a]: the position in a row-major array. */
export const linear = (index: Index, strides: readonly number[], dims: number): Affine =>
  index.reduce((sum, x, axis) => plus(sum, scaled(x, strides[axis]!, 0)), constantAffine(0, dims))

export const sameAffine = (x: Affine, y: Affine): boolean =>
  x.offset === y.offset && x.coefficients.every((c, d) => c === y.coefficients[d])

/** An operand of an elementwise operation, which broadcasts: aligned at the right, size 1 is repeated. */
export const broadcastIndex = (index: Index, shape: Shape, dims: number): Index => {
  const skipped = index.length - shape.length
  return shape.map((size, axis) => (size === 1 ? constantAffine(0, dims) : index[axis + skipped]!))
}

/** Axes that a reshape merges or splits together: [from, to) of the source with [from, to) of the result. Sizes of 1 join anywhere. */
interface Group {
  readonly source: readonly [number, number]
  readonly result: readonly [number, number]
}

const groupsOf = (source: Shape, result: Shape): Group[] => {
  const groups: Group[] = []
  for (let a = 0, b = 0; a < source.length || b < result.length; ) {
    const [from, to] = [a, b]
    let [m, n] = [1, 1]
    do {
      if (b >= result.length || (a < source.length && m <= n)) m *= source[a++]!
      else n *= result[b++]!
    } while (m !== n)
    groups.push({ source: [from, a], result: [to, b] })
  }
  return groups
}

/** Whether a reshape only splits axes of its source (or adds and drops axes of size 1), so that an index passes through it. */
export const passesReshape = (source: Shape, result: Shape): boolean =>
  !source.includes(0) &&
  groupsOf(source, result).every((group) => source.slice(...group.source).filter((n) => n > 1).length <= 1)

const throughReshape = (index: Index, source: Shape, result: Shape, dims: number): Index | undefined => {
  if (!passesReshape(source, result)) return undefined
  const out = new Array<Affine>(source.length)
  for (const group of groupsOf(source, result)) {
    const strides = stridesOf(result.slice(...group.result))
    const whole = linear(index.slice(...group.result), strides, dims)
    for (let axis = group.source[0]; axis < group.source[1]; axis++)
      out[axis] = source[axis] === 1 ? constantAffine(0, dims) : whole
  }
  return out
}

/** Whether a bound holds at every point of dimensions of these sizes. */
export const alwaysHolds = ({ offset, coefficients, size }: Bound, sizes: Shape): boolean => {
  let [low, high] = [offset, offset]
  coefficients.forEach((c, d) => {
    if (c < 0) low += c * (sizes[d]! - 1)
    else high += c * (sizes[d]! - 1)
  })
  return low >= 0 && high < size
}

/** What an index on the result of a view is on its source. */
export interface Seen {
  readonly index: Index
  /** Outside of these the result is `fill` and the source is not looked at. */
  readonly bounds: readonly Bound[]
  readonly fill: number
}

const inside = (index: Index): Seen => ({ index, bounds: [], fill: 0 })

export const isView = (op: Op): boolean => {
  switch (op.kind) {
    case 'reshape':
    case 'transpose':
    case 'broadcast':
    case 'slice':
    case 'flip':
    case 'unfold':
    case 'mark':
      return true
    case 'pad':
      return op.interior.every((n) => n === 0)
    default:
      return false
  }
}

/** Looks through a view, where the index can pass. */
export const through = (op: Op, source: Type, result: Type, index: Index, dims: number): Seen | undefined => {
  switch (op.kind) {
    case 'mark':
      return inside(index)
    case 'reshape': {
      const seen = throughReshape(index, source.shape, result.shape, dims)
      return seen && inside(seen)
    }
    case 'transpose': {
      const out = new Array<Affine>(index.length)
      op.perm.forEach((axis, i) => {
        out[axis] = index[i]!
      })
      return inside(out)
    }
    case 'broadcast':
      return inside(index.filter((_, axis) => !op.axes.includes(axis)))
    case 'slice':
      return inside(index.map((x, axis) => scaled(x, op.step[axis]!, op.start[axis]!)))
    case 'flip':
      return inside(index.map((x, axis) => (op.axes.includes(axis) ? scaled(x, -1, source.shape[axis]! - 1) : x)))
    case 'unfold': {
      const windows = op.window.length
      const lead = source.shape.length - windows
      return inside([
        ...index.slice(0, lead),
        ...op.window.map((_, i) =>
          plus(scaled(index[lead + i]!, op.strides[i]!, 0), scaled(index[lead + windows + i]!, op.dilation[i]!, 0)),
        ),
      ])
    }
    case 'pad': {
      const moved = index.map((x, axis) => scaled(x, 1, -op.low[axis]!))
      const bounds = moved.flatMap((x, axis): Bound[] =>
        op.low[axis] === 0 && op.high[axis] === 0 ? [] : [{ ...x, size: source.shape[axis]! }],
      )
      return { index: moved, bounds, fill: op.value }
    }
    default:
      return undefined
  }
}
