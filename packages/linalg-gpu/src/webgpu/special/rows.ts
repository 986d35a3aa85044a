/** Rows along an axis: the elements that differ in the index of that axis alone. */

import type { Type } from '../../program/type.js'
import { stridesOf } from '../../shape.js'

export interface Rows {
  readonly count: number
  /** Elements of a row. */
  readonly n: number
  /** From one element of a row to its next. */
  readonly step: number
}

export const rowsOf = (x: Type, axis: number): Rows => {
  const n = x.shape[axis]!
  return { count: x.size === 0 ? 0 : x.size / n, n, step: stridesOf(x.shape)[axis]! }
}

/** The index of the first element of a row, in WGSL. */
export const firstOf = ({ n, step }: Rows, row: string): string =>
  step === 1 ? `${row} * ${n}` : `${row} / ${step} * ${n * step} + ${row} % ${step}`

/** How far from the first element the i-th is, in WGSL. */
export const along = ({ step }: Rows, i: string): string => (step === 1 ? i : `(${i}) * ${step}`)

/** Whether a row is left to one thread: where barriers are dear, rows are short, or neighbouring threads read neighbouring elements. */
export const oneThreadEach = ({ count, n, step }: Rows, software: boolean): boolean =>
  software || n <= 32 || (step >= 32 && count >= 1024)
