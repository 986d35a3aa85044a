/** The safetensors format: named arrays and text metadata in one file that can be checked before anything is believed.
 *
 *      u64 n | JSON header of n bytes | data            little endian; offsets count from the start of the data
 *
 *  Written as the reference implementation writes: the widest dtypes first, then by name; the header padded by spaces
 *  to 8 bytes, so that every array is aligned. The same entries give the same bytes. Read strictly: the arrays must
 *  tile the data in some order, without hole, overlap or remainder.
 *  Widened    I16 U16 BF16 → i32 u32 f32. I64 U64 → i32 u32 where all values fit.
 *  Sharing    entries are views of the bytes where no conversion is needed: leave the bytes alone while you use them.
 *  Fails      truncated | trailingBytes | badHeader | badShape | badOffsets | duplicateName | unsupportedDType |
 *             notFound
 *  Laws       decode(encode(x)) = x, encode(decode(b)) = b for what we wrote.
 *  Source     github.com/huggingface/safetensors, README and safetensors/src/tensor.rs */

import { type Either, isLeft, right } from 'fp-ts/lib/Either.js'
import { fail } from '../errors.js'
import { bytesOfStored, readElements, type Stored } from './elements.js'
import {
  bytesOfEntry,
  checkedPairs,
  countOf,
  type Entries,
  type Entry,
  type EntryDType,
  type FileError,
  pairsOf,
  plainBytes,
  refuse,
} from './entry.js'
import { type Literal, parseLiteral } from './literal.js'
import { byCodePoint, isWellFormed, quote, utf8, utf8Bytes } from './text.js'

export interface Safetensors {
  /** In the order of the header. */
  readonly entries: ReadonlyMap<string, Entry>
  readonly metadata: ReadonlyMap<string, string>
}

export interface SafetensorsOptions {
  /** The names to convert; all when left out. The header is checked as a whole either way. */
  readonly only?: readonly string[]
}

/** Throws when an entry contradicts itself, or a name cannot be written. */
export const writeSafetensors = (
  entries: Entries,
  metadata?: ReadonlyMap<string, string> | Readonly<Record<string, string>>,
): Uint8Array => {
  const pairs = checkedPairs('encodeSafetensors', entries)
  if (pairs.some(([name]) => name === reserved))
    fail('encodeSafetensors', `the name ${reserved} is the format's own: rename the entry.`)
  const order = pairs.sort(([a, x], [b, y]) => rank(y.dtype) - rank(x.dtype) || byCodePoint(a, b))
  let end = 0
  const fields = order.map(([name, { dtype, shape, data }]) => {
    const offsets = [end, (end += data.byteLength)]
    return `${JSON.stringify(name)}:${JSON.stringify({ dtype: names[dtype], shape, data_offsets: offsets })}`
  })
  if (metadata !== undefined) fields.unshift(`"${reserved}":{${metadataFields(metadata).join(',')}}`)
  const text = utf8Bytes(`{${fields.join(',')}}`)
  const length = Math.ceil(text.length / 8) * 8
  if (length > maximumHeader)
    fail('encodeSafetensors', `the header takes ${length} bytes, readers accept ${maximumHeader}: split the file.`)
  const out = new Uint8Array(8 + length + end)
  new DataView(out.buffer).setUint32(0, length, true)
  out.fill(0x20, 8 + text.length, 8 + length)
  out.set(text, 8)
  let at = 8 + length
  for (const [, entry] of order) {
    out.set(bytesOfEntry(entry), at)
    at += entry.data.byteLength
  }
  return out
}

