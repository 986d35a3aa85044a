/** What can be wrong with a file: a value, since files come from the world. Calls that are wrong throw (errors.ts).
 *
 *  A reader gives all of a file or a `DataError`, never a part. The message says which reader, what was expected, and
 *  where. */

import { type Either, isLeft, left, mapLeft } from 'fp-ts/lib/Either.js'

export type DataErrorCode =
  | 'truncated' // the file ends before what it announces
  | 'trailingBytes' // the file goes on after what it announces
  | 'badHeader' // not this format, or a header against its grammar
  | 'badShape' // a size that is no size, or parts that do not fit each other
  | 'badOffsets' // parts that overlap, or lie outside of the file
  | 'badCompression' // a packed part that does not expand to what it announces
  | 'badChecksum' // the content is not what was written
  | 'badValue' // a number, word, label or row number that cannot stand there
  | 'duplicateName'
  | 'unsupportedType' // elements that no typed array of ours holds
  | 'unsupportedFormat' // a version, compression or encryption that is not read here
  | 'tooLarge' // more than the reader was allowed to allocate
  | 'notFound'
  | 'io' // the operating system said no

export interface DataError {
  readonly code: DataErrorCode
  readonly message: string
  /** The path, where it is known. */
  readonly file?: string
  /** Where the trouble was seen, in bytes: of the unpacked content for gzip, of the member for archives' members. */
  readonly offset?: number
}

/** The outcome "this file is wrong"; the offset is also appended to the message. */
export const refuse = (code: DataErrorCode, message: string, offset?: number): Either<DataError, never> =>
  left(offset === undefined ? { code, message } : { code, message: `${message} (at byte ${offset})`, offset })

/** The same outcome, of a part or a file that has a name. */
export const inFile = (file: string): (<T>(outcome: Either<DataError, T>) => Either<DataError, T>) =>
  mapLeft((error) => ({ ...error, message: `${file}: ${error.message}`, file }))

/** Text from a file as it stands in a message: quoted, and cut, since it may be as long as the file. */
export const quote = (text: string): string => JSON.stringify(text.length > 60 ? `${text.slice(0, 60)}…` : text)

/** The result, or an error thrown: for scripts that end with the first file that is wrong.
 *  @example
 *  unwrap(decodeIdx(Uint8Array.of(1, 2, 3, 4))) // throws an IDX file begins with 0 0, this one with 1 2 */
export const unwrap = <T>(outcome: Either<DataError, T>): T => {
  if (isLeft(outcome)) throw new Error(outcome.left.message, { cause: outcome.left })
  return outcome.right
}
