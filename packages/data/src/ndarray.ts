/** Plain typed arrays with shapes: what all readers give, and any tensor library takes. Elements are in row-major
 *  order. */

import { fail } from './errors.js'

export type Elements =
  | Uint8Array
  | Int8Array
  | Uint16Array
  | Int16Array
  | Uint32Array
  | Int32Array
  | Float32Array
  | Float64Array

export interface NdArray<T extends Elements = Elements> {
  readonly data: T
  readonly shape: readonly number[]
}

/** Number of elements, or undefined where a size is not a whole number ≥ 0 or a product is not exact. */
export const countOf = (shape: readonly number[]): number | undefined => {
  let count = 1
  for (const size of shape) {
    if (!Number.isSafeInteger(size) || size < 0) return undefined
    count *= size
    if (!Number.isSafeInteger(count)) return undefined
  }
  return count
}

/** Elements in one row: the product of all sizes but the first. Throws where there are no rows, or the data does not
 *  fit. */
export const rowLength = (caller: string, { data, shape }: NdArray): number => {
  if (shape.length === 0) fail(caller, 'an array without axes has no rows: give it a shape of [rows, …].')
  if (countOf(shape) !== data.length)
    fail(caller, `shape [${shape.join(', ')}] takes ${countOf(shape)} elements, the data has ${data.length}.`)
  return shape.slice(1).reduce((a, b) => a * b, 1)
}

/** New memory of the same type. */
export const emptyLike = <T extends Elements>(data: T, length: number): T =>
  new (data.constructor as new (length: number) => T)(length)

/** The rows with these numbers, in this order, copied.
 *  Behaviour  a number may come twice; one that is no row throws.
 *  @example
 *  takeRows({ data: Uint8Array.of(1, 2, 3, 4, 5, 6), shape: [3, 2] }, [2, 0])
 *  // => { data: Uint8Array(4) [ 5, 6, 1, 2 ], shape: [ 2, 2 ] } */
export const takeRows = <T extends Elements>(x: NdArray<T>, rows: ArrayLike<number>): NdArray<T> => {
  const width = rowLength('takeRows', x)
  const count = x.shape[0]!
  const data = emptyLike(x.data, rows.length * width)
  for (let i = 0; i < rows.length; i++) {
    const row = rows[i]!
    if (!(Number.isInteger(row) && row >= 0 && row < count))
      fail('takeRows', `row ${row} is asked for, there are rows 0 … ${count - 1}.`)
    data.set(x.data.subarray(row * width, (row + 1) * width), i * width)
  }
  return { data, shape: [rows.length, ...x.shape.slice(1)] }
}
