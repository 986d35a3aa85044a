/** Which rows go where: parts of an order. Random where the order is (`permutation`), given where it is given.
 *
 *      split(permutation(seed, n), { train: 50_000, validation: 'rest' })       random
 *      split(n, …)                                                            the first rows, the next ones, …
 *      split(order, …)                                                        by somebody else's list */

import { checkWhole, fail } from '../errors.js'
import { inOrder } from './permutation.js'

/** An order of rows, or how many there are, which then stand in their own order. */
export type Order = number | ArrayLike<number>

/** How many rows a part has; one part may take what the others leave. */
export type PartSize = number | 'rest'

/** Consecutive parts of an order, by name.
 *  Behaviour  sizes that do not add up to the number of rows throw, as rows would be lost or lacking.
 *  @example
 *  split(5, { train: 'rest', test: 2 }) // => { train: Int32Array(3) [ 0, 1, 2 ], test: Int32Array(2) [ 3, 4 ] } */
export const split = <K extends string>(
  order: Order,
  sizes: Readonly<Record<K, PartSize>>,
): Readonly<Record<K, Int32Array>> => {
  const rows = rowsOf('split', order)
  const parts = Object.entries(sizes) as [K, PartSize][]
  if (parts.filter(([, size]) => size === 'rest').length > 1)
    fail('split', "'rest' stands twice: give one of them a size.")
  for (const [name, size] of parts) if (size !== 'rest') checkWhole('split', `the size of ${name}`, size)
  const given = parts.reduce((sum, [, size]) => sum + (size === 'rest' ? 0 : size), 0)
  const rest = rows.length - given
  if (rest < 0 || (rest > 0 && parts.every(([, size]) => size !== 'rest')))
    fail(
      'split',
      `the sizes add up to ${given}, there are ${rows.length} rows: let one part be 'rest', or take fewer rows.`,
    )
  let from = 0
  return Object.fromEntries(
    parts.map(([name, size]) => [name, rows.slice(from, (from += size === 'rest' ? rest : size))]),
  ) as Record<K, Int32Array>
}

export interface Fold {
  readonly train: Int32Array
  readonly test: Int32Array
}

/** The k parts of cross-validation: each row is in one test part, whose sizes differ by one at most; larger ones come
 *  first.
 *  @example
 *  kFold(5, 2)[0] // => { train: Int32Array(2) [ 3, 4 ], test: Int32Array(3) [ 0, 1, 2 ] } */
export const kFold = (order: Order, k: number): readonly Fold[] => {
  const rows = rowsOf('kFold', order)
  checkWhole('kFold', 'k', k, 2)
  if (k > rows.length) fail('kFold', `${k} parts of ${rows.length} rows: some would be empty. Take k ≤ ${rows.length}.`)
  const begin = (fold: number): number => fold * Math.floor(rows.length / k) + Math.min(fold, rows.length % k)
  return Array.from({ length: k }, (_, fold) => ({
    train: rows.filter((_, i) => i < begin(fold) || i >= begin(fold + 1)),
    test: rows.slice(begin(fold), begin(fold + 1)),
  }))
}

const rowsOf = (caller: string, order: Order): Int32Array =>
  typeof order === 'number' ? inOrder(caller, order) : Int32Array.from(order)
