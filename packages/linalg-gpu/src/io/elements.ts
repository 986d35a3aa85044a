/** From bytes in a file to the elements of an entry: one row for each stored type.
 *
 *  What we compute in is kept bit for bit; what we do not is widened where every value stays exact (i16 → i32, u16 →
 *  u32, bf16 → f32); 64-bit integers are narrowed where every value fits, and refused by name where one does not.
 *  Sharing    the result is a view of the bytes where they are aligned and need no change. */

import { type Either, right } from 'fp-ts/lib/Either.js'
import { bytesOf } from '../dtype.js'
import { type EntryData, type EntryDType, type FileError, refuse } from './entry.js'

export type Stored = EntryDType | 'i16' | 'u16' | 'bf16' | 'i64' | 'u64'

interface Source {
  /** The beginning of a message: the function and the part of the file. */
  readonly where: string
  /** Where the first byte stands in the file. */
  readonly offset: number
  /** `owned` bytes may be changed in place; `foreign` ones belong to somebody else. */
  readonly bytes: 'owned' | 'foreign'
}

interface Elements {
  readonly dtype: EntryDType
  readonly data: EntryData
}

/** Bytes of one stored element. */
export const bytesOfStored = (stored: Stored): number => widths[stored] ?? bytesOf(stored as EntryDType)

/** Reads little endian elements; `raw` is a whole number of them, and no Buffer (`plainBytes`). */
export const readElements = (stored: Stored, raw: Uint8Array, source: Source): Either<FileError, Elements> =>
  rows[stored](raw, source)

/** The same elements with the order of each one's bytes reversed, in new memory. */
export const swapped = (raw: Uint8Array, width: number): Uint8Array => {
  const out = new Uint8Array(raw.length)
  for (let at = 0; at < raw.length; at += width) for (let k = 0; k < width; k++) out[at + k] = raw[at + width - 1 - k]!
  return out
}

type Row = (raw: Uint8Array, source: Source) => Either<FileError, Elements>

const widths: { readonly [S in Stored]?: number } = { i16: 2, u16: 2, bf16: 2, i64: 8, u64: 8 }

const aligned = (raw: Uint8Array, width: number): Uint8Array => (raw.byteOffset % width === 0 ? raw : raw.slice())

const kept =
  <D extends EntryDType>(dtype: D, over: (buffer: ArrayBufferLike, offset: number, length: number) => EntryData): Row =>
  (raw) => {
    const { buffer, byteOffset, length } = aligned(raw, bytesOf(dtype))
    return right({ dtype, data: over(buffer, byteOffset, length / bytesOf(dtype)) })
  }

const halves = (raw: Uint8Array): Uint16Array => {
  const { buffer, byteOffset, length } = aligned(raw, 2)
  return new Uint16Array(buffer, byteOffset, length / 2)
}

// A bf16 is the upper half of an f32.
const widenBf16: Row = (raw) => {
  const bits = Uint32Array.from(halves(raw), (half) => half << 16)
  return right({ dtype: 'f32', data: new Float32Array(bits.buffer) })
}

// NumPy writes the bytes it has: 0 and 255 occur.
const truth: Row = (raw, { bytes }) => {
  if (!raw.some((byte) => byte > 1)) return right({ dtype: 'bool', data: raw })
  const data = bytes === 'owned' ? raw : new Uint8Array(raw.length)
  for (let i = 0; i < raw.length; i++) data[i] = raw[i] === 0 ? 0 : 1
  return right({ dtype: 'bool', data })
}

// The lower word says it all when the upper one only repeats its sign (i64) or is zero (u64).
const narrow64 =
  (dtype: 'i32' | 'u32'): Row =>
  (raw, { where, offset }) => {
    const { buffer, byteOffset, length } = aligned(raw, 4)
    const words = new Int32Array(buffer, byteOffset, length / 4)
    const data = dtype === 'i32' ? new Int32Array(length / 8) : new Uint32Array(length / 8)
    for (let i = 0; i < data.length; i++) {
      const low = words[2 * i]!
      if (words[2 * i + 1] !== (dtype === 'i32' ? low >> 31 : 0)) {
        const view = new DataView(buffer, byteOffset, length)
        const value = dtype === 'i32' ? view.getBigInt64(8 * i, true) : view.getBigUint64(8 * i, true)
        const message = `${where}: element ${i} is ${value}, which ${dtype} cannot hold; save it as ${dtype} or f64.`
        return refuse('unsupportedDType', message, offset + 8 * i)
      }
      data[i] = low
    }
    return right({ dtype, data })
  }

const rows: { readonly [S in Stored]: Row } = {
  f32: kept('f32', (buffer, offset, length) => new Float32Array(buffer, offset, length)),
  f64: kept('f64', (buffer, offset, length) => new Float64Array(buffer, offset, length)),
  f16: kept('f16', (buffer, offset, length) => new Uint16Array(buffer, offset, length)),
  i32: kept('i32', (buffer, offset, length) => new Int32Array(buffer, offset, length)),
  u32: kept('u32', (buffer, offset, length) => new Uint32Array(buffer, offset, length)),
  u8: kept('u8', (buffer, offset, length) => new Uint8Array(buffer, offset, length)),
  i8: kept('i8', (buffer, offset, length) => new Int8Array(buffer, offset, length)),
  bool: truth,
  i16: (raw) => right({ dtype: 'i32', data: Int32Array.from(halves(raw), (half) => (half << 16) >> 16) }),
  u16: (raw) => right({ dtype: 'u32', data: Uint32Array.from(halves(raw)) }),
  bf16: widenBf16,
  i64: narrow64('i32'),
  u64: narrow64('u32'),
}
