/** Files that may be compressed with gzip: recognised by their first two bytes, not by their names.
 *
 *      1f 8b 8 flags time[4] extra os | [extra field] [name\0] [comment\0] [header crc] | deflated | crc32 size
 *
 *  One member a file, as gzip writes it; the size is of 32 bits, so up to 4 GiB. fflate expands, and checks neither
 *  size nor checksum: both are checked here, and no more is allocated than deflate can reach.
 *  Fails    truncated | trailingBytes | badHeader | unsupportedFormat | badCompression | badChecksum
 *  Source   RFC 1952. */

import { Gunzip } from 'fflate'
import { type Either, right } from 'fp-ts/lib/Either.js'
import { type DataError, refuse } from '../outcome.js'
import { plainBytes, viewOf } from './bytes.js'
import { checked, expansion } from './inflate.js'

/** The content of a gzip file; any other bytes as they are, not copied.
 *  @example
 *  unpacked('example', Uint8Array.of(0, 0, 8, 1)) // => { _tag: 'Right', right: Uint8Array(4) [ 0, 0, 8, 1 ] } */
export const unpacked = (where: string, file: Uint8Array): Either<DataError, Uint8Array> => {
  const bytes = plainBytes(file)
  if (bytes[0] !== 0x1f || bytes[1] !== 0x8b) return right(bytes)
  const length = bytes.length
  if (length < 18) return refuse('truncated', `${where}: gzip takes 18 bytes and more, the file has ${length}.`, length)
  if (bytes[2] !== 8) return refuse('unsupportedFormat', `${where}: gzip method ${bytes[2]}, 8 (deflate) is read.`, 2)
  if (bytes[3]! > 31) return refuse('badHeader', `${where}: gzip flags ${bytes[3]}, the upper three are zero.`, 3)
  const view = viewOf(bytes)
  const [crc, size] = [view.getUint32(length - 8, true), view.getUint32(length - 4, true)]
  if (size > expansion * length)
    return refuse(
      'badCompression',
      `${where}: ${length} bytes cannot expand to the ${size} announced: ${remedy}`,
      length - 4,
    )
  const content = new Uint8Array(size)
  const { filled, next, trouble } = expand(bytes, content)
  if (next !== undefined)
    return refuse('trailingBytes', `${where}: a second gzip member begins; files of one member are read.`, next)
  if (trouble !== undefined || filled !== size)
    return refuse(
      'badCompression',
      `${where}: ${trouble ?? `expands to ${filled} bytes, ${size} are announced`}: ${remedy}`,
      length,
    )
  return checked(where, content, crc, length - 8)
}

const remedy = 'the file is cut off or damaged.'

interface Expanded {
  /** Bytes that came, also where they did not fit. */
  readonly filled: number
  /** Where a second member begins. */
  readonly next?: number
  readonly trouble?: string
}

// In pieces, so that a stream which does not end is given up soon after it has filled its place.
const piece = 65_536

const expand = (bytes: Uint8Array, content: Uint8Array): Expanded => {
  let filled = 0
  let next: number | undefined
  const stream = new Gunzip((part) => {
    if (filled + part.length <= content.length) content.set(part, filled)
    filled += part.length
  })
  stream.onmember = (offset) => {
    next ??= offset
  }
  try {
    for (let at = 0; at < bytes.length && filled <= content.length; at += piece)
      stream.push(bytes.subarray(at, at + piece), at + piece >= bytes.length)
  } catch (error) {
    return { filled, ...(next === undefined ? {} : { next }), trouble: (error as Error).message }
  }
  return { filled, ...(next === undefined ? {} : { next }) }
}
