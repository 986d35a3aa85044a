/** The directory of a zip archive, and its members one by one, so that only what is wanted is expanded.
 *
 *      member … member | central directory | [zip64 end] | end
 *
 *  The central directory is the truth; each local header must agree with it in name. Methods stored and deflate (by
 *  fflate); zip64 read. Refused before anything is allocated: members that overlap, sizes beyond what deflate can
 *  reach (1,032 : 1), encryption, several disks.
 *  Checked    length and CRC-32 of every expanded member (fflate checks neither).
 *  Fails      truncated | badHeader | badOffsets | badCompression | badChecksum | duplicateName | unsupportedFormat
 *  Source     PKWARE APPNOTE 6.3.10, sections 4.3 to 4.5. */

import { inflateSync } from 'fflate'
import { type Either, isLeft, right } from 'fp-ts/lib/Either.js'
import { type FileError, refuse } from './entry.js'
import { quote, utf8 } from './text.js'

export interface Member {
  readonly name: string
  readonly method: number
  readonly crc: number
  /** Where the content begins and ends in the archive. */
  readonly begin: number
  readonly end: number
  /** Bytes when expanded. */
  readonly size: number
}

/** The members in the order of the directory. */
export const zipMembers = (bytes: Uint8Array, where: string): Either<FileError, readonly Member[]> => {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  const directory = findDirectory(view, where)
  if (isLeft(directory)) return directory
  const { count, begin, end } = directory.right
  const members: Member[] = []
  const spans: { readonly name: string; readonly begin: number; readonly end: number }[] = []
  const names = new Set<string>()
  let at = begin
  for (let k = 0; k < count; k++) {
    const record = readRecord(bytes, view, at, end, begin, where)
    if (isLeft(record)) return record
    const { member, local, next } = record.right
    if (names.has(member.name))
      return refuse('duplicateName', `${where}: member ${quote(member.name)} is listed twice.`, at)
    names.add(member.name)
    members.push(member)
    spans.push({ name: member.name, begin: local, end: member.end })
    at = next
  }
  if (at !== end)
    return refuse('badHeader', `${where}: ${count} members of the directory end here, byte ${end} is expected.`, at)
  spans.sort((a, b) => a.begin - b.begin)
  for (let k = 1; k < spans.length; k++)
    if (spans[k]!.begin < spans[k - 1]!.end)
      return refuse(
        'badOffsets',
        `${where}: members ${quote(spans[k - 1]!.name)} and ${quote(spans[k]!.name)} overlap.`,
        spans[k]!.begin,
      )
  return right(members)
}

/** The content of one member: a view of the archive where it is stored, new memory where it was deflated. */
export const zipContent = (bytes: Uint8Array, member: Member, where: string): Either<FileError, Uint8Array> => {
  const packed = bytes.subarray(member.begin, member.end)
  const content = member.method === 0 ? right(packed) : inflated(packed, member, where)
  if (isLeft(content)) return content
  const crc = crc32(content.right)
  if (crc !== member.crc)
    return refuse(
      'badChecksum',
      `${where}: CRC-32 is ${hex(crc)}, the directory says ${hex(member.crc)}: the file was damaged.`,
      member.begin,
    )
  return content
}

/** The cyclic redundancy check of zip, gzip and png: polynomial x³² + x²⁶ + … + 1, bits reversed. */
export const crc32 = (bytes: Uint8Array): number => {
  let crc = -1
  for (let i = 0; i < bytes.length; i++) crc = crcTable[(crc ^ bytes[i]!) & 255]! ^ (crc >>> 8)
  return (crc ^ -1) >>> 0
}

interface Directory {
  readonly count: number
  readonly begin: number
  readonly end: number
}

const endMark = 0x06054b50
const end64Mark = 0x06064b50
const locator64Mark = 0x07064b50
const recordMark = 0x02014b50
const localMark = 0x04034b50

const u64 = (view: DataView, at: number): number => view.getUint32(at, true) + view.getUint32(at + 4, true) * 2 ** 32

// The end record is the last thing but for a comment of up to 65,535 bytes, whose length must lead exactly to the end
// of the file.
const findDirectory = (view: DataView, where: string): Either<FileError, Directory> => {
  const length = view.byteLength
  for (let at = length - 22; at >= 0 && at >= length - 22 - 65_535; at--) {
    if (view.getUint32(at, true) !== endMark || at + 22 + view.getUint16(at + 20, true) !== length) continue
    const [disk, start, here, count] = [4, 6, 8, 10].map((k) => view.getUint16(at + k, true)) as [
      number,
      number,
      number,
      number,
    ]
    const [size, begin] = [view.getUint32(at + 12, true), view.getUint32(at + 16, true)]
    if (count === 0xffff || size === 0xffffffff || begin === 0xffffffff) {
      const end64 = at >= 20 && view.getUint32(at - 20, true) === locator64Mark ? u64(view, at - 12) : -1
      if (end64 >= 0 && end64 + 56 <= at - 20 && view.getUint32(end64, true) === end64Mark)
        return spanOf(
          {
            count: u64(view, end64 + 32),
            begin: u64(view, end64 + 48),
            end: u64(view, end64 + 48) + u64(view, end64 + 40),
          },
          end64,
          where,
        )
    }
    if (disk !== 0 || start !== 0 || here !== count)
      return refuse('unsupportedFormat', `${where}: an archive over several disks is not read.`, at)
    return spanOf({ count, begin, end: begin + size }, at, where)
  }
  return refuse('truncated', `${where}: no end record of a zip archive; the file is cut off, or is no zip.`, length)
}

