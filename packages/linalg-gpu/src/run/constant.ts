/** The elements of a symbolic constant. */

import { storage, type TypedArray } from '../dtype.js'
import { run } from '../plain/executor.js'
import { toHalf } from '../plain/half.js'
import type { Op } from '../program/op.js'
import { stridesOf } from '../shape.js'

export const evaluateConstant = (op: Op): TypedArray => {
  if (op.kind === 'full')
    return storage(op.type.dtype, op.type.size).fill(op.type.dtype === 'f16' ? toHalf(op.value) : op.value)
  if (op.kind === 'call') return run(op.body, [], { bytes: 0, peak: 0 })[0]!.data
  if (op.kind !== 'iota') throw new Error(`constant: ${op.kind} is not one.`)
  const { dtype, shape, size } = op.type
  const out = storage(dtype, size)
  const step = stridesOf(shape)[op.axis]!
  const n = shape[op.axis]!
  for (let i = 0; i < size; i++) {
    const value = Math.floor(i / step) % n
    out[i] = dtype === 'f16' ? toHalf(value) : value
  }
  return out
}