export const readSafetensors = (file: Uint8Array, options: SafetensorsOptions = {}): Either<FileError, Safetensors> => {
  const bytes = plainBytes(file)
  const header = readHeader(bytes)
  if (isLeft(header)) return header
  const { start, metadata, parts } = header.right
  const tiling = checkTiling(parts, start, bytes.length)
  if (isLeft(tiling)) return tiling
  const wanted = options.only === undefined ? undefined : new Set(options.only)
  const known = new Set(parts.map(({ name }) => name))
  for (const name of wanted ?? [])
    if (!known.has(name)) return refuse('notFound', `${caller}: no array ${quote(name)}; there are ${listed(parts)}.`)
  const entries = new Map<string, Entry>()
  for (const { name, stored, shape, begin, end } of parts) {
    if (wanted !== undefined && !wanted.has(name)) continue
    const type = storedOf.get(stored)
    const where = `${caller}: array ${quote(name)}`
    if (type === undefined)
      return refuse(
        'unsupportedDType',
        `${where} is of dtype ${quote(stored)}: ${[...storedOf.keys()].join(' ')} are read; skip it with \`only\`.`,
      )
    const count = countOf(shape)
    if (count === undefined || count * bytesOfStored(type) !== end - begin)
      return refuse(
        'badShape',
        `${where}: ${stored} of shape [${shape}] does not take the ${end - begin} bytes given to it.`,
        start + begin,
      )
    const source = { where, offset: start + begin, bytes: 'foreign' } as const
    const elements = readElements(type, bytes.subarray(start + begin, start + end), source)
    if (isLeft(elements)) return elements
    entries.set(name, { ...elements.right, shape })
  }
  return right({ entries, metadata })
}

interface Part {
  readonly name: string
  readonly stored: string
  readonly shape: readonly number[]
  readonly begin: number
  readonly end: number
}

interface Header {
  /** Where the data begins. */
  readonly start: number
  readonly metadata: ReadonlyMap<string, string>
  readonly parts: readonly Part[]
}

const caller = 'decodeSafetensors'
const reserved = '__metadata__'
const maximumHeader = 100_000_000 // the reference's bound

// Narrow to wide: the order of the reference, from which the order in the file follows.
const names: Readonly<Record<EntryDType, string>> = {
  bool: 'BOOL',
  u8: 'U8',
  i8: 'I8',
  f16: 'F16',
  i32: 'I32',
  u32: 'U32',
  f32: 'F32',
  f64: 'F64',
}
const rank = (dtype: EntryDType): number => Object.keys(names).indexOf(dtype)

const storedOf: ReadonlyMap<string, Stored> = new Map<string, Stored>([
  ...Object.entries(names).map(([dtype, name]) => [name, dtype as EntryDType] as const),
  ['I16', 'i16'],
  ['U16', 'u16'],
  ['BF16', 'bf16'],
  ['I64', 'i64'],
  ['U64', 'u64'],
])

const readHeader = (bytes: Uint8Array): Either<FileError, Header> => {
  if (bytes.length < 8)
    return refuse(
      'truncated',
      `${caller}: 8 bytes of header length are expected, the file has ${bytes.length}.`,
      bytes.length,
    )
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  const length = view.getUint32(0, true) + view.getUint32(4, true) * 2 ** 32
  if (length > maximumHeader)
    return refuse(
      'badHeader',
      `${caller}: the header claims ${length} bytes, at most ${maximumHeader} are allowed; is this a safetensors file?`,
      0,
    )
  if (8 + length > bytes.length)
    return refuse(
      'truncated',
      `${caller}: the header claims ${length} bytes, ${bytes.length - 8} follow.`,
      bytes.length,
    )
  const text = utf8(bytes.slice(8, 8 + length))
  if (text === undefined) return refuse('badHeader', `${caller}: the header is not UTF-8.`, 8)
  if (!text.startsWith('{'))
    return refuse(
      'badHeader',
      `${caller}: the header begins with ${JSON.stringify(text.slice(0, 1))}, '{' is expected.`,
      8,
    )
  const parsed = parseLiteral(text, 'json')
  if (isLeft(parsed)) {
    const { code, message, index } = parsed.left
    return refuse(code, `${caller}: header: ${message}.`, 8 + utf8Bytes(text.slice(0, index)).length)
  }
  const fields = new Map(parsed.right as ReadonlyMap<string, Literal>)
  const metadata = metadataOf(fields.get(reserved))
  if (metadata === undefined)
    return refuse('badHeader', `${caller}: ${reserved} is a record of strings, this one is not.`, 8)
  fields.delete(reserved)
  const parts: Part[] = []
  for (const [name, field] of fields) {
    const part = partOf(name, field)
    if (isLeft(part)) return part
    parts.push(part.right)
  }
  return right({ start: 8 + length, metadata, parts })
}

