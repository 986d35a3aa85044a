/** Reductions in WGSL: where they start, how they go on, and what they leave. */

import { type DType, isFloat } from '../../dtype.js'
import type { Reduction } from '../../kernel/kernel.js'
import { neutral } from '../../kernel/neutral.js'
import { applied, valueType } from '../wgsl/apply.js'
import type { Uses } from '../wgsl/library.js'
import { literal } from '../wgsl/literal.js'

export interface Reducer {
  readonly type: string
  readonly start: string
  readonly step: (total: string, x: string) => string
  /** The total as a value of the dtype. */
  readonly end: (total: string) => string
  /** Whether the order of terms shows in the result. */
  readonly inexact: boolean
}

export const reducerOf = (reduction: Reduction, uses: Uses): Reducer => {
  const { fn, dtype } = reduction
  // sums of f16 are of f32, and rounded once
  const own: DType = dtype === 'f16' ? 'f32' : dtype
  return {
    type: valueType(own),
    start: literal(neutral(fn, dtype), own, uses),
    step: (total, x) => applied({ kind: 'binary', fn: fn === 'sum' ? 'add' : fn }, own, own, [total, x], uses),
    end: (total) => (fn === 'sum' ? applied({ kind: 'cast' }, own, dtype, [total], uses) : total),
    inexact: fn === 'sum' && isFloat(dtype),
  }
}
