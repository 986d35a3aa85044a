/** What a file holds of a tensor, free of devices: dtype, shape, and the elements row by row; and what can be wrong
 *  with a file.
 *
 *  Storage    f16 as raw bits in a Uint16Array, bool as bytes 0 and 1, all else as its typed array, in little endian
 *             order (as on every host that runs WebAssembly).
 *  Outcomes   reading returns `Either<FileError, …>`: a file comes from the world. Writing throws: what is written
 *             comes from the program. */

import { type Either, left } from 'fp-ts/lib/Either.js'
import { type DType, storage, type TypedArray } from '../dtype.js'
import { fail, showShape } from '../errors.js'
import { isWellFormed, quote } from './text.js'

export type EntryDType = DType
export type EntryData = TypedArray

export interface Entry {
  readonly dtype: EntryDType
  readonly shape: readonly number[]
  readonly data: EntryData
}

/** Named entries, in either form. */
export type Entries = ReadonlyMap<string, Entry> | Readonly<Record<string, Entry>>

export type FileErrorCode =
  | 'truncated' // the file ends before what it announces
  | 'trailingBytes' // the file goes on after what it announces
  | 'badHeader' // not this format, or a header against its grammar
  | 'badShape' // a size that is no size, too many axes, or not the bytes that the elements take
  | 'badOffsets' // parts that overlap, leave a hole, or lie outside of the file
  | 'badCompression' // a compressed part that cannot be expanded to what it announces
  | 'badChecksum' // the content is not what was written
  | 'badTree' // names that do not make the recorded tree, or no tree at all
  | 'duplicateName'
  | 'unsupportedDType' // no dtype of ours holds these values exactly
  | 'unsupportedFormat' // a version, compression method or encryption that is not read here
  | 'tooLarge' // more than the reader was allowed to allocate
  | 'notFound'
  | 'io' // the operating system or the network said no

export interface FileError {
  readonly code: FileErrorCode
  readonly message: string
  /** Where in the file (in the member, for archives) the trouble was seen, in bytes. */
  readonly offset?: number
}

/** The outcome "this file is wrong"; the offset is also appended to the message. */
export const refuse = (code: FileErrorCode, message: string, offset?: number): Either<FileError, never> =>
  left(offset === undefined ? { code, message } : { code, message: `${message} (at byte ${offset})`, offset })

/** NumPy's bound too. It keeps a hostile header from costing more than its own length. */
const maximumRank = 64

/** Number of elements, or undefined where a size is not a whole number ≥ 0, the rank is over 64, or a product is not
 *  exact. */
export const countOf = (shape: readonly number[]): number | undefined => {
  if (shape.length > maximumRank) return undefined
  let count = 1
  for (const size of shape) {
    if (!Number.isSafeInteger(size) || size < 0) return undefined
    count *= size
    if (!Number.isSafeInteger(count)) return undefined
  }
  return count
}

/** Throws unless the entry is what its type promises; returns it. `what` names it in the message. */
export const checkEntry = (caller: string, what: string, entry: Entry): Entry => {
  const count = countOf(entry.shape)
  if (count === undefined)
    fail(caller, `${what} has shape ${showShape(entry.shape)}: up to 64 whole sizes ≥ 0 are expected.`)
  const expected = storage(entry.dtype, 0)[Symbol.toStringTag]
  const given = entry.data[Symbol.toStringTag] // a Buffer says Uint8Array here, rightly
  if (given !== expected) fail(caller, `${what} is ${entry.dtype} in a ${given}: a ${expected} is expected.`)
  if (entry.data.length !== count)
    fail(
      caller,
      `${what} of shape ${showShape(entry.shape)} takes ${count} elements, its data has ${entry.data.length}.`,
    )
  return entry
}

/** The entries as pairs, checked, with names that every UTF-8 reader can give back. */
export const checkedPairs = (caller: string, entries: Entries): (readonly [string, Entry])[] =>
  pairsOf(entries).map(([name, entry]) => {
    if (!isWellFormed(name))
      fail(caller, `name ${quote(name)} holds half a surrogate pair, which UTF-8 cannot write: rename it.`)
    return [name, checkEntry(caller, `entry ${quote(name)}`, entry)]
  })

export const pairsOf = <T>(from: ReadonlyMap<string, T> | Readonly<Record<string, T>>): (readonly [string, T])[] =>
  from instanceof Map ? [...from] : Object.entries(from)

/** The same memory as a plain Uint8Array. Node's Buffer is a Uint8Array whose `slice` does not copy: no reader may
 *  meet it unawares. */
export const plainBytes = (bytes: Uint8Array): Uint8Array =>
  new Uint8Array(bytes.buffer, bytes.byteOffset, bytes.byteLength)

/** The elements' bytes, not copied; bool as 0 and 1 whatever the bytes were. */
export const bytesOfEntry = ({ dtype, data }: Entry): Uint8Array => {
  const bytes = new Uint8Array(data.buffer, data.byteOffset, data.byteLength)
  return dtype === 'bool' && bytes.some((byte) => byte > 1) ? bytes.map((byte) => (byte === 0 ? 0 : 1)) : bytes
}
