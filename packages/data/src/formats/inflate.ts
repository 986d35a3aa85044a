/** Deflated bytes that must expand to a known size, with a known checksum.
 *
 *  fflate checks neither, and takes the size at its word: a damaged size would cost memory before it is found out. So
 *  what deflate cannot reach (1,032 : 1) is refused beforehand, and one byte more than announced is offered, so that a
 *  stream which goes on is seen.
 *  Fails    badCompression | badChecksum
 *  Source   RFC 1951. */

import { inflateSync } from 'fflate'
import { type Either, right } from 'fp-ts/lib/Either.js'
import { type DataError, refuse } from '../outcome.js'
import { crc32, hex } from './bytes.js'

/** Deflate's best: 258 bytes for two bits. */
export const expansion = 1032

export interface Packed {
  readonly packed: Uint8Array
  /** Bytes when expanded. */
  readonly size: number
  readonly crc: number
  /** Where the packed bytes begin, for messages. */
  readonly begin: number
}

export const inflate = (where: string, { packed, size, crc, begin }: Packed): Either<DataError, Uint8Array> => {
  if (size > expansion * packed.length)
    return refuse(
      'badCompression',
      `${where}: ${packed.length} bytes cannot expand to the ${size} announced; the file is cut off or damaged.`,
      begin,
    )
  let content: Uint8Array
  try {
    content = inflateSync(packed, { out: new Uint8Array(size + 1) })
  } catch (error) {
    return refuse('badCompression', `${where}: ${(error as Error).message}; the file is cut off or damaged.`, begin)
  }
  if (packed.length === 0 || content.length !== size)
    return refuse(
      'badCompression',
      `${where}: expands to ${content.length > size ? 'more' : content.length} bytes, ${size} are announced.`,
      begin,
    )
  return checked(where, content, crc, begin)
}

/** The content, if it has this checksum. */
export const checked = (
  where: string,
  content: Uint8Array,
  crc: number,
  begin: number,
): Either<DataError, Uint8Array> => {
  const found = crc32(content)
  return found === crc
    ? right(content)
    : refuse('badChecksum', `${where}: CRC-32 is ${hex(found)}, ${hex(crc)} was written: the file is damaged.`, begin)
}
