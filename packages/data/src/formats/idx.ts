/** IDX, the format of MNIST and its kin.
 *
 *      0 0 type rank | size₀ … size_rank−1 (32 bits) | elements, row-major;  all big-endian
 *
 *  Types     8 u8, 9 i8, 11 i16, 12 i32, 13 f32, 14 f64. Compressed files are recognised by what is in them.
 *  Sharing   the bytes of an u8 array are a view of the file: leave the file's bytes alone while you use it.
 *  Fails     truncated | trailingBytes | badHeader | badShape | unsupportedType | what gzip fails with
 *  Source    LeCun, Cortes, Burges: "The MNIST database", section on the file format. */

import { type Either, isLeft, right } from 'fp-ts/lib/Either.js'
import { countOf, type Elements, type NdArray } from '../ndarray.js'
import { type DataError, refuse } from '../outcome.js'
import { viewOf } from './bytes.js'
import { unpacked } from './gzip.js'

/** The array of an IDX file, compressed or not.
 *  @example
 *  decodeIdx(Uint8Array.of(0, 0, 8, 2, 0, 0, 0, 1, 0, 0, 0, 3, 7, 8, 9))
 *  // => { _tag: 'Right', right: { data: Uint8Array(3) [ 7, 8, 9 ], shape: [ 1, 3 ] } }
 *  decodeIdx(Uint8Array.of(0, 0, 8, 1, 0, 0, 0, 3, 7, 8))
 *  // => { _tag: 'Left', left: { code: 'truncated', message:
 *  //     'decodeIdx: shape [3] ends at byte 11, the file has 10. (at byte 10)', offset: 10 } } */
export const decodeIdx = (file: Uint8Array): Either<DataError, NdArray> => {
  const content = unpacked(caller, file)
  if (isLeft(content)) return content
  const bytes = content.right
  if (bytes.length < 4)
    return refuse('truncated', `${caller}: 4 bytes of header are expected, the file has ${bytes.length}.`, bytes.length)
  if (bytes[0] !== 0 || bytes[1] !== 0)
    return refuse('badHeader', `${caller}: an IDX file begins with 0 0, this one with ${bytes[0]} ${bytes[1]}.`, 0)
  const [type, rank] = [types[bytes[2]!], bytes[3]!]
  if (type === undefined)
    return refuse('unsupportedType', `${caller}: elements of type ${bytes[2]}; 8, 9, 11, 12, 13 and 14 are read.`, 2)
  const start = 4 + 4 * rank
  if (bytes.length < start)
    return refuse(
      'truncated',
      `${caller}: ${rank} sizes end at byte ${start}, the file has ${bytes.length}.`,
      bytes.length,
    )
  const view = viewOf(bytes)
  const shape = Array.from({ length: rank }, (_, axis) => view.getUint32(4 + 4 * axis))
  const count = countOf(shape)
  const end = start + (count ?? 0) * type.width
  if (count === undefined || !Number.isSafeInteger(end))
    return refuse('badShape', `${caller}: no file has the elements of shape [${shape.join(', ')}].`, 4)
  const announced = `${caller}: shape [${shape.join(', ')}] ends at byte ${end}, the file has ${bytes.length}.`
  if (bytes.length < end) return refuse('truncated', announced, bytes.length)
  if (bytes.length > end) return refuse('trailingBytes', announced, end)
  return right({ data: type.read(bytes.subarray(start), count), shape })
}

const caller = 'decodeIdx'

interface Type {
  readonly width: number
  readonly read: (bytes: Uint8Array, count: number) => Elements
}

const each =
  <T extends Elements>(make: (count: number) => T, element: (view: DataView, i: number) => number) =>
  (bytes: Uint8Array, count: number): T => {
    const [data, view] = [make(count), viewOf(bytes)]
    for (let i = 0; i < count; i++) data[i] = element(view, i)
    return data
  }

const types: Readonly<Record<number, Type>> = {
  8: { width: 1, read: (bytes) => bytes },
  9: { width: 1, read: (bytes) => new Int8Array(bytes.buffer, bytes.byteOffset, bytes.length) },
  11: { width: 2, read: each((n) => new Int16Array(n), (view, i) => view.getInt16(2 * i)) },
  12: { width: 4, read: each((n) => new Int32Array(n), (view, i) => view.getInt32(4 * i)) },
  13: { width: 4, read: each((n) => new Float32Array(n), (view, i) => view.getFloat32(4 * i)) },
  14: { width: 8, read: each((n) => new Float64Array(n), (view, i) => view.getFloat64(8 * i)) },
} // biome-ignore format: a table
