/** Text in files: UTF-8 that is refused rather than repaired, packed with gzip or not, and the numbers in it. */

import { type Either, isLeft, right } from 'fp-ts/lib/Either.js'
import { type DataError, refuse } from '../outcome.js'
import { unpacked } from './gzip.js'

/** A text, and how many bytes stand before it: three, where a file begins with a byte order mark. */
export interface Text {
  readonly text: string
  readonly before: number
}

/** The text of a file, without a byte order mark.
 *  Fails    badHeader: not UTF-8 | what gzip fails with */
export const textOf = (where: string, file: Uint8Array): Either<DataError, Text> => {
  const content = unpacked(where, file)
  if (isLeft(content)) return content
  try {
    const text = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(content.right)
    return right(text.startsWith('\ufeff') ? { text: text.slice(1), before: 3 } : { text, before: 0 })
  } catch {
    return refuse('badHeader', `${where}: text in UTF-8 is expected, these bytes are none.`)
  }
}

/** The lines of a text. Each must be ended: a last line that is not is what a file looks like that was cut off.
 *  Fails    truncated | as `textOf` */
export const linesOf = (where: string, file: Uint8Array): Either<DataError, readonly Line[]> => {
  const read = textOf(where, file)
  if (isLeft(read)) return read
  const { text, before } = read.right
  const pieces = text.split('\n')
  const last = pieces.pop()!
  let at = before
  const lines = pieces.map((content) => {
    const line = { content, at }
    at += bytesIn(content) + 1
    return line
  })
  return last === ''
    ? right(lines)
    : refuse('truncated', `${where}: the last line does not end with a line break: the file is cut off.`, at)
}

export interface Line {
  readonly content: string
  /** Where it begins, in bytes. */
  readonly at: number
}

/** How many bytes a text takes in a file. */
export const bytesIn = (text: string): number => encoder.encode(text).length

const encoder = new TextEncoder()

/** A number in decimals; undefined for any other text, also for those that `Number` would take: '', '0x10', 'Infinity'.
 *  */
export const numberOf = (text: string): number | undefined =>
  /^[+-]?(\d+\.?\d*|\.\d+)(e[+-]?\d+)?$/i.test(text) ? Number(text) : undefined
