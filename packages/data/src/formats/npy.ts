/** NumPy's .npy: one array, its header a Python dictionary.
 *
 *      "\x93NUMPY" major minor | u16 n (version 1), u32 n (2, 3) | header of n bytes | elements
 *
 *  Read      b1 u1 i1 u2 i2 u4 i4 f4 f8, in either order of bytes; row-major and column-major, which is turned to
 *            row-major. Bytes of b1 other than 0 become 1. i8 and u8 become 32 bits wide where all values fit.
 *  Refused   object arrays (pickles run code), text, dates, complex and structured types, f2.
 *  Fails     truncated | trailingBytes | badHeader | badShape | unsupportedType | unsupportedFormat
 *  Source    numpy.lib.format, NEP 1. */

import { type Either, isLeft, right } from 'fp-ts/lib/Either.js'
import { countOf, type Elements, emptyLike, type NdArray } from '../ndarray.js'
import { type DataError, quote, refuse } from '../outcome.js'
import { viewOf } from './bytes.js'

const caller = 'decodeNpy'

/** The array of a .npy file, copied. */
export const decodeNpy = (bytes: Uint8Array): Either<DataError, NdArray> => {
  const header = readHeader(bytes)
  if (isLeft(header)) return header
  const { start, code, bigEndian, columnMajor, shape } = header.right
  const width = Number(code[1])
  const end = start + countOf(shape)! * width
  const announced = `${caller}: shape [${shape.join(', ')}] ends at byte ${end}, the file has ${bytes.length}.`
  if (end > bytes.length) return refuse('truncated', announced, bytes.length)
  if (end < bytes.length) return refuse('trailingBytes', announced, end)
  const own = new Uint8Array(bytes.subarray(start, end))
  if (bigEndian) for (let at = 0; at < own.length; at += width) own.subarray(at, at + width).reverse()
  const data = elementsOf[code]!(own.buffer)
  if (data === undefined)
    return refuse('unsupportedType', `${caller}: values of ${code} that 32 bits do not hold: save them as f8.`, start)
  return right({ data: columnMajor ? rowMajor(data, shape) : data, shape })
}

interface Header {
  readonly start: number
  readonly code: string
  readonly bigEndian: boolean
  readonly columnMajor: boolean
  readonly shape: readonly number[]
}

/** By NumPy's code; undefined where the values do not fit. */
const elementsOf: Readonly<Record<string, (buffer: ArrayBuffer) => Elements | undefined>> = {
  b1: (buffer) => {
    const data = new Uint8Array(buffer)
    for (let i = 0; i < data.length; i++) if (data[i]! > 1) data[i] = 1
    return data
  },
  u1: (buffer) => new Uint8Array(buffer),
  i1: (buffer) => new Int8Array(buffer),
  u2: (buffer) => new Uint16Array(buffer),
  i2: (buffer) => new Int16Array(buffer),
  u4: (buffer) => new Uint32Array(buffer),
  i4: (buffer) => new Int32Array(buffer),
  f4: (buffer) => new Float32Array(buffer),
  f8: (buffer) => new Float64Array(buffer),
  i8: (buffer) => narrowed(new BigInt64Array(buffer), (n) => new Int32Array(n)),
  u8: (buffer) => narrowed(new BigUint64Array(buffer), (n) => new Uint32Array(n)),
}

const narrowed = <T extends Int32Array | Uint32Array>(
  wide: BigInt64Array | BigUint64Array,
  make: (length: number) => T,
): T | undefined => {
  const data = make(wide.length)
  for (let i = 0; i < data.length; i++) {
    data[i] = Number(wide[i]!)
    if (BigInt(data[i]!) !== wide[i]!) return undefined
  }
  return data
}

const magic = [0x93, 0x4e, 0x55, 0x4d, 0x50, 0x59] // \x93NUMPY

const readHeader = (bytes: Uint8Array): Either<DataError, Header> => {
  const head = magic.findIndex((byte, i) => i < bytes.length && bytes[i] !== byte)
  if (head >= 0) return refuse('badHeader', `${caller}: a .npy file begins with \\x93NUMPY, this one does not.`, head)
  const short = (end: number) =>
    refuse('truncated', `${caller}: the header ends at byte ${end}, the file has ${bytes.length}.`, bytes.length)
  if (bytes.length < 12) return short(12)
  const [major, view] = [bytes[6]!, viewOf(bytes)]
  if (major < 1 || major > 3 || bytes[7] !== 0)
    return refuse('unsupportedFormat', `${caller}: version ${major}.${bytes[7]}; 1.0, 2.0 and 3.0 are read.`, 6)
  const from = major === 1 ? 10 : 12
  const start = from + (major === 1 ? view.getUint16(8, true) : view.getUint32(8, true))
  if (start > bytes.length) return short(start)
  const text = new TextDecoder('latin1').decode(bytes.subarray(from, start))
  const [, descr] = /'descr'\s*:\s*('[^']*'|\[.*\])/.exec(text) ?? []
  const [, order] = /'fortran_order'\s*:\s*(True|False)\b/.exec(text) ?? []
  const [, sizes] = /'shape'\s*:\s*\(([\d,\s]*)\)/.exec(text) ?? []
  if (!/^\{[^{}]*\}\s*$/.test(text) || descr === undefined || order === undefined || sizes === undefined)
    return refuse(
      'badHeader',
      `${caller}: a dictionary of descr, fortran_order and shape is expected, not ${quote(text.trim())}.`,
      from,
    )
  const shape = sizes
    .split(',')
    .filter((size) => size.trim() !== '')
    .map(Number)
  if (countOf(shape) === undefined)
    return refuse('badShape', `${caller}: no file has the elements of shape (${sizes}).`, from)
  const [, mark, code = ''] = /^'([<>|=])([a-z]\d+)'$/.exec(descr) ?? []
  // One byte has no order. For more, '<' or '>' is needed, as "native" would be the writer's machine.
  if (!Object.hasOwn(elementsOf, code) || !(code[1] === '1' || mark === '<' || mark === '>'))
    return refuse(
      'unsupportedType',
      `${caller}: elements of ${quote(descr)}; read are ${Object.keys(elementsOf).join(' ')} after '<' or '>': convert with astype.`,
      from,
    )
  return right({ start, code, bigEndian: mark === '>', columnMajor: order === 'True', shape })
}

/** Column-major to row-major: out[i₁ … iᵣ] = data[Σ iₖ sₖ],  sₖ = n₁ ⋯ nₖ₋₁. */
const rowMajor = <T extends Elements>(data: T, shape: readonly number[]): T => {
  const steps = shape.map((_, k) => shape.slice(0, k).reduce((a, b) => a * b, 1))
  const out = emptyLike(data, data.length)
  const index = shape.map(() => 0)
  for (let to = 0, from = 0; to < out.length; to++) {
    out[to] = data[from]!
    for (let k = shape.length - 1; k >= 0; k--) {
      from += steps[k]!
      if (++index[k]! < shape[k]!) break
      from -= shape[k]! * steps[k]!
      index[k] = 0
    }
  }
  return out
}
