/** Tables of numbers as text: one row a line, blanks or tabs between. The form of the UCI sets, and of `numpy.savetxt`.
 *
 *  Empty lines are passed over. The last line must be ended, since a number that is cut off is another number.
 *  Shapes   [rows, columns]
 *  Fails    truncated | badValue: no number | badShape: rows of different length | as `unpacked` */

import { type Either, isLeft, right } from 'fp-ts/lib/Either.js'
import type { NdArray } from '../ndarray.js'
import { type DataError, quote, refuse } from '../outcome.js'
import { linesOf, numberOf } from './text.js'

/** The numbers of a text file, packed with gzip or not.
 *  @example
 *  decodeTable(new TextEncoder().encode(' 1.5\t2e3\n -3  4\n'))
 *  // => { _tag: 'Right', right: { data: Float64Array(4) [ 1.5, 2000, -3, 4 ], shape: [ 2, 2 ] } } */
export const decodeTable = (file: Uint8Array): Either<DataError, NdArray<Float64Array>> => {
  const lines = linesOf(caller, file)
  if (isLeft(lines)) return lines
  const numbers: number[] = []
  let [rows, columns] = [0, 0]
  for (const [k, { content, at }] of lines.right.entries()) {
    const words = content.trim() === '' ? [] : content.trim().split(/\s+/)
    if (words.length === 0) continue
    if (rows === 0) columns = words.length
    if (words.length !== columns)
      return refuse(
        'badShape',
        `${caller}: line ${k + 1} has ${words.length} numbers, the lines before have ${columns}.`,
        at,
      )
    for (const word of words) {
      const value = numberOf(word)
      if (value === undefined) return refuse('badValue', `${caller}: line ${k + 1}: ${quote(word)} is no number.`, at)
      numbers.push(value)
    }
    rows++
  }
  return right({ data: Float64Array.from(numbers), shape: [rows, columns] })
}

const caller = 'decodeTable'
