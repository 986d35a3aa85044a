/** NumPy's .npy format: one array, its header a Python dictionary.
 *
 *      "\x93NUMPY" major minor | u16 n (v1), u32 n (v2, v3) | header of n bytes | elements
 *
 *  Written as `numpy.save` writes it (v1, elements aligned to 64 bytes), byte for byte.
 *  Read       v1, v2, v3; little and big endian; row-major and column-major (turned to row-major).
 *  Widened    i2 u2 → i32 u32. i8 u8 → i32 u32 where all values fit. Bytes of `|b1` other than 0 become 1.
 *  Refused    object arrays (pickles run code), text, dates, complex and structured types.
 *  Sharing    the entry is a view of the bytes where no conversion is needed: leave the bytes alone while you use it.
 *  Fails      truncated | trailingBytes | badHeader | badShape | unsupportedDType | unsupportedFormat
 *  Laws       decode(encode(x)) = x.
 *  Source     numpy.lib.format, NEP 1. */

import { type Either, isLeft, right } from 'fp-ts/lib/Either.js'
import { bytesOfStored, readElements, type Stored, swapped } from './elements.js'
import {
  bytesOfEntry,
  checkEntry,
  countOf,
  type Entry,
  type EntryData,
  type EntryDType,
  type FileError,
  plainBytes,
  refuse,
} from './entry.js'
import { type Literal, parseLiteral } from './literal.js'
import { utf8, utf8Bytes } from './text.js'

/** Throws when the entry contradicts itself. */
export const encodeNpy = (entry: Entry): Uint8Array => {
  const { dtype, shape, data } = checkEntry('encodeNpy', 'the entry', entry)
  const sizes = shape.length === 1 ? `(${shape[0]},)` : `(${shape.join(', ')})`
  // NumPy leaves room for the first size to grow to 21 digits in place.
  const room = shape.length === 0 ? 0 : 21 - String(shape[0]).length
  const fields = `{'descr': '${descriptions[dtype]}', 'fortran_order': False, 'shape': ${sizes}, }${' '.repeat(room)}`
  const start = Math.ceil((10 + fields.length + 1) / 64) * 64
  const out = new Uint8Array(start + data.byteLength)
  out.set(magic)
  out.set([1, 0, (start - 10) & 255, (start - 10) >> 8], 6)
  out.set(utf8Bytes(`${fields.padEnd(start - 11)}\n`), 10)
  out.set(bytesOfEntry(entry), start)
  return out
}

export const decodeNpy = (bytes: Uint8Array): Either<FileError, Entry> =>
  readNpy(plainBytes(bytes), 'decodeNpy', 'foreign')

/** `decodeNpy` for other readers: `bytes` are plain (`plainBytes`), `where` begins the messages, and `owned` bytes
 *  may be changed in place, which saves a copy. */
export const readNpy = (bytes: Uint8Array, where: string, ownership: 'owned' | 'foreign'): Either<FileError, Entry> => {
  const header = readHeader(bytes, where)
  if (isLeft(header)) return header
  const { start, stored, bigEndian, columnMajor, shape } = header.right
  const width = bytesOfStored(stored)
  const end = start + countOf(shape)! * width
  if (end > bytes.length)
    return refuse(
      'truncated',
      `${where}: shape (${shape}) of ${width} bytes an element ends at byte ${end}, the file has ${bytes.length}.`,
      bytes.length,
    )
  if (end < bytes.length)
    return refuse(
      'trailingBytes',
      `${where}: ${bytes.length - end} bytes follow the array; one array a file is read.`,
      end,
    )
  const raw = bytes.subarray(start, end)
  const turned = bigEndian && width > 1
  const elements = readElements(stored, turned ? swapped(raw, width) : raw, {
    where,
    offset: start,
    bytes: turned ? 'owned' : ownership,
  })
  if (isLeft(elements)) return elements
  const { dtype, data } = elements.right
  return right({ dtype, shape, data: columnMajor ? rowMajor(data, shape) : data })
}

interface Header {
  readonly start: number
  readonly stored: Stored
  readonly bigEndian: boolean
  readonly columnMajor: boolean
  readonly shape: readonly number[]
}

const magic = [0x93, 0x4e, 0x55, 0x4d, 0x50, 0x59] // \x93NUMPY
const maximumHeader = 1_000_000 // ours take 118 bytes; NumPy warns from 10,000 on

const descriptions: Readonly<Record<EntryDType, string>> = {
  f32: '<f4',
  f64: '<f8',
  f16: '<f2',
  i32: '<i4',
  u32: '<u4',
  u8: '|u1',
  i8: '|i1',
  bool: '|b1',
}

const storedOf: ReadonlyMap<string, Stored> = new Map<string, Stored>([
  ...Object.entries(descriptions).map(([dtype, text]) => [text.slice(1), dtype as EntryDType] as const),
  ['i2', 'i16'],
  ['u2', 'u16'],
  ['i8', 'i64'],
  ['u8', 'u64'],
])

