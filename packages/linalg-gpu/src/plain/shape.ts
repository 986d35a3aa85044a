/** Shape operations: all but three are one strided copy. */

import { isFloat } from '../dtype.js'
import type { OpOf } from '../program/op.js'
import type { Type } from '../program/type.js'
import { stridesOf } from '../shape.js'
import { type Dense, empty, gatherView, view, walk } from './dense.js'
import { toHalf } from './half.js'

type Inputs = readonly Dense[]
type Types = readonly Type[]

export const reshape = (_: OpOf<'reshape'>, [x]: Inputs, [type]: Types): Inputs => [view(x!, type!)]

export const transpose = (op: OpOf<'transpose'>, [x]: Inputs, [type]: Types): Inputs => {
  const strides = stridesOf(x!.type.shape)
  return [
    gatherView(
      x!,
      type!,
      op.perm.map((axis) => strides[axis]!),
    ),
  ]
}

export const broadcast = (op: OpOf<'broadcast'>, [x]: Inputs, [type]: Types): Inputs => {
  const strides = stridesOf(x!.type.shape)
  let from = 0
  return [
    gatherView(
      x!,
      type!,
      op.shape.map((_, i) => (op.axes.includes(i) ? 0 : strides[from++]!)),
    ),
  ]
}

export const slice = (op: OpOf<'slice'>, [x]: Inputs, [type]: Types): Inputs => {
  const strides = stridesOf(x!.type.shape)
  const offset = op.start.reduce((at, start, i) => at + start * strides[i]!, 0)
  return [
    gatherView(
      x!,
      type!,
      strides.map((stride, i) => stride * op.step[i]!),
      offset,
    ),
  ]
}

export const flip = (op: OpOf<'flip'>, [x]: Inputs, [type]: Types): Inputs => {
  const strides = stridesOf(x!.type.shape)
  const offset = op.axes.reduce((at, axis) => at + (x!.type.shape[axis]! - 1) * strides[axis]!, 0)
  return [
    gatherView(
      x!,
      type!,
      strides.map((stride, i) => (op.axes.includes(i) ? -stride : stride)),
      offset,
    ),
  ]
}

export const pad = (op: OpOf<'pad'>, [x]: Inputs, [type]: Types): Inputs => {
  const out = empty(type!)
  out.data.fill(type!.dtype === 'f16' ? toHalf(op.value) : isFloat(type!.dtype) ? op.value : Math.trunc(op.value))
  const strides = stridesOf(type!.shape)
  const offset = op.low.reduce((at, low, i) => at + low * strides[i]!, 0)
  walk(
    x!.type.shape,
    strides.map((stride, i) => stride * (op.interior[i]! + 1)),
    offset,
    (position, at) => {
      out.data[at] = x!.data[position]!
    },
  )
  return [out]
}

export const concatenate = (op: OpOf<'concatenate'>, x: Inputs, [type]: Types): Inputs => {
  const out = empty(type!)
  const strides = stridesOf(type!.shape)
  let offset = 0
  for (const part of x) {
    walk(part.type.shape, strides, offset, (position, at) => {
      out.data[at] = part.data[position]!
    })
    offset += part.type.shape[op.axis]! * strides[op.axis]!
  }
  return [out]
}
