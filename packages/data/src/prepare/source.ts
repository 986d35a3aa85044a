/** Where batches come from: so many rows, and a way to load any of them. */

import { fail } from '../errors.js'
import { type NdArray, takeRows } from '../ndarray.js'

export interface Source<T> {
  readonly count: number
  /** The rows with these numbers; at once, or when they are there. */
  readonly load: (rows: Int32Array) => T | Promise<T>
}

/** Rows of named arrays that belong together: images and labels, inputs and targets.
 *  Behaviour  arrays of different numbers of rows throw.
 *  @example
 *  const x = { data: Float64Array.of(1, 2, 3, 4), shape: [2, 2] }
 *  const { count, load } = fromArrays({ x, y: { data: Uint8Array.of(7, 8), shape: [2] } })
 *  count // => 2
 *  load(Int32Array.of(1))
 *  // => { x: { data: Float64Array(2) [ 3, 4 ], shape: [ 1, 2 ] }, y: { data: Uint8Array(1) [ 8 ], shape: [ 1 ] } } */
export const fromArrays = <T extends Readonly<Record<string, NdArray>>>(arrays: T): Source<T> => {
  const counts = Object.entries(arrays).map(([name, { shape }]) => [name, shape[0]] as const)
  const [first, count] = counts[0] ?? fail('fromArrays', 'no arrays: give at least one, by name.')
  if (count === undefined) fail('fromArrays', `${first} has no rows: give it a shape of [rows, …].`)
  for (const [name, other] of counts)
    if (other !== count)
      fail('fromArrays', `${first} has ${count} rows, ${name} has ${other}: they do not belong together.`)
  return {
    count: count!,
    load: (rows) => Object.fromEntries(Object.entries(arrays).map(([name, x]) => [name, takeRows(x, rows)])) as T,
  }
}