const readHeader = (bytes: Uint8Array, where: string): Either<FileError, Header> => {
  const head = magic.findIndex((byte, i) => bytes[i] !== byte)
  if (head >= 0 && head < bytes.length)
    return refuse('badHeader', `${where}: a .npy file begins with \\x93NUMPY, this one does not.`, head)
  if (bytes.length < 10)
    return refuse(
      'truncated',
      `${where}: 10 bytes of preamble are expected, the file has ${bytes.length}.`,
      bytes.length,
    )
  const [major, minor] = [bytes[6]!, bytes[7]!]
  if (major < 1 || major > 3 || minor !== 0)
    return refuse(
      'unsupportedFormat',
      `${where}: version ${major}.${minor} of the format; 1.0, 2.0 and 3.0 are read.`,
      6,
    )
  const from = major === 1 ? 10 : 12
  if (bytes.length < from)
    return refuse(
      'truncated',
      `${where}: ${from} bytes of preamble are expected, the file has ${bytes.length}.`,
      bytes.length,
    )
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  const length = major === 1 ? view.getUint16(8, true) : view.getUint32(8, true)
  if (length > maximumHeader)
    return refuse('badHeader', `${where}: the header claims ${length} bytes, at most ${maximumHeader} are allowed.`, 8)
  const start = from + length
  if (start > bytes.length)
    return refuse(
      'truncated',
      `${where}: the header claims ${length} bytes, ${bytes.length - from} follow.`,
      bytes.length,
    )
  const content = bytes.slice(from, start)
  const text = major === 3 ? utf8(content) : latin1(content)
  if (text === undefined) return refuse('badHeader', `${where}: the header is not UTF-8.`, from)
  const parsed = parseLiteral(text, 'python')
  if (isLeft(parsed)) {
    const before = text.slice(0, parsed.left.index)
    const offset = from + (major === 3 ? utf8Bytes(before).length : before.length)
    return refuse('badHeader', `${where}: header: ${parsed.left.message}.`, offset)
  }
  return headerOf(parsed.right, start, from, where)
}

const headerOf = (fields: Literal, start: number, from: number, where: string): Either<FileError, Header> => {
  if (
    !(fields instanceof Map) ||
    fields.size !== 3 ||
    !['descr', 'fortran_order', 'shape'].every((key) => fields.has(key))
  )
    return refuse(
      'badHeader',
      `${where}: the header is a dictionary of descr, fortran_order and shape, this one is not.`,
      from,
    )
  const [descr, columnMajor, shape] = [
    fields.get('descr'),
    fields.get('fortran_order'),
    fields.get('shape'),
  ] as Literal[]
  if (typeof columnMajor !== 'boolean') return refuse('badHeader', `${where}: fortran_order is True or False.`, from)
  const sizes = Array.isArray(shape) ? (shape as readonly Literal[]) : undefined
  if (!sizes?.every((size) => typeof size === 'number') || countOf(sizes) === undefined)
    return refuse(
      'badShape',
      `${where}: shape is a tuple of at most 64 whole sizes ≥ 0, got ${JSON.stringify(shape)?.slice(0, 60)}.`,
      from,
    )
  const [order, stored] = typeof descr === 'string' ? [descr[0], storedOf.get(descr.slice(1))] : []
  const width = stored === undefined ? 0 : bytesOfStored(stored)
  // One byte has no order: any mark will do. For more, '<' or '>' is needed, as "native" would be the writer's machine.
  if (stored === undefined || !(width === 1 ? '<>=|' : '<>').includes(order!))
    return refuse(
      'unsupportedDType',
      `${where}: dtype ${shown(descr)}; read are ${[...storedOf.keys()].join(' ')} after '<' or '>'. ${adviceFor(descr)}`,
      from,
    )
  return right({ start, stored, bigEndian: order === '>', columnMajor, shape: sizes })
}

const shown = (descr: Literal | undefined): string =>
  typeof descr === 'string' ? `'${descr.slice(0, 40)}'` : 'with fields'
const adviceFor = (descr: Literal | undefined): string =>
  typeof descr === 'string' && descr.includes('O')
    ? 'Objects are pickles, which run code when read: save numbers, with allow_pickle=False.'
    : 'Convert it with astype before saving.'

const latin1 = (bytes: Uint8Array): string => {
  let text = ''
  for (const byte of bytes) text += String.fromCharCode(byte)
  return text
}

/** Column-major to row-major: out[i₁ … iᵣ] = data[Σ iₖ sₖ],  sₖ = n₁ ⋯ nₖ₋₁. Axes of size 1 move nothing and are left
 *  out. */
const rowMajor = (data: EntryData, shape: readonly number[]): EntryData => {
  const sizes = shape.filter((size) => size !== 1)
  if (sizes.length < 2) return data
  const steps = sizes.map((_, k) => sizes.slice(0, k).reduce((a, b) => a * b, 1))
  const [inner, step] = [sizes.at(-1)!, steps.at(-1)!]
  const out = data.slice()
  const index = sizes.map(() => 0)
  for (let to = 0, from = 0; to < out.length; to += inner) {
    for (let j = 0; j < inner; j++) out[to + j] = data[from + j * step]!
    for (let k = sizes.length - 2; k >= 0; k--) {
      from += steps[k]!
      if (++index[k]! < sizes[k]!) break
      from -= sizes[k]! * steps[k]!
      index[k] = 0
    }
  }
  return out
}
