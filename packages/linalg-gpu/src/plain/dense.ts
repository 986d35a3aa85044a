/** Row-major arrays of the plain executor, and the one way they are moved: by shape, strides and offset. */

import { storage, type TypedArray } from '../dtype.js'
import type { Type } from '../program/type.js'
import { type Shape, sameShape, stridesOf } from '../shape.js'

/** `owner` is shared by views of one allocation, for the count of bytes. */
export interface Dense {
  readonly type: Type
  readonly data: TypedArray
  readonly owner: { uses: number; readonly bytes: number }
}

export const dense = (type: Type, data: TypedArray): Dense => ({
  type,
  data,
  owner: { uses: 0, bytes: data.byteLength },
})
export const empty = (type: Type): Dense => dense(type, storage(type.dtype, type.size))

/** The same memory under another type, or a contiguous part of it. */
export const view = (x: Dense, type: Type, data: TypedArray = x.data): Dense => ({ type, data, owner: x.owner })

/** Calls `visit(position in row-major order of shape, offset + Σ index · strides)`. */
export const walk = (
  shape: Shape,
  strides: readonly number[],
  offset: number,
  visit: (position: number, at: number) => void,
): void => {
  const rank = shape.length
  if (rank === 0) {
    visit(0, offset)
    return
  }
  if (shape.includes(0)) return
  const index = new Array<number>(rank).fill(0)
  const n = shape[rank - 1]!
  const step = strides[rank - 1]!
  for (let position = 0, at = offset; ; ) {
    for (let i = 0; i < n; i++) visit(position++, at + i * step)
    let axis = rank - 2
    for (; axis >= 0; axis--) {
      at += strides[axis]!
      if (++index[axis]! < shape[axis]!) break
      at -= strides[axis]! * shape[axis]!
      index[axis] = 0
    }
    if (axis < 0) return
  }
}

/** A contiguous copy of a strided view. */
export const gatherView = (x: Dense, type: Type, strides: readonly number[], offset = 0): Dense => {
  const out = empty(type)
  const from = x.data
  const to = out.data
  walk(type.shape, strides, offset, (position, at) => {
    to[position] = from[at]!
  })
  return out
}

/** The elements of `x`, broadcast to a shape as in NumPy. */
export const expanded = (x: Dense, shape: Shape): TypedArray => {
  if (sameShape(x.type.shape, shape)) return x.data
  const lead = shape.length - x.type.shape.length
  const own = stridesOf(x.type.shape)
  const strides = shape.map((_, i) => (i < lead || x.type.shape[i - lead] === 1 ? 0 : own[i - lead]!))
  const out = storage(
    x.type.dtype,
    shape.reduce((a, b) => a * b, 1),
  )
  walk(shape, strides, 0, (position, at) => {
    out[position] = x.data[at]!
  })
  return out
}
