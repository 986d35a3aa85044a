/** Reading and adding at indices. Out of range reads `fill` and adds nothing, so that gather and scatterAdd are exact duals. */

import { isFloat, storage } from '../dtype.js'
import type { OpOf } from '../program/op.js'
import type { Type } from '../program/type.js'
import { sizeOf, stridesOf } from '../shape.js'
import { type Dense, dense, empty, gatherView, walk } from './dense.js'
import { toHalf } from './half.js'

type Inputs = readonly Dense[]
type Types = readonly Type[]

export const gather = (op: OpOf<'gather'>, [x, indices]: Inputs, [type]: Types): Inputs => {
  const out = empty(type!)
  const batches = sizeOf(x!.type.shape.slice(0, op.batch))
  const n = x!.type.shape[op.batch]!
  const rest = sizeOf(x!.type.shape.slice(op.batch + 1))
  const each = sizeOf(indices!.type.shape.slice(op.batch))
  const fill = type!.dtype === 'f16' ? toHalf(op.fill) : op.fill
  for (let b = 0; b < batches; b++)
    for (let i = 0; i < each; i++) {
      const at = indices!.data[b * each + i]!
      const to = (b * each + i) * rest
      if (at < 0 || at >= n) out.data.fill(fill, to, to + rest)
      else for (let r = 0; r < rest; r++) out.data[to + r] = x!.data[(b * n + at) * rest + r]!
    }
  return [out]
}

export const scatterAdd = (op: OpOf<'scatterAdd'>, [updates, indices]: Inputs, [type]: Types): Inputs => {
  const out = empty(type!)
  const total = isFloat(type!.dtype) ? new Float64Array(type!.size) : out.data
  const batches = sizeOf(indices!.type.shape.slice(0, op.batch))
  const each = sizeOf(indices!.type.shape.slice(op.batch))
  const rest = sizeOf(updates!.type.shape.slice(indices!.type.shape.length))
  for (let b = 0; b < batches; b++)
    for (let i = 0; i < each; i++) {
      const at = indices!.data[b * each + i]!
      if (at < 0 || at >= op.size) continue
      for (let r = 0; r < rest; r++) total[(b * op.size + at) * rest + r]! += updates!.data[(b * each + i) * rest + r]!
    }
  if (total !== out.data) out.data.set(total)
  return [out]
}

/** Starts clamped so that the window lies inside, as a flat offset. */
const clampedOffset = (
  starts: Dense,
  shape: readonly number[],
  sizes: readonly number[],
  strides: readonly number[],
): number =>
  strides.reduce((at, stride, i) => at + stride * Math.max(0, Math.min(starts.data[i]!, shape[i]! - sizes[i]!)), 0)

export const dynamicSlice = (op: OpOf<'dynamicSlice'>, [x, starts]: Inputs, [type]: Types): Inputs => {
  const strides = stridesOf(x!.type.shape)
  return [gatherView(x!, type!, strides, clampedOffset(starts!, x!.type.shape, op.sizes, strides))]
}

export const dynamicUpdateSlice = (
  _: OpOf<'dynamicUpdateSlice'>,
  [x, update, starts]: Inputs,
  [type]: Types,
): Inputs => {
  const data = storage(type!.dtype, type!.size)
  data.set(x!.data)
  const strides = stridesOf(type!.shape)
  walk(
    update!.type.shape,
    strides,
    clampedOffset(starts!, type!.shape, update!.type.shape, strides),
    (position, at) => {
      data[at] = update!.data[position]!
    },
  )
  return [dense(type!, data)]
}