const partOf = (name: string, field: Literal): Either<FileError, Part> => {
  const where = `${caller}: array ${quote(name)}`
  if (!(field instanceof Map))
    return refuse('badHeader', `${where}: a record of dtype, shape and data_offsets is expected.`, 8)
  const [stored, shape, offsets] = [field.get('dtype'), field.get('shape'), field.get('data_offsets')]
  if (typeof stored !== 'string') return refuse('badHeader', `${where}: dtype is a string, got ${shown(stored)}.`, 8)
  if (!isNumbers(shape) || countOf(shape) === undefined)
    return refuse('badShape', `${where}: shape is a list of at most 64 whole sizes ≥ 0, got ${shown(shape)}.`, 8)
  if (!isNumbers(offsets) || offsets.length !== 2 || !offsets.every(Number.isSafeInteger))
    return refuse('badOffsets', `${where}: data_offsets are two whole numbers, got ${shown(offsets)}.`, 8)
  return right({ name, stored, shape, begin: offsets[0]!, end: offsets[1]! })
}

// Each array begins where the last one ended: this excludes holes, overlaps and offsets outside of the file at once.
const checkTiling = (parts: readonly Part[], start: number, length: number): Either<FileError, void> => {
  let at = 0
  for (const { name, begin, end } of [...parts].sort((a, b) => a.begin - b.begin || a.end - b.end)) {
    const where = `${caller}: array ${quote(name)}`
    if (begin !== at || end < begin)
      return refuse(
        'badOffsets',
        `${where} lies at [${begin}, ${end}], the one before it ends at ${at}: holes and overlaps are not allowed.`,
        8,
      )
    if (start + end > length)
      return refuse('truncated', `${where} ends at byte ${start + end}, the file has ${length}.`, length)
    at = end
  }
  return start + at === length
    ? right(undefined)
    : refuse('trailingBytes', `${caller}: ${length - start - at} bytes follow the last array.`, start + at)
}

const metadataOf = (field: Literal | undefined): ReadonlyMap<string, string> | undefined => {
  if (field === undefined) return new Map()
  if (!(field instanceof Map)) return undefined
  return [...field.values()].every((value) => typeof value === 'string')
    ? (field as ReadonlyMap<string, string>)
    : undefined
}

const metadataFields = (metadata: ReadonlyMap<string, string> | Readonly<Record<string, string>>): string[] =>
  pairsOf(metadata)
    .sort(([a], [b]) => byCodePoint(a, b))
    .map(([key, value]) => {
      if (!isWellFormed(key) || !isWellFormed(value))
        fail('encodeSafetensors', `metadata ${quote(key)} holds half a surrogate pair, which UTF-8 cannot write.`)
      return `${JSON.stringify(key)}:${JSON.stringify(value)}`
    })

const isNumbers = (value: Literal | undefined): value is readonly number[] =>
  Array.isArray(value) && value.every((item) => typeof item === 'number')
const shown = (value: Literal | undefined): string =>
  value === undefined ? 'nothing' : value instanceof Map ? 'a record' : JSON.stringify(value).slice(0, 60)
const listed = (parts: readonly Part[]): string =>
  parts
    .slice(0, 8)
    .map(({ name }) => quote(name))
    .join(', ') || 'none'