const spanOf = (directory: Directory, limit: number, where: string): Either<FileError, Directory> =>
  directory.end === limit
    ? right(directory)
    : refuse(
        'badOffsets',
        `${where}: the directory [${directory.begin}, ${directory.end}] should end where its end record begins.`,
        limit,
      )

const readRecord = (
  bytes: Uint8Array,
  view: DataView,
  at: number,
  end: number,
  limit: number,
  where: string,
): Either<FileError, { readonly member: Member; readonly local: number; readonly next: number }> => {
  if (at + 46 > end || view.getUint32(at, true) !== recordMark)
    return refuse('badHeader', `${where}: a record of the directory is expected.`, at)
  const [flags, method] = [view.getUint16(at + 8, true), view.getUint16(at + 10, true)]
  const [nameLength, extraLength, commentLength] = [28, 30, 32].map((k) => view.getUint16(at + k, true)) as [
    number,
    number,
    number,
  ]
  const next = at + 46 + nameLength + extraLength + commentLength
  if (next > end)
    return refuse('badHeader', `${where}: a record reaches byte ${next}, the directory ends at ${end}.`, at)
  const nameBytes = bytes.slice(at + 46, at + 46 + nameLength)
  const name = utf8(nameBytes)
  if (name === undefined) return refuse('badHeader', `${where}: the name of a member is not UTF-8.`, at + 46)
  const what = `${where}: member ${quote(name)}`
  if ((flags & 0x2041) !== 0) return refuse('unsupportedFormat', `${what} is encrypted.`, at + 8)
  if (method !== 0 && method !== 8)
    return refuse(
      'unsupportedFormat',
      `${what} is packed by method ${method}; 0 (stored) and 8 (deflate) are read.`,
      at + 10,
    )
  const [size, packed, local] = wide(view, at, at + 46 + nameLength, extraLength)
  if (local + 30 > limit || view.getUint32(local, true) !== localMark)
    return refuse('badOffsets', `${what} should begin at byte ${local}, no member begins there.`, at + 42)
  const localNameLength = view.getUint16(local + 26, true)
  const begin = local + 30 + localNameLength + view.getUint16(local + 28, true)
  if (begin + packed > limit)
    return refuse('badOffsets', `${what} ends at byte ${begin + packed}, inside the directory at ${limit}.`, local)
  if (localNameLength !== nameLength || nameBytes.some((byte, i) => bytes[local + 30 + i] !== byte))
    return refuse('badHeader', `${what} has another name in its own header.`, local + 30)
  // Deflate's best is 258 bytes for two bits; more is a lie that would cost memory.
  if (method === 0 ? size !== packed : size > 1032 * packed)
    return refuse(
      'badCompression',
      `${what} claims to expand from ${packed} to ${size} bytes, which its method cannot.`,
      at + 24,
    )
  return right({
    member: { name, method, crc: view.getUint32(at + 16, true), begin, end: begin + packed, size },
    local,
    next,
  })
}

// Size, packed size and place of the local header; those that do not fit 32 bits stand in the extra field 1, in this
// order.
const wide = (view: DataView, at: number, extra: number, extraLength: number): [number, number, number] => {
  const sizes: [number, number, number] = [
    view.getUint32(at + 24, true),
    view.getUint32(at + 20, true),
    view.getUint32(at + 42, true),
  ]
  for (let k = extra; k + 4 <= extra + extraLength; ) {
    const [id, length] = [view.getUint16(k, true), view.getUint16(k + 2, true)]
    const fieldEnd = Math.min(k + 4 + length, extra + extraLength)
    if (id === 1) {
      let from = k + 4
      for (const i of [0, 1, 2] as const)
        if (sizes[i] === 0xffffffff && from + 8 <= fieldEnd) {
          sizes[i] = u64(view, from)
          from += 8
        }
    }
    k += 4 + length
  }
  return sizes
}

// One byte more than announced, so that a stream which goes on is seen.
const inflated = (packed: Uint8Array, { size, begin }: Member, where: string): Either<FileError, Uint8Array> => {
  try {
    const content = inflateSync(packed, { out: new Uint8Array(size + 1) })
    if (packed.length > 0 && content.length === size) return right(content)
    return refuse(
      'badCompression',
      `${where}: expands to ${content.length > size ? 'more' : content.length} bytes, ${size} are announced.`,
      begin,
    )
  } catch (error) {
    return refuse('badCompression', `${where}: ${error instanceof Error ? error.message : String(error)}.`, begin)
  }
}

const hex = (value: number): string => value.toString(16).padStart(8, '0')

const crcTable: Int32Array = Int32Array.from({ length: 256 }, (_, byte) => {
  let crc = byte
  for (let bit = 0; bit < 8; bit++) crc = crc & 1 ? (crc >>> 1) ^ 0xedb88320 : crc >>> 1
  return crc
})
