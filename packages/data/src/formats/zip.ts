/** The members of a zip archive, of which only what is wanted is expanded.
 *
 *      member … member | directory | end record [comment]
 *
 *  The directory is the truth; each member's own header must agree with it in name. Stored and deflated members are
 *  read; folders are left out.
 *  Checked   length and CRC-32 of every member that is expanded.
 *  Fails     truncated | badHeader | badOffsets | badCompression | badChecksum | duplicateName | unsupportedFormat:
 *            encryption, other methods, zip64, several disks
 *  Source    PKWARE APPNOTE 6.3.10, sections 4.3 and 4.4. */

import { type Either, isLeft, right } from 'fp-ts/lib/Either.js'
import { type DataError, quote, refuse } from '../outcome.js'
import { viewOf } from './bytes.js'
import { checked, inflate } from './inflate.js'

export interface Member {
  readonly name: string
  /** 0: stored. 8: deflated. */
  readonly method: number
  readonly crc: number
  /** Bytes in the archive. */
  readonly packed: number
  /** Bytes when expanded. */
  readonly size: number
  /** Where the member's own header begins. */
  readonly header: number
}

const [endMark, recordMark, headerMark] = [0x06054b50, 0x02014b50, 0x04034b50]

/** The members in the order of the directory. */
export const zipMembers = (where: string, bytes: Uint8Array): Either<DataError, readonly Member[]> => {
  const view = viewOf(bytes)
  const last = endRecord(view)
  if (last === undefined)
    return refuse('truncated', `${where}: no end record of a zip archive: cut off, or no zip.`, bytes.length)
  const [count, size, begin] = [
    view.getUint16(last + 10, true),
    view.getUint32(last + 12, true),
    view.getUint32(last + 16, true),
  ]
  if (view.getUint32(last + 4, true) !== 0)
    return refuse('unsupportedFormat', `${where}: several disks are not read.`, last)
  if (count === 0xffff || size === 0xffffffff || begin === 0xffffffff)
    return refuse('unsupportedFormat', `${where}: a zip64 archive; up to 65,534 members and 4 GiB are read.`, last)
  if (begin + size !== last)
    return refuse(
      'badOffsets',
      `${where}: the directory ends at byte ${begin + size}, its end record begins elsewhere.`,
      last,
    )
  const members: Member[] = []
  const names = new Set<string>()
  let at = begin
  for (let k = 0; k < count; k++) {
    const record = readRecord(where, bytes, view, at, last)
    if (isLeft(record)) return record
    const { member, next } = record.right
    if (names.has(member.name))
      return refuse('duplicateName', `${where}: member ${quote(member.name)} is listed twice.`, at)
    names.add(member.name)
    if (!member.name.endsWith('/')) members.push(member)
    at = next
  }
  if (at !== last)
    return refuse('badHeader', `${where}: ${count} members of the directory end here, byte ${last} is expected.`, at)
  return right(members)
}

/** The content of one member: a view of the archive where it is stored, new memory where it was deflated. */
export const zipContent = (where: string, bytes: Uint8Array, member: Member): Either<DataError, Uint8Array> => {
  const { name, header, crc, size } = member
  const what = `${where}: member ${quote(name)}`
  const view = viewOf(bytes)
  if (header + 30 > bytes.length || view.getUint32(header, true) !== headerMark)
    return refuse('badOffsets', `${what} should begin at byte ${header}, no member begins there.`, header)
  const nameLength = view.getUint16(header + 26, true)
  const begin = header + 30 + nameLength + view.getUint16(header + 28, true)
  if (begin + member.packed > bytes.length)
    return refuse('badOffsets', `${what} ends at byte ${begin + member.packed}, the file at ${bytes.length}.`, header)
  if (textOf(bytes.subarray(header + 30, header + 30 + nameLength)) !== name)
    return refuse('badHeader', `${what} has another name in its own header.`, header + 30)
  const packed = bytes.subarray(begin, begin + member.packed)
  if (member.method === 8) return inflate(what, { packed, size, crc, begin })
  return size === packed.length
    ? checked(what, packed, crc, begin)
    : refuse('badCompression', `${what} is stored in ${packed.length} bytes, and ${size} are announced.`, begin)
}

// The last thing but for a comment, whose length must lead exactly to the end of the file.
const endRecord = (view: DataView): number | undefined => {
  const length = view.byteLength
  for (let at = length - 22; at >= 0 && at >= length - 22 - 65_535; at--)
    if (view.getUint32(at, true) === endMark && at + 22 + view.getUint16(at + 20, true) === length) return at
  return undefined
}

const readRecord = (
  where: string,
  bytes: Uint8Array,
  view: DataView,
  at: number,
  end: number,
): Either<DataError, { readonly member: Member; readonly next: number }> => {
  if (at + 46 > end || view.getUint32(at, true) !== recordMark)
    return refuse('badHeader', `${where}: a record of the directory is expected.`, at)
  const word = (offset: number): number => view.getUint16(at + offset, true)
  const long = (offset: number): number => view.getUint32(at + offset, true)
  const next = at + 46 + word(28) + word(30) + word(32)
  if (next > end)
    return refuse('badHeader', `${where}: a record reaches byte ${next}, the directory ends at ${end}.`, at)
  const name = textOf(bytes.subarray(at + 46, at + 46 + word(28)))
  const what = `${where}: member ${quote(name)}`
  if ((word(8) & 0x2041) !== 0) return refuse('unsupportedFormat', `${what} is encrypted.`, at + 8)
  const method = word(10)
  if (method !== 0 && method !== 8)
    return refuse(
      'unsupportedFormat',
      `${what} is packed by method ${method}; 0 (stored) and 8 (deflate) are read.`,
      at + 10,
    )
  return right({ member: { name, method, crc: long(16), packed: long(20), size: long(24), header: long(42) }, next })
}

const textOf = (bytes: Uint8Array): string => new TextDecoder().decode(bytes)
